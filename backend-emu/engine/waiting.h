/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ENGINE_WAITING_H
#define CONNTRAIL_ENGINE_WAITING_H

/* Accepted connections that were not transferred yet. */

#include "engine.h"

typedef struct conntrail__flow conntrail__flow;

typedef struct conntrail__waiting_key {
  conntrail__address destination;
  uint32_t is_datagram;
} conntrail__waiting_key;

/* Accepted connections to one destination that were not transferred yet. */
typedef struct conntrail__waiting {
  conntrail__waiting_key key;
  conntrail__flow *newest;
  uint32_t count;
  uint32_t entered; /* since a connection to the destination was delivered */
  struct conntrail__waiting *previous;
  struct conntrail__waiting *next;
} conntrail__waiting;

/* Room for a group, which the flow owns until it is needed. False: no memory. */
bool conntrail__waiting_reserve(conntrail__flow *flow);
/* The flow has room. */
void conntrail__waiting_add(conntrail_emu *emu, conntrail__flow *flow);
void conntrail__waiting_remove(conntrail_emu *emu, conntrail__flow *flow);
/* The newest accepted, not transferred connection to remote that this socket may continue. */
conntrail__flow *conntrail__waiting_parent(const conntrail_emu *emu,
                                           const conntrail__socket *socket,
                                           const conntrail__address *remote, uint64_t actor);
uint32_t conntrail__waiting_count(const conntrail_emu *emu, const conntrail__socket *socket,
                                  const conntrail__address *remote);
/* How many connections to remote this socket's process accepted from a service and has
 * open, since one was delivered there, or a program that leads to it by as many connections as
 * `most`; no more than `most` are counted. */
uint32_t conntrail__waiting_entries(const conntrail_emu *emu, const conntrail__socket *socket,
                                    const conntrail__address *remote,
                                    const conntrail_emu_service *service, uint32_t most);
/* A connection to remote was delivered. */
void conntrail__waiting_delivered(const conntrail_emu *emu, const conntrail__address *remote,
                                  bool is_datagram);

#endif
