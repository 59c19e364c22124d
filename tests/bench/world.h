/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_BENCH_WORLD_H
#define CONNTRAIL_BENCH_WORLD_H

/* An emulation with one service, which redirects 93.184.216.0/24 port 80 to one listener. */

#include "conntrail/emu.h"
#include "loopback.h"

typedef struct bench_world {
  conntrail_emu *emu;
  int listener;
  struct sockaddr_in proxy;
} bench_world;

bench_world bench_world_begin(void);

/* A redirected connection. Client and proxy share this thread: the client's end acts as another
 * process, or the next one would be taken for the proxy's own (R7). */
bench_pair bench_world_connect(const bench_world *world, const struct sockaddr_in *destination);

/* The n-th destination that the service redirects: 93.184.216.0 to .255. */
struct sockaddr_in bench_world_destination(unsigned n);

#endif
