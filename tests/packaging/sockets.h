/* SPDX-License-Identifier: MIT */
#ifndef PACKAGING_SOCKETS_H
#define PACKAGING_SOCKETS_H

/* Loopback, for the consuming programs. On Windows they have called WSAStartup(). */

#include <string.h>

#include "conntrail/platform.h"

static inline struct sockaddr_in address_of(const char *host, unsigned short port) {
  struct sockaddr_in address;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = inet_addr(host);
  return address;
}

/* At a free port of 127.0.0.1; *place gets which. */
static inline conntrail_socket listen_on_loopback(struct sockaddr_in *place) {
  conntrail_socket listener = socket(AF_INET, SOCK_STREAM, 0);
  socklen_t size = sizeof *place;
  *place = address_of("127.0.0.1", 0);
  if (bind(listener, (struct sockaddr *)place, sizeof *place) != 0 || listen(listener, 8) != 0 ||
      getsockname(listener, (struct sockaddr *)place, &size) != 0) {
    return CONNTRAIL_INVALID_SOCKET;
  }
  return listener;
}

static inline conntrail_socket connect_to(const struct sockaddr_in *place) {
  conntrail_socket client = socket(AF_INET, SOCK_STREAM, 0);
  return connect(client, (const struct sockaddr *)place, sizeof *place) == 0
             ? client
             : CONNTRAIL_INVALID_SOCKET;
}

#endif
