/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "emulation.h"
#include "refusal.h"
#include "route.h"

enum { NAME_PORT = 53 };

static conntrail__route *find(const conntrail_emu *emu, const conntrail__address *destination) {
  conntrail__route *route = NULL;
  HASH_FIND(hh, emu->routes, destination, sizeof *destination, route);
  return route;
}

const conntrail__address *conntrail__route_find(const conntrail_emu *emu,
                                                const conntrail__address *destination) {
  const conntrail__route *route = find(emu, destination);
  return route == NULL ? NULL : &route->address;
}

void conntrail__route_names(conntrail_emu *emu, const conntrail__address servers[2]) {
  emu->name_servers[0] = servers[0];
  emu->name_servers[1] = servers[1];
}

const conntrail__address *conntrail__route_name_server(const conntrail_emu *emu,
                                                       const conntrail__address *destination) {
  const conntrail__address *server =
      &emu->name_servers[destination->family == CONNTRAIL__IPV6 ? 1 : 0];
  return destination->port == NAME_PORT && server->family != CONNTRAIL__NO_FAMILY ? server : NULL;
}

static conntrail_status add(conntrail_emu *emu, const conntrail__address *destination,
                            const conntrail__address *address, conntrail__refusal *why) {
  conntrail__route *route = calloc(1, sizeof *route);
  if (route != NULL) {
    route->destination = *destination;
    route->address = *address;
    HASH_ADD(hh, emu->routes, destination, sizeof route->destination, route);
  }
  if (route == NULL || route->hh.tbl == NULL) {
    free(route);
    return conntrail__refuse(why, CONNTRAIL_NO_MEMORY, "no memory for a route");
  }
  return CONNTRAIL_OK;
}

conntrail_status conntrail__route_add(conntrail_emu *emu, const char *destination,
                                      const conntrail__address *address, conntrail__refusal *why) {
  conntrail__address from;
  if (!conntrail__address_parse(destination, &from, why)) {
    return destination == NULL ? CONNTRAIL_FAULT : CONNTRAIL_INVALID;
  }
  if (address->family == CONNTRAIL__NO_FAMILY || address->port == 0) {
    return conntrail__refuse(why, CONNTRAIL_INVALID,
                             "the route of %s leads to no IPv4 or IPv6 address with a port: give "
                             "the address where the test serves it, as getsockname() gives it",
                             destination);
  }
  if (from.family == CONNTRAIL__IPV4 && address->family == CONNTRAIL__IPV6) {
    return conntrail__refuse(why, CONNTRAIL_INVALID,
                             "the route of %s leads to an IPv6 address, which an IPv4 socket "
                             "cannot reach: serve it on 127.0.0.1",
                             destination);
  }
  conntrail__route *known = find(emu, &from);
  if (known != NULL) {
    known->address = *address;
    return CONNTRAIL_OK;
  }
  return add(emu, &from, address, why);
}

void conntrail__route_clear(conntrail_emu *emu) {
  conntrail__route *route;
  conntrail__route *next;
  HASH_ITER(hh, emu->routes, route, next) {
    HASH_DEL(emu->routes, route);
    free(route);
  }
}
