/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_EMU_REPORT_H
#define CONNTRAIL_EMU_REPORT_H

/**
 * @file
 * What became of the connections of an emulation: the counts by which `conntrail-emu run` decides
 * whether a run failed, and the summary that it prints. conntrail/emu.h includes this file.
 *
 *     conntrail_emu_summary summary = CONNTRAIL_EMU_SUMMARY_INIT;
 *     assert(conntrail_emu_summarise(emu, &summary) == CONNTRAIL_OK);
 *     assert(summary.connections == 3 && summary.undelivered == 0 && summary.loops == 0);
 *     assert(conntrail_emu_service_count(acme, CONNTRAIL_EMU_REDIRECTED) == 3);
 *
 * A connection here is one TCP connection from its client, through all proxies that continue it
 * with its records, to its destination. A proxy that connects without the records begins a new
 * one. UDP flows are in the counts of events (conntrail_emu_count()), and in no connection.
 *
 * Threads. Every call may be made from any thread while the emulation exists. Blocking: no call
 * waits for anything but the emulation's own lock; those that follow connections read every kept
 * event. Errors: as in conntrail/emu.h. Clauses are those of docs/reference/behaviour.md. All
 * since 0.1.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conntrail/emu_profile.h"
#include "conntrail/emu_trail.h"
#include "conntrail/platform.h"
#include "conntrail/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The counts of an emulation. Start from CONNTRAIL_EMU_SUMMARY_INIT. */
typedef struct conntrail_emu_summary {
  size_t struct_size;   /**< in: sizeof(conntrail_emu_summary) */
  uint64_t connections; /**< TCP connections that clients began */
  uint64_t delivered;   /**< ... of which so many reached their destination */
  uint64_t undelivered; /**< ... and so many did not */
  uint64_t loops;       /**< events LOOP, of TCP and UDP (R7) */
  uint64_t misuses;     /**< events MISUSE, of every kind */
  uint64_t refused;     /**< events REFUSED: no route, or a call that would go past the emulation */
  uint64_t escapes;     /**< sockets that were created or connected unseen: misuse OUTSIDE (E3).
                             conntrail-emu adds what its supervisor could not supervise */
  uint64_t lost_events; /**< events that are no longer kept. If it is not 0, the first three members
                             are only of the events that are: give a larger trail_capacity */
} conntrail_emu_summary;

/* clang-format 14 and 19 lay this out in two ways. */
/* clang-format off */
/** The value to start a conntrail_emu_summary from. */
#define CONNTRAIL_EMU_SUMMARY_INIT                                                                 \
  { sizeof(conntrail_emu_summary), 0, 0, 0, 0, 0, 0, 0, 0 }
/* clang-format on */

/**
 * Counts what became of all connections so far.
 *
 * @param emu      the emulation
 * @param summary  in/out: struct_size set by the caller, the rest written if OK is returned, and
 *                 else left as it is
 * @retval CONNTRAIL_OK
 * @retval CONNTRAIL_FAULT      emu or summary is NULL
 * @retval CONNTRAIL_INVALID    struct_size is too small for the first count
 * @retval CONNTRAIL_NO_MEMORY
 */
CONNTRAIL_API conntrail_status conntrail_emu_summarise(const conntrail_emu *emu,
                                                       conntrail_emu_summary *summary);

/**
 * How many events of a kind are of this service, including those that are no longer kept: how
 * often it redirected (REDIRECTED), permitted, exempted, blocked, refused a loop (LOOP), how many
 * of its connections were accepted, or misused (MISUSE). 0 for NULL.
 */
CONNTRAIL_API uint64_t conntrail_emu_service_count(const conntrail_emu_service *service,
                                                   conntrail_emu_event_kind kind);

/** A destination to which connections were never delivered. Start from
 * CONNTRAIL_EMU_UNREACHED_INIT. */
typedef struct conntrail_emu_unreached {
  size_t struct_size;                  /**< in: sizeof(conntrail_emu_unreached) */
  uint64_t connections;                /**< so many were never delivered there; at least 1 */
  struct sockaddr_storage destination; /**< where their clients wanted to go */
} conntrail_emu_unreached;

/* clang-format off */
/** The value to start a conntrail_emu_unreached from. */
#define CONNTRAIL_EMU_UNREACHED_INIT { sizeof(conntrail_emu_unreached), 0, { 0 } }
/* clang-format on */

/**
 * The index-th destination that connections never reached, in the order of their first connection.
 * It is called with 0, 1, 2 and so on:
 *
 *     conntrail_emu_unreached unreached = CONNTRAIL_EMU_UNREACHED_INIT;
 *     for (size_t i = 0; conntrail_emu_unreached_destination(emu, i, &unreached); i++) ...
 *
 * @param emu        the emulation
 * @param index      from 0
 * @param unreached  in/out: struct_size set by the caller, the rest written if true is returned,
 * and else left as it is
 * @return whether there are so many. Also false where conntrail_emu_refusal() says why: NULL, a
 *         struct_size that is another version's, no memory
 */
CONNTRAIL_API bool conntrail_emu_unreached_destination(const conntrail_emu *emu, size_t index,
                                                       conntrail_emu_unreached *unreached);

/**
 * How often connections that never reached a destination entered a service's proxy. More often than
 * there were connections means that one came back to it.
 *
 * @param emu          the emulation
 * @param destination  in: IPv4 or IPv6, with its port, as the clients asked for it
 * @param service      of this emulation
 * @return the count, of the events that are kept. 0 also where conntrail_emu_refusal() says why:
 *         NULL, another address family, no memory
 */
CONNTRAIL_API uint64_t conntrail_emu_entered(const conntrail_emu *emu,
                                             const struct sockaddr *destination,
                                             const conntrail_emu_service *service);

/**
 * All of this as text, for people: how many connections there were, what each service decided, what
 * was never delivered and into which proxies it went, each misuse with its cure. Its wording is no
 * interface. No event, no text.
 *
 * @param emu       the emulation
 * @param text      out: always ended with NUL if capacity is above 0. May be NULL if it is 0
 * @param capacity  bytes that text holds
 * @return bytes of the whole text without its NUL, as snprintf counts. 0 also where
 *         conntrail_emu_refusal() says why: NULL, no memory
 */
CONNTRAIL_API size_t conntrail_emu_summary_text(const conntrail_emu *emu, char *text,
                                                size_t capacity);

#ifdef __cplusplus
}
#endif

#endif
