/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "watched.h"

static bool read_option(int fd, int name, int *value) {
  socklen_t size = sizeof *value;
  return CONNTRAIL__REAL(getsockopt)(fd, SOL_SOCKET, name, value, &size) == 0;
}

conntrail__untracked conntrail__untracked_describe(int fd) {
  conntrail__untracked untracked = {.is_socket = false};
  int error = errno;
  int domain = 0;
  int type = 0;
  int listening = 0;
  untracked.is_socket = read_option(fd, SO_DOMAIN, &domain) && read_option(fd, SO_TYPE, &type);
  if (untracked.is_socket) {
    untracked.is_internet = domain == AF_INET || domain == AF_INET6;
    untracked.is_ipv6 = domain == AF_INET6;
    untracked.is_stream = type == SOCK_STREAM;
    untracked.is_datagram = type == SOCK_DGRAM;
    untracked.is_listening = read_option(fd, SO_ACCEPTCONN, &listening) && listening != 0;
    untracked.is_connected = conntrail__has_peer(fd);
  }
  errno = error;
  return untracked;
}

void conntrail__untracked_connects(int fd) {
  conntrail__untracked untracked = conntrail__untracked_describe(fd);
  const conntrail__session_entry *current;
  if (!untracked.is_internet || !untracked.is_stream || untracked.is_connected) {
    return;
  }
  conntrail__native_lock();
  current = conntrail__session_current();
  if (current != NULL && !current->is_inherited) {
    conntrail__note_misuse(current->emu, NULL, CONNTRAIL_EMU_MISUSE_OUTSIDE, 0);
  }
  conntrail__native_unlock();
}
