/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_BENCH_LOOPBACK_H
#define CONNTRAIL_BENCH_LOOPBACK_H

/* TCP over IPv4 on this host, for the measurements. Whatever fails ends the program. */

#include <netinet/in.h>

/* A socket listening on 127.0.0.1, and the address that the system gave it. */
int bench_listen(struct sockaddr_in *address);

struct sockaddr_in bench_address(const char *host, unsigned port);

/* One connection: the client's end, and the accepted one. */
typedef struct bench_pair {
  int client;
  int accepted;
} bench_pair;

bench_pair bench_connect(int listener, const struct sockaddr_in *destination);

#endif
