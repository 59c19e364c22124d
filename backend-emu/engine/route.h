/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ENGINE_ROUTE_H
#define CONNTRAIL_ENGINE_ROUTE_H

/* Destinations that stand for a real address. */

#include "engine.h"
#include "hash.h"

typedef struct conntrail__route {
  conntrail__address destination;
  conntrail__address address;
  UT_hash_handle hh;
} conntrail__route;

const conntrail__address *conntrail__route_find(const conntrail_emu *emu,
                                                const conntrail__address *destination);
/* The name server that stands for this destination; NULL: none. */
const conntrail__address *conntrail__route_name_server(const conntrail_emu *emu,
                                                       const conntrail__address *destination);
void conntrail__route_clear(conntrail_emu *emu);

#endif
