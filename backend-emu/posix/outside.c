/* SPDX-License-Identifier: MIT */
#include "watched.h"

/*
 * TCP sockets that were connected past libc, by io_uring or a raw system call. Nothing shows it but
 * that the system has a peer for them; so it is noted when a descriptor is closed.
 */

void conntrail__outside_note(conntrail__socket *socket, int fd) {
  conntrail__socket_state state = conntrail__socket_state_of(socket);
  if (conntrail__socket_kind_of(socket) == CONNTRAIL__STREAM &&
      (state == CONNTRAIL__FRESH || state == CONNTRAIL__BOUND) &&
      conntrail__has_internet_peer(fd)) {
    conntrail__socket_outside(socket);
  }
}
