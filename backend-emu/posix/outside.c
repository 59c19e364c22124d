/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "../frontend/system_linux.h"
#include "watched.h"

/*
 * TCP sockets that were connected past libc, by io_uring or a raw system call. Nothing shows it but
 * that the system has a peer for them; so it is noted when a descriptor is closed.
 */

static bool has_internet_peer(int fd) {
  struct sockaddr_storage peer;
  socklen_t size;
  int error = errno;
  bool has = conntrail__ask_peer(fd, &peer, &size);
  errno = error;
  return has && (peer.ss_family == AF_INET || peer.ss_family == AF_INET6);
}

void conntrail__outside_note(conntrail__socket *socket, int fd) {
  conntrail__socket_state state = conntrail__socket_state_of(socket);
  if (conntrail__socket_kind_of(socket) == CONNTRAIL__STREAM &&
      (state == CONNTRAIL__FRESH || state == CONNTRAIL__BOUND) && has_internet_peer(fd)) {
    conntrail__socket_outside(socket);
  }
}
