/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ADDRESS_LINUX_H
#define CONNTRAIL_ADDRESS_LINUX_H

/* IPv4 and IPv6 addresses with their ports, as Linux' sockets and connection tracking name them. */

#include <stdbool.h>
#include <stdint.h>

#include "conntrail/platform.h"

/* ::ffff:a.b.c.d becomes a.b.c.d: connection tracking knows no mapped addresses. */
void conntrail__linux_unmap(struct sockaddr_storage *address);

/* Bytes of the structure of its family, which is AF_INET or AF_INET6. */
socklen_t conntrail__linux_size(const struct sockaddr_storage *address);

/* In network order. */
uint16_t conntrail__linux_port(const struct sockaddr_storage *address);
void conntrail__linux_set_port(struct sockaddr_storage *address, uint16_t port);

/* The interface of a link-local address of IPv6; 0 for all others. */
uint32_t conntrail__linux_interface(const struct sockaddr_storage *address);

/* The same address and port. The interface of a link-local address is not compared: one that is
 * missing in a single place must not make the proxy's own address look like another one. */
bool conntrail__linux_same(const struct sockaddr_storage *one,
                           const struct sockaddr_storage *other);

/* Where a socket is bound, unmapped. Answers 0, the Winsock number, or 10022 for a socket that is
 * neither IPv4 nor IPv6; name is then undefined. */
uint32_t conntrail__linux_name(conntrail_socket socket, struct sockaddr_storage *name);

/* Whether it is an address of this host. Answers 0, or the Winsock number where it could not be
 * found out. */
uint32_t conntrail__linux_is_own(const struct sockaddr_storage *address, bool *is_own);

#endif
