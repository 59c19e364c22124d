/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CONNTRACK_LINUX_H
#define CONNTRAIL_CONNTRACK_LINUX_H

/* One flow in the kernel's connection tracking, asked by netlink. */

#include <stddef.h>
#include <stdint.h>

#include "address_linux.h"

/*
 * Where the client of a flow sent it to before the kernel translated it. local and peer are the
 * flow's addresses at the proxy, both of IPv4 or both of IPv6. It needs CAP_NET_ADMIN, looks into
 * the default zone of this thread's network namespace, and never waits.
 *
 * Answers 0 with destination written; CONNTRAIL__ERROR_NOT_FOUND where nothing translated the
 * flow; CONNTRAIL__DESTINATION_UNKNOWN, CONNTRAIL__DESTINATION_ACCESS, or the Winsock number.
 */
uint32_t conntrail__conntrack_original(int protocol, const conntrail__linux_address *local,
                                       const conntrail__linux_address *peer,
                                       conntrail__linux_address *destination);

/* What an answer of the kernel means, of any bytes. peer as above. */
uint32_t conntrail__conntrack_read(const void *answer, size_t size,
                                   const conntrail__linux_address *peer,
                                   conntrail__linux_address *destination);

#endif
