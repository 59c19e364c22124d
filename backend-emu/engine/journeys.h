/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ENGINE_JOURNEYS_H
#define CONNTRAIL_ENGINE_JOURNEYS_H

/* TCP connections from their clients, through all proxies that continue them, to their
 * destinations, as the kept events show. */

#include "engine.h"

typedef struct conntrail__journey {
  conntrail__address destination;
  uint32_t began;     /* the client's socket */
  bool is_delivered;  /* it reached its destination */
  bool is_repetition; /* an earlier one was not delivered to the same destination either */
} conntrail__journey;

typedef struct conntrail__journeys {
  conntrail__journey *all; /* from 1 */
  size_t count;
  uint32_t *of; /* of a socket, by its number; 0: none */
  uint32_t most;
} conntrail__journeys;

/* False: no memory. Either way conntrail__journeys_free() follows. */
bool conntrail__journeys_read(const conntrail_emu *emu, conntrail__journeys *journeys);
void conntrail__journeys_free(conntrail__journeys *journeys);

/* The next one above `after` (0: the first) whose destination was never reached, and is not that of
 * an earlier one; 0: there is none. */
size_t conntrail__journeys_unreached(const conntrail__journeys *journeys, size_t after);
/* How many were never delivered to a destination. */
uint64_t conntrail__journeys_lost(const conntrail__journeys *journeys,
                                  const conntrail__address *destination);
/* How often those entered the proxy of a service. */
uint64_t conntrail__journeys_entered(const conntrail_emu *emu, const conntrail__journeys *journeys,
                                     const conntrail__address *destination,
                                     const conntrail_emu_service *service);

#endif
