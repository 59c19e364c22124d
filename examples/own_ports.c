/* SPDX-License-Identifier: MIT */
#include "own_ports.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <event2/util.h>

#include "system.h"

enum { PORTS = 65536, FAMILIES = 2 };

struct own_ports {
  atomic_ushort sockets[FAMILIES * PORTS]; /* that have this port; IPv4, then IPv6 */
};

own_ports *own_ports_new(void) {
  return calloc(1, sizeof(own_ports));
}

void own_ports_free(own_ports *all) {
  free(all);
}

static int place_of_ipv6(const struct sockaddr_in6 *address) {
  const bool is_mapped = IN6_IS_ADDR_V4MAPPED(&address->sin6_addr) != 0;
  return ntohs(address->sin6_port) + (is_mapped ? 0 : PORTS);
}

static int place_of(const struct sockaddr_storage *address) {
  return address->ss_family == AF_INET6 ? place_of_ipv6((const struct sockaddr_in6 *)address)
                                        : ntohs(((const struct sockaddr_in *)address)->sin_port);
}

int own_ports_add(own_ports *all, conntrail_socket outgoing) {
  struct sockaddr_storage name;
  ev_socklen_t size = sizeof name;
  memset(&name, 0, sizeof name);
  if (getsockname(outgoing, (struct sockaddr *)&name, &size) != 0) {
    return OWN_PORTS_NONE;
  }
  const int place = place_of(&name);
  if (place % PORTS == 0) {
    return OWN_PORTS_NONE;
  }
  atomic_fetch_add(&all->sockets[place], 1);
  return place;
}

void own_ports_remove(own_ports *all, int added) {
  if (added != OWN_PORTS_NONE) {
    atomic_fetch_sub(&all->sockets[added], 1);
  }
}

/* A client on another host may have the same port as a socket of this proxy. */
bool own_ports_has(own_ports *all, const struct sockaddr_storage *client) {
  return atomic_load(&all->sockets[place_of(client)]) != 0 && system_has_address(client);
}
