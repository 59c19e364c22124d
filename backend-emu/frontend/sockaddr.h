/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SOCKADDR_H
#define CONNTRAIL_SOCKADDR_H

/* Between the system's socket addresses and the engine's. The same code on every system. */

#include "../engine/engine.h"

/* False where sockaddr is not an IPv4 or IPv6 address of that length. Mapped addresses become
 * IPv4. size is in bytes. */
bool conntrail__address_from_sockaddr(const struct sockaddr *sockaddr, size_t size,
                                      conntrail__address *address);

/* Writes the address in its own family; returns its size in bytes, 0 for no address. */
size_t conntrail__address_to_sockaddr(const conntrail__address *address,
                                      struct sockaddr_storage *storage);

/* The same for a socket of that family (AF_INET, AF_INET6): an IPv4 address is mapped for an
 * IPv6 socket. 0 where it cannot be: an IPv6 address for an IPv4 socket. */
size_t conntrail__address_to_family(const conntrail__address *address, int family,
                                    struct sockaddr_storage *storage);

/* The sender of a datagram as the program sees it: a client sees the destination that it asked for,
 * as on Windows. storage has the system's own answer, of size bytes. */
size_t conntrail__sender_to_family(const conntrail__received *arrived, int family,
                                   struct sockaddr_storage *storage, size_t size);

/* Of an address that a program of Linux gave, for a socket of that family. connect() takes RFC
 * 2133's sockaddr_in6, which had no scope; sending takes AF_UNSPEC for AF_INET. False: not an
 * address, or of the other family. size: at most that of storage. */
bool conntrail__address_to_connect(const struct sockaddr_storage *storage, size_t size, int family,
                                   conntrail__address *address);
bool conntrail__address_to_send(struct sockaddr_storage *storage, size_t size, int family,
                                conntrail__address *address);

#endif
