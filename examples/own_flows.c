/* SPDX-License-Identifier: MIT */
#include "own_flows.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <event2/util.h>

#include "system.h"

/* A flow is in one of SLOTS_TRIED slots, beginning at the one of its hash. There are twice as many
 * slots as ports, so that one of these is free. */
enum { SLOTS = 2 * 65536, SLOTS_TRIED = 32 };

struct own_flows {
  atomic_uint_least64_t slots[SLOTS]; /* the hash of a flow; 0: free */
};

own_flows *own_flows_new(void) {
  return calloc(1, sizeof(own_flows));
}

void own_flows_free(own_flows *all) {
  free(all);
}

static uint16_t port_of(const struct sockaddr_storage *address) {
  return ntohs(address->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)address)->sin6_port
                                              : ((const struct sockaddr_in *)address)->sin_port);
}

/* FNV-1a, of bytes or of a port. */
static uint64_t hash_number(uint64_t hash, unsigned number) {
  return (hash ^ number) * UINT64_C(0x100000001b3);
}

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t count) {
  const unsigned char *byte = bytes;
  for (size_t i = 0; i < count; i++) {
    hash = hash_number(hash, byte[i]);
  }
  return hash;
}

/* An IPv4 address as its four bytes, from an IPv6 socket as well. */
static uint64_t hash_address(uint64_t hash, const struct sockaddr_storage *address) {
  const struct in6_addr *six = &((const struct sockaddr_in6 *)address)->sin6_addr;
  if (address->ss_family != AF_INET6) {
    return hash_bytes(hash, &((const struct sockaddr_in *)address)->sin_addr, 4);
  }
  return IN6_IS_ADDR_V4MAPPED(six) ? hash_bytes(hash, &six->s6_addr[12], 4)
                                   : hash_bytes(hash, six, sizeof *six);
}

static uint64_t hash_flow(uint16_t from, const struct sockaddr_storage *to) {
  const uint64_t from_port = hash_number(UINT64_C(0xcbf29ce484222325), from);
  const uint64_t hash = hash_address(hash_number(from_port, port_of(to)), to);
  return hash != 0 ? hash : 1;
}

static int slot_of(uint64_t hash, int nth) {
  return (int)((hash + (uint64_t)nth) % SLOTS);
}

int own_flows_add(own_flows *all, conntrail_socket outgoing,
                  const struct sockaddr_storage *destination) {
  struct sockaddr_storage name;
  ev_socklen_t size = sizeof name;
  memset(&name, 0, sizeof name);
  if (getsockname(outgoing, (struct sockaddr *)&name, &size) != 0 || port_of(&name) == 0) {
    return OWN_FLOWS_NONE;
  }
  const uint64_t hash = hash_flow(port_of(&name), destination);
  for (int i = 0; i < SLOTS_TRIED; i++) {
    uint_least64_t is_free = 0;
    if (atomic_compare_exchange_strong(&all->slots[slot_of(hash, i)], &is_free, hash)) {
      return slot_of(hash, i);
    }
  }
  return OWN_FLOWS_NONE;
}

void own_flows_remove(own_flows *all, int added) {
  if (added != OWN_FLOWS_NONE) {
    atomic_store(&all->slots[added], 0);
  }
}

/* A client on another host may have the same port and destination as a socket of this proxy. */
bool own_flows_has(own_flows *all, const struct sockaddr_storage *client,
                   const struct sockaddr_storage *destination) {
  const uint64_t hash = hash_flow(port_of(client), destination);
  for (int i = 0; i < SLOTS_TRIED; i++) {
    if (atomic_load(&all->slots[slot_of(hash, i)]) == hash) {
      return system_has_address(client);
    }
  }
  return false;
}
