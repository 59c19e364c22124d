/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "watched.h"

/* 0 or an errno. */
static int read_option(int fd, int name, int *value) {
  socklen_t size = sizeof *value;
  return CONNTRAIL__REAL(getsockopt)(fd, SOL_SOCKET, name, value, &size) == 0 ? 0 : errno;
}

static int describe(int fd, conntrail__untracked *untracked) {
  int domain = 0;
  int type = 0;
  int listening = 0;
  int error = read_option(fd, SO_DOMAIN, &domain);
  if (error == EBADF || error == ENOTSOCK) {
    return 0;
  }
  error = error != 0 ? error : read_option(fd, SO_TYPE, &type);
  error = error != 0 ? error : read_option(fd, SO_ACCEPTCONN, &listening);
  if (error == 0) {
    *untracked = (conntrail__untracked){.is_socket = true,
                                        .is_internet = domain == AF_INET || domain == AF_INET6,
                                        .is_ipv6 = domain == AF_INET6,
                                        .is_stream = type == SOCK_STREAM,
                                        .is_datagram = type == SOCK_DGRAM,
                                        .is_listening = listening != 0,
                                        .is_connected = conntrail__has_peer(fd)};
  }
  return error;
}

int conntrail__untracked_describe(int fd, conntrail__untracked *untracked) {
  int kept = errno;
  *untracked = (conntrail__untracked){.is_socket = false};
  int error = describe(fd, untracked);
  errno = kept;
  return error;
}

void conntrail__untracked_connects(int fd) {
  conntrail__untracked untracked;
  const conntrail__session_entry *current;
  (void)conntrail__untracked_describe(fd, &untracked);
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
