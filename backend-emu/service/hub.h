/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SERVICE_HUB_H
#define CONNTRAIL_SERVICE_HUB_H

/*
 * The service: one engine, and the processes that share it over a Unix-domain socket. It runs on
 * an event_base, in one thread. Nothing here waits for a process: one that does not read its
 * replies, says something malformed, or does not say who it is within two seconds is sent away.
 */

#include <event2/event.h>

#include "protocol.h"

typedef struct conntrail__hub conntrail__hub;

typedef struct conntrail__hub_counts {
  uint64_t processes; /* that were ever taken in, forked ones included */
  uint64_t requests;
  uint64_t malformed; /* ... and their process sent away */
  uint64_t strangers; /* of another user, beyond the limit, or silent */
} conntrail__hub_counts;

/* Called after each frame that a process sent, and after its end. */
typedef void (*conntrail__hub_changed)(void *arg);

/*
 * Listens at path, which must not exist and gets the rights of its owner only. base and emu stay
 * the caller's and must outlive it. NULL, with why.
 */
conntrail__hub *conntrail__hub_create(struct event_base *base, const char *path, conntrail_emu *emu,
                                      conntrail__hub_changed changed, void *arg,
                                      conntrail__refusal *why);
/* Filters, routes and faults stay as they are from now on: a process may repeat a decision without
 * asking. */
void conntrail__hub_fix(conntrail__hub *hub);
/* The service lets the connections of every process that is called so pass (R8), forked children
 * included. Before the first of them comes. False: no memory, or no process can be called so. */
bool conntrail__hub_exempt(conntrail__hub *hub, conntrail_emu_service *service,
                           const char *program);
/* Sends every process away, and removes the path. */
void conntrail__hub_destroy(conntrail__hub *hub);

const conntrail__hub_counts *conntrail__hub_count(const conntrail__hub *hub);
/* Processes that are connected now. */
uint32_t conntrail__hub_present(const conntrail__hub *hub);

/* Where a program of this name listens for this family, or for any: the newest, as it was told.
 * [::] is there for IPv4 as well, without IPV6_V6ONLY. False: nowhere so far. */
bool conntrail__hub_listens(const conntrail__hub *hub, const char *program, uint8_t family,
                            conntrail__address *address);
/* Whether a process of this name ever came. */
bool conntrail__hub_has_met(const conntrail__hub *hub, const char *program);
/* What the process is called; NULL where nobody said. */
const char *conntrail__hub_program(const conntrail__hub *hub, uint32_t process);
/* The file name of what it runs, where that is not what the program's first process ran; else NULL.
 */
const char *conntrail__hub_command(const conntrail__hub *hub, uint32_t process);

#endif
