/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ADDRESS_LINUX_H
#define CONNTRAIL_ADDRESS_LINUX_H

/* IPv4 and IPv6 addresses with their ports, as Linux' sockets and connection tracking name them. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conntrail/platform.h"

/* A tenth of the work of a sockaddr_storage. Family and port have one place in both. */
typedef union conntrail__linux_address {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
} conntrail__linux_address;

_Static_assert(offsetof(struct sockaddr_in, sin_port) == offsetof(struct sockaddr_in6, sin6_port),
               "v4.sin_port is the port of both");

/* ::ffff:a.b.c.d becomes a.b.c.d: connection tracking knows no mapped addresses. */
void conntrail__linux_unmap(conntrail__linux_address *address);

/* Unmapped. The family may be another one than IPv4 and IPv6. */
conntrail__linux_address conntrail__linux_address_of(const struct sockaddr_storage *storage);
void conntrail__linux_store(const conntrail__linux_address *address,
                            struct sockaddr_storage *storage);

static inline bool conntrail__linux_is_internet(const conntrail__linux_address *address) {
  return address->any.sa_family == AF_INET || address->any.sa_family == AF_INET6;
}

/* Bytes of the structure of its family. */
static inline socklen_t conntrail__linux_size(const conntrail__linux_address *address) {
  return address->any.sa_family == AF_INET ? sizeof address->v4 : sizeof address->v6;
}

/* The interface of a link-local address of IPv6; 0 for all others. */
uint32_t conntrail__linux_interface(const conntrail__linux_address *address);

/* The same address and port. The interface of a link-local address is not compared: one that is
 * missing in a single place must not make the proxy's own address look like another one. */
static inline bool conntrail__linux_same(const conntrail__linux_address *one,
                                         const conntrail__linux_address *other) {
  if (one->any.sa_family != other->any.sa_family || one->v4.sin_port != other->v4.sin_port) {
    return false;
  }
  return one->any.sa_family == AF_INET
             ? one->v4.sin_addr.s_addr == other->v4.sin_addr.s_addr
             : IN6_ARE_ADDR_EQUAL(&one->v6.sin6_addr, &other->v6.sin6_addr);
}

/* Where a socket is bound, unmapped. Answers 0, the Winsock number, or 10022 for a socket that is
 * neither IPv4 nor IPv6; name is then undefined. */
uint32_t conntrail__linux_name(conntrail_socket socket, conntrail__linux_address *name);

/* Whether it is an address of this host. Answers 0, or the Winsock number where it could not be
 * found out. */
uint32_t conntrail__linux_is_own(const conntrail__linux_address *address, bool *is_own);

#endif
