/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <unistd.h>

#include "../frontend/device_linux.h"
#include "decide.h"
#include "describe.h"
#include "known.h"

/* What the shared decisions ask of sockets (frontend/native_calls.h): those of programs, which are
 * borrowed, and the supervisor's own. */

/* Nobody reads what somebody outside may send to a relay socket. */
enum { RELAY_RECEIVE_BUFFER = 0 };

bool conntrail__native_local_address(intptr_t handle, conntrail__address *local) {
  int error = errno;
  bool is_known = conntrail__own_address((int)handle, local);
  errno = error;
  return is_known;
}

intptr_t conntrail__native_open(uint8_t family) {
  int room = RELAY_RECEIVE_BUFFER;
  int fd = socket(family == CONNTRAIL__IPV4 ? AF_INET : AF_INET6,
                  SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0) {
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  }
  return fd;
}

bool conntrail__native_bind(intptr_t handle, const struct sockaddr *address, size_t size) {
  return bind((int)handle, address, (socklen_t)size) == 0;
}

bool conntrail__native_associate(intptr_t handle, const struct sockaddr *address, size_t size) {
  return connect((int)handle, address, (socklen_t)size) == 0;
}

int conntrail__native_let_through(intptr_t handle, int family, const conntrail__address *target) {
  const conntrail__option_calls calls = {getsockopt, setsockopt};
  (void)target;
  return conntrail__lift_device(&calls, (int)handle, family);
}

int conntrail__native_error(void) {
  return errno;
}
