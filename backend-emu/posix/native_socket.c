/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "../frontend/errno_linux.h"
#include "conntrail/linux.h"
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

bool conntrail__native_is_records(int level, int type) {
  return level == SOL_CONNTRAIL &&
         (type == CONNTRAIL_LINUX_RECORDS4 || type == CONNTRAIL_LINUX_RECORDS6);
}

int conntrail__native_error(void) {
  return errno;
}

int conntrail__native_error_of(uint32_t native) {
  return conntrail__errno_for(native);
}

uint32_t conntrail__native_number_of(int error) {
  return conntrail__native_for(error);
}
