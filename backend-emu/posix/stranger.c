/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "watched.h"

static bool read_option(int fd, int name, int *value) {
  socklen_t size = sizeof *value;
  return CONNTRAIL__REAL(getsockopt)(fd, SOL_SOCKET, name, value, &size) == 0;
}

conntrail__stranger conntrail__stranger_describe(int fd) {
  conntrail__stranger stranger = {.is_socket = false};
  int error = errno;
  int domain = 0;
  int type = 0;
  int listening = 0;
  stranger.is_socket = read_option(fd, SO_DOMAIN, &domain) && read_option(fd, SO_TYPE, &type);
  if (stranger.is_socket) {
    stranger.is_internet = domain == AF_INET || domain == AF_INET6;
    stranger.is_ipv6 = domain == AF_INET6;
    stranger.is_stream = type == SOCK_STREAM;
    stranger.is_datagram = type == SOCK_DGRAM;
    stranger.is_listening = read_option(fd, SO_ACCEPTCONN, &listening) && listening != 0;
    stranger.is_connected = conntrail__has_peer(fd);
  }
  errno = error;
  return stranger;
}

void conntrail__stranger_connects(int fd) {
  conntrail__stranger stranger = conntrail__stranger_describe(fd);
  const conntrail__session_entry *current;
  if (!stranger.is_internet || !stranger.is_stream || stranger.is_connected) {
    return;
  }
  conntrail__native_lock();
  current = conntrail__session_current();
  if (current != NULL && !current->is_inherited) {
    conntrail__kernel_note_misuse(current->emu, NULL, CONNTRAIL_EMU_MISUSE_OUTSIDE, 0);
  }
  conntrail__native_unlock();
}
