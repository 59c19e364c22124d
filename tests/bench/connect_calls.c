/* SPDX-License-Identifier: MIT */
#include "connect_calls.h"

#include <stddef.h>
#include <unistd.h>

int bench_call_connect(int fd, const struct sockaddr *address, socklen_t size) {
  return connect(fd, address, size);
}

int bench_call_accept(int fd) {
  return accept(fd, NULL, NULL);
}

int bench_call_close(int fd) {
  return close(fd);
}
