/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_EMU_TRAIL_H
#define CONNTRAIL_EMU_TRAIL_H

/**
 * @file
 * The trail: every event of an emulation, in order. conntrail/emu.h includes this file;
 * docs/how-to/read-a-trail.md explains the events.
 *
 * Threads. Every call may be made from any thread while the emulation exists. Blocking: no call
 * waits for anything but the emulation's own lock. Errors: as in conntrail/emu.h. All since 0.1.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conntrail/emu_profile.h"
#include "conntrail/platform.h"
#include "conntrail/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A redirect service: see conntrail_emu_add_service(). */
typedef struct conntrail_emu_service conntrail_emu_service;

/** What happened (E5). Appended to, never renumbered: X(name, number, word in the text). */
#define CONNTRAIL_EMU_EVENT_MAP(X)                                                                 \
  X(CONNECTING, 1, "connecting")    /* a socket asked for a destination */                         \
  X(REDIRECTED, 2, "redirected")    /* a service sent it to its proxy */                           \
  X(PERMITTED, 3, "permitted")      /* a service's filter matched, and permitted it */             \
  X(EXEMPTED, 4, "exempted")        /* a service permits its process or user */                    \
  X(BLOCKED, 5, "blocked")          /* a service refused it */                                     \
  X(DELIVERED, 6, "delivered")      /* it reached its destination */                               \
  X(REFUSED, 7, "refused")          /* no route, and the real network is not allowed */            \
  X(FAILED, 8, "failed")            /* its target did not answer */                                \
  X(ACCEPTED, 9, "accepted")        /* a proxy accepted a redirected connection, or received the   \
                                       first datagram of a redirected flow */                      \
  X(RECORD_LOST, 10, "record lost") /* ... but its record is gone (R9) */                          \
  X(RECORDS_QUERIED, 11, "records queried")                                                        \
  X(CONTEXT_QUERIED, 12, "context queried")                                                        \
  X(DESTINATION_QUERIED, 13, "original destination queried")                                       \
  X(RECORDS_SET, 14, "records set")                                                                \
  X(CLOSED, 15, "closed")                     /* an accepted, redirected socket */                 \
  X(LOOP, 16, "loop")                         /* it would return to a proxy: refused (R7) */       \
  X(FAULT, 17, "fault")                       /* a fault of the test affected it */                \
  X(MISUSE, 18, "misuse")                     /* a mistake that Windows reports late or never */   \
  X(RECORDS_RECEIVED, 19, "records received") /* with the first datagram of a flow */              \
  X(IDLE, 20, "idle")                         /* a redirected UDP flow ended by its time-out */    \
  X(CONTEXT_RECEIVED, 21, "context received") /* ... which came without its records */             \
  X(ASSUMED, 22, "assumed") /* the profile lacks this answer: its base gave it */                  \
  X(DROPPED, 23, "dropped") /* a connected, redirected UDP socket: its datagrams                   \
                               go nowhere */                                                       \
  X(HINT, 24, "hint")       /* no mistake now; one where a second service is installed (X4) */

/** What happened: the kinds of CONNTRAIL_EMU_EVENT_MAP. */
typedef enum conntrail_emu_event_kind {
#define CONNTRAIL_EMU_EVENT_CONSTANT(name, number, word) CONNTRAIL_EMU_##name = (number),
  CONNTRAIL_EMU_EVENT_MAP(CONNTRAIL_EMU_EVENT_CONSTANT)
#undef CONNTRAIL_EMU_EVENT_CONSTANT
} conntrail_emu_event_kind;

/** Misuse by name: X(name, number, what was done and the cure). */
#define CONNTRAIL_EMU_MISUSE_MAP(X)                                                                \
  X(LISTENER_QUERIED, 1, "records asked of the listening socket; ask the accepted one")            \
  X(SET_AFTER_CONNECT, 2,                                                                          \
    "records set after connect: too late, the redirect was already decided; set them on the "      \
    "fresh socket")                                                                                \
  X(SET_AFTER_BIND, 3, "records set after bind; set them right after socket()")                    \
  X(NOT_TRANSFERRED, 4,                                                                            \
    "accepted connection closed and its records never transferred, although a connection to the "  \
    "same destination was made; call conntrail_transfer_records before connect")                   \
  X(LAYOUT_DID_NOT_FIT, 5,                                                                         \
    "context read with a layout that does not fit; use a decoder for this redirect service")       \
  X(BUFFER_ASSUMED, 6,                                                                             \
    "buffer assumed to hold any blob: the answer was \"too small\" and there was no second call; " \
    "call again with the size that was given")                                                     \
  X(OUTSIDE, 7,                                                                                    \
    "the socket was created before the emulation, or created or connected by a call that is not "  \
    "watched (io_uring, a raw system call); create it after conntrail_emu_create, and connect it " \
    "by connect()")                                                                                \
  X(NOBODY_LISTENS, 8,                                                                             \
    "redirected to a proxy address without a listener; start the proxy before the client, check "  \
    "whether it has ended, and compare its address with the service's target")                     \
  X(MESSAGES_NOT_ENABLED, 9,                                                                       \
    "first datagram of a redirected flow received on a socket without messages enabled: its "      \
    "records are lost; call conntrail_enable_messages right after socket() or bind()")             \
  X(RECORDS_NOT_RECEIVED, 10,                                                                      \
    "first datagram of a redirected flow received by a call that has no place for its records: "   \
    "they are lost; receive with conntrail_recvmsg")                                               \
  X(CONTROL_TOO_SMALL, 11,                                                                         \
    "no room for the records or the context of a flow: they are lost; offer as much as the size "  \
    "says")                                                                                        \
  X(RECORDS_SENT_LATE, 12,                                                                         \
    "records sent with a later datagram: the decision fell at the first, or at connect; send "     \
    "them with the first datagram")                                                                \
  X(NOT_UPDATED, 13,                                                                               \
    "getpeername or shutdown of a socket that ConnectEx or AcceptEx connected, before "            \
    "SO_UPDATE_CONNECT_CONTEXT or SO_UPDATE_ACCEPT_CONTEXT was set: Windows says that it is not "  \
    "connected; set the option first")

/** Misuse by name: CONNTRAIL_EMU_MISUSE_MAP. */
typedef enum conntrail_emu_misuse {
  CONNTRAIL_EMU_NO_MISUSE = 0,
#define CONNTRAIL_EMU_MISUSE_CONSTANT(name, number, text) CONNTRAIL_EMU_MISUSE_##name = (number),
  CONNTRAIL_EMU_MISUSE_MAP(CONNTRAIL_EMU_MISUSE_CONSTANT)
#undef CONNTRAIL_EMU_MISUSE_CONSTANT
} conntrail_emu_misuse;

/** The redirect state of a connection for one service, with the numbers of the WDK (R1). */
typedef enum conntrail_emu_state {
  CONNTRAIL_EMU_NOT_REDIRECTED = 0,
  CONNTRAIL_EMU_REDIRECTED_BY_SELF = 1,
  CONNTRAIL_EMU_REDIRECTED_BY_OTHER = 2,
  CONNTRAIL_EMU_PREVIOUSLY_REDIRECTED_BY_SELF = 3
} conntrail_emu_state;

/** One event. Unused fields are 0, NULL or of family 0. */
typedef struct conntrail_emu_event {
  size_t struct_size;                   /**< in: sizeof(conntrail_emu_event) */
  uint64_t number;                      /**< 1 for the first event of the emulation */
  conntrail_emu_event_kind kind;        /**< what happened */
  conntrail_emu_misuse misuse;          /**< MISUSE: which one */
  conntrail_emu_state state;            /**< if a service decided: the state that it saw;
                                             FAULT: a conntrail_emu_operation; REFUSED: 1 for
                                             WSAConnectByName and its like, 2 for RIO;
                                             ASSUMED: a conntrail_emu_situation */
  const conntrail_emu_service *service; /**< who decided, or whose connection it is */
  const conntrail_emu_service
      *untransferred_by; /**< LOOP: whose proxy did not transfer the records */
  uint32_t process;      /**< whose socket it is */
  uint32_t socket;   /**< sockets are numbered from 1 in the order in which they first appear: in a
                          decision, or as an argument of emu.h */
  uint32_t from;     /**< ACCEPTED: the client's socket. RECORDS_SET: the socket that the records
                          were queried from. LOOP: the accepted socket whose records were
                          not transferred. ASSUMED: the conntrail_emu_profile that answered */
  uint32_t hops;     /**< redirects in the records that the socket carries, or that it set */
  uint32_t native;   /**< the Winsock number of an answer */
  uint32_t size;     /**< bytes of records or context; bytes needed if it was too small */
  uint32_t capacity; /**< bytes that the caller offered */
  struct sockaddr_storage destination; /**< where the client wanted to go */
  struct sockaddr_storage target;      /**< where it was really sent */
  uint32_t protocol;                   /**< of the socket: 6 is TCP, 17 is UDP; 0 without one */
} conntrail_emu_event;

/** The name of a service, valid as long as its emulation. "" for NULL. */
CONNTRAIL_API const char *conntrail_emu_service_name(const conntrail_emu_service *service);

/** The word for a kind of event; "?" for other values. */
CONNTRAIL_API const char *conntrail_emu_event_word(conntrail_emu_event_kind kind);

/** What a misuse was and its cure; "?" for other values. */
CONNTRAIL_API const char *conntrail_emu_misuse_text(conntrail_emu_misuse misuse);

/** How many events of a kind there were, including those that are no longer kept. */
CONNTRAIL_API uint64_t conntrail_emu_count(const conntrail_emu *emu, conntrail_emu_event_kind kind);

/** How often a misuse was noticed. */
CONNTRAIL_API uint64_t conntrail_emu_misuse_count(const conntrail_emu *emu,
                                                  conntrail_emu_misuse misuse);

/**
 * The first kept event whose number is above `after`; 0 begins at the oldest.
 *
 * @param emu    the emulation
 * @param after  a number of an event, or 0
 * @param event  in/out: struct_size set by the caller, the rest written if true is returned
 * @return whether there was one
 */
CONNTRAIL_API bool conntrail_emu_next_event(const conntrail_emu *emu, uint64_t after,
                                            conntrail_emu_event *event);

/** How conntrail_emu_trail_text() writes. Combined by or. */
#define CONNTRAIL_EMU_TEXT_PLAIN 0u
#define CONNTRAIL_EMU_TEXT_NORMALISED 1u /**< process ids and ephemeral ports by name (E2) */
#define CONNTRAIL_EMU_TEXT_COLOUR 2u     /**< with ANSI colours, for a terminal */

/**
 * The kept trail as text, a line an event, for people.
 *
 * @param emu       the emulation
 * @param flags     CONNTRAIL_EMU_TEXT_ flags
 * @param text      out: always ended with NUL if capacity is above 0. May be NULL if it is 0
 * @param capacity  bytes that text holds
 * @return bytes of the whole text without its NUL, as snprintf counts.
 */
CONNTRAIL_API size_t conntrail_emu_trail_text(const conntrail_emu *emu, unsigned flags, char *text,
                                              size_t capacity);

/**
 * What the emulation sees of a socket (R1): its number, and the redirect state of what it
 * carries for a service. Both may be NULL. INVALID if the socket does not belong to this emulation.
 */
CONNTRAIL_API conntrail_status conntrail_emu_inspect(conntrail_emu *emu, conntrail_socket socket,
                                                     const conntrail_emu_service *service,
                                                     uint32_t *number, conntrail_emu_state *state);

#ifdef __cplusplus
}
#endif

#endif
