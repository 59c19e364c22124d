/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_BENCH_CONNECT_CALLS_H
#define CONNTRAIL_BENCH_CONNECT_CALLS_H

/* The calls of the loop, each in a function with a name of its own, that callgrind can count in
 * (tests/bench/instructions). */

#include <sys/socket.h>

int bench_call_connect(int fd, const struct sockaddr *address, socklen_t size);
int bench_call_accept(int fd);
int bench_call_close(int fd);

#endif
