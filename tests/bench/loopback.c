/* SPDX-License-Identifier: MIT */
#include "loopback.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "measure.h"

struct sockaddr_in bench_address(const char *host, unsigned port) {
  struct sockaddr_in address;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_port = htons((uint16_t)port);
  bench_need(inet_pton(AF_INET, host, &address.sin_addr) == 1, host);
  return address;
}

int bench_listen(struct sockaddr_in *address) {
  socklen_t size = sizeof *address;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  *address = bench_address("127.0.0.1", 0);
  bench_need(fd >= 0 && bind(fd, (struct sockaddr *)address, sizeof *address) == 0 &&
                 listen(fd, SOMAXCONN) == 0 &&
                 getsockname(fd, (struct sockaddr *)address, &size) == 0,
             "a listener on 127.0.0.1");
  return fd;
}

bench_pair bench_connect(int listener, const struct sockaddr_in *destination) {
  bench_pair pair;
  pair.client = socket(AF_INET, SOCK_STREAM, 0);
  bench_need(pair.client >= 0, "a client's socket");
  bench_need(connect(pair.client, (const struct sockaddr *)destination, sizeof *destination) == 0,
             "connect");
  pair.accepted = accept(listener, NULL, NULL);
  bench_need(pair.accepted >= 0, "accept");
  return pair;
}
