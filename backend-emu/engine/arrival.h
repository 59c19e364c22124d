/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ENGINE_ARRIVAL_H
#define CONNTRAIL_ENGINE_ARRIVAL_H

/* Redirected connections that no accept has taken yet. */

#include "engine.h"

typedef struct conntrail__flow conntrail__flow;

/* A redirected connection that no accept has claimed yet, by what accept will see of it. */
typedef struct conntrail__arrival_key {
  conntrail__address client;
  uint32_t proxy_port;
} conntrail__arrival_key;

/* Made with its flow, because an established connection cannot fail for lack of memory. */
typedef struct conntrail__arrival {
  conntrail__arrival_key key;
  conntrail__flow *flow; /* NULL: not expected yet */
  struct conntrail__arrival *previous;
  struct conntrail__arrival *next;
} conntrail__arrival;

/* The flow, which has an arrival, waits for an accept from this client. */
void conntrail__arrival_expect(conntrail_emu *emu, conntrail__flow *flow,
                               const conntrail__address *client);
void conntrail__arrival_forget(conntrail_emu *emu, conntrail__arrival *arrival);
void conntrail__arrival_clear(conntrail_emu *emu);

#endif
