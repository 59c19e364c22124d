/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_BENCH_CONNECT_WORLD_H
#define CONNTRAIL_BENCH_CONNECT_WORLD_H

/*
 * What stands around the loop of connections: connect_world_bare.c is linked without conntrail,
 * connect_world_emu.c with it. The loop itself is the same source in both programs.
 */

#include <netinet/in.h>

/* mode: "bare"; or "inactive", "unmatched", "redirected". Called before the listener is made. */
void connect_world_begin(const char *mode);
/* Where the clients are to connect, so that they arrive at the listener. */
struct sockaddr_in connect_world_destination(const char *mode, const struct sockaddr_in *listening);

#endif
