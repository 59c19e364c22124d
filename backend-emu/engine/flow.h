/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ENGINE_FLOW_H
#define CONNTRAIL_ENGINE_FLOW_H

/* What the kernel remembers of one connection attempt. */

#include "engine.h"

typedef struct conntrail__blob conntrail__blob;

struct conntrail__arrival;
struct conntrail__waiting;

/*
 * What the kernel remembers of one connection attempt that it took an interest in. service is
 * NULL for one that went to its route. References: the client's socket, the accepted socket, the
 * arrival; of a UDP flow its conntrail__datagram_flow.
 */
typedef struct conntrail__flow {
  uint64_t id; /* 0 where no record speaks of it */
  conntrail_emu_service *service;
  conntrail__blob *records; /* NULL: redirected to a remote proxy (R4) */
  conntrail__blob *context; /* NULL: by layout, or none */
  conntrail__socket *client;
  uint32_t accepted_number; /* of the accepted socket, or the proxy's; 0: not accepted, or closed */
  uint32_t accepted_process;
  uint32_t accepted_family;
  struct conntrail__arrival *arrival; /* of a redirected stream */
  struct conntrail__waiting *group;
  struct conntrail__waiting *room; /* for a group, before it is in one */
  struct conntrail__flow *older;
  struct conntrail__flow *newer;
  uint64_t asker;    /* the actor that last asked the accepted socket, or accepted it */
  uint64_t ancestry; /* every service that this connection passed, a bit each */
  conntrail__address original;
  conntrail__address original_local;
  conntrail__address target;
  uint32_t references;
  uint32_t records_queried; /* bytes; 0: never */
  uint8_t layout;           /* conntrail_emu_context */
  bool is_datagram;
  bool is_claimed;
  bool is_transferred;
  bool outbound_was_made;
  bool outbound_was_exempt; /* ... and its service, the only one that fitted, exempts it */
} conntrail__flow;

conntrail__flow *conntrail__flow_create(conntrail__socket *client,
                                        const conntrail__address *original,
                                        const conntrail__address *target);
/* What an accept will need, so that it cannot fail. False: no memory. */
bool conntrail__flow_prepare_arrival(conntrail__flow *flow);
void conntrail__flow_release(conntrail_emu *emu, conntrail__flow *flow);
conntrail__flow *conntrail__flow_find(const conntrail_emu *emu, uint64_t id);
/* Gives the flow an id, by which records can speak of it. */
bool conntrail__flow_enroll(conntrail_emu *emu, conntrail__flow *flow);

#endif
