/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_KERNEL_RULES_H
#define CONNTRAIL_TESTS_KERNEL_RULES_H

/* Rules of the proxy's host, as the documents have them. Sockets with this mark are exempt. */
#define EXEMPT_MARK 0x434e

/* TCP and UDP to everywhere but this host itself, of other hosts' clients and this host's own. */
void redirect_to(int listener);

/* "tcp" or "udp" to this port, at this host as well, of other hosts' clients alone. */
void redirect_port_to(const char *protocol, unsigned port, int listener);

/* As redirect_to(), by TPROXY; and port 80 of this host. */
void tproxy_to(int listener);

/* Connection tracking is on, and translates nothing. */
void track_only(void);

#endif
