/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_KERNEL_NETWORK_H
#define CONNTRAIL_TESTS_KERNEL_NETWORK_H

/*
 * Two hosts of our own, each a network namespace that ends with the process: the proxy's and a
 * client's, with a cable (veth) between them.
 *
 *   proxy   10.0.1.1, 10.0.1.3, fd00:1::1, fd00:1::3, fe80::1
 *   client  10.0.1.2, fd00:1::2, fe80::2
 *
 * For each, everything else is behind the other one.
 * No setting of the system is touched. Rules are nftables' own text, in the proxy's host.
 */

#include <stdbool.h>

typedef enum network_host { PROXY_HOST, CLIENT_HOST } network_host;

typedef struct network_reason {
  char text[200];
} network_reason;

/* Whether this machine lets us have them. Tried in a process of its own. */
bool network_is_possible(network_reason *why);

/* Both hosts exist, and this process is in the proxy's. Ends the test where it cannot be. */
void network_create(void);

/* Sockets that this process opens now belong to that host. */
void network_enter(network_host host);

/* The number of a host's end of the cable, as in "[fe80::1%2]:80". */
unsigned network_interface(network_host host);

/* nft -f - */
__attribute__((format(printf, 1, 2))) void network_rules(const char *format, ...);

/* ip -batch -, and the same with -6. */
void network_routes(const char *commands);
void network_routes6(const char *commands);

/* A setting of the proxy's network: the path below /proc/sys/net. */
void network_setting(const char *path, const char *value);

/* The proxy's host forgets every flow that it tracks. */
void network_forget_flows(void);

/* From now on this process has no CAP_NET_ADMIN, or none of its rights at all. */
void network_drop_admin(void);
void network_drop_rights(void);

#endif
