/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "watched.h"

/* What the shared logic asks of libc's sockets: frontend/native_calls.h. */

/* Nobody reads what somebody outside may send to a relay socket. */
enum { RELAY_RECEIVE_BUFFER = 0 };

intptr_t conntrail__native_open(uint8_t family) {
  int room = RELAY_RECEIVE_BUFFER;
  int fd = CONNTRAIL__REAL(socket)(family == CONNTRAIL__IPV4 ? AF_INET : AF_INET6,
                                   SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0) {
    (void)CONNTRAIL__REAL(setsockopt)(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  }
  return fd;
}

bool conntrail__native_bind(intptr_t handle, const struct sockaddr *address, size_t size) {
  return CONNTRAIL__REAL(bind)((int)handle, address, (socklen_t)size) == 0;
}

bool conntrail__native_associate(intptr_t handle, const struct sockaddr *address, size_t size) {
  return CONNTRAIL__REAL(connect)((int)handle, address, (socklen_t)size) == 0;
}

void conntrail__native_close(intptr_t handle) {
  int error = errno;
  CONNTRAIL__REAL(close)((int)handle);
  errno = error;
}

int conntrail__native_error(void) {
  return errno;
}
