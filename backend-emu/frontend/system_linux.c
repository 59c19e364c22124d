/* SPDX-License-Identifier: MIT */
#include "system_linux.h"

#include <errno.h>

#include "sockaddr.h"

/* ---- Questions ------------------------------------------------------------------------------- */

static bool lacked(int result) {
  return result != 0 && (errno == ENOBUFS || errno == ENOMEM);
}

int conntrail__ask_option(int fd, int level, int name, void *value, socklen_t size) {
  const conntrail__linux_calls calls = conntrail__native_linux_calls();
  socklen_t room = size;
  int result = calls.getsockopt(fd, level, name, value, &room);
  if (lacked(result)) {
    room = size;
    result = calls.getsockopt(fd, level, name, value, &room);
  }
  return result == 0 ? 0 : errno;
}

typedef int (*name_call)(int fd, struct sockaddr *address, socklen_t *size);

static bool ask_name(name_call call, int fd, struct sockaddr_storage *storage, socklen_t *size) {
  *size = sizeof *storage;
  int result = call(fd, (struct sockaddr *)storage, size);
  if (lacked(result)) {
    *size = sizeof *storage;
    result = call(fd, (struct sockaddr *)storage, size);
  }
  return result == 0;
}

bool conntrail__ask_peer(int fd, struct sockaddr_storage *peer, socklen_t *size) {
  return ask_name(conntrail__native_linux_calls().getpeername, fd, peer, size);
}

bool conntrail__native_local_address(intptr_t handle, conntrail__address *local) {
  struct sockaddr_storage storage;
  socklen_t size;
  int error = errno;
  bool is_known =
      ask_name(conntrail__native_linux_calls().getsockname, (int)handle, &storage, &size) &&
      conntrail__address_from_sockaddr((struct sockaddr *)&storage, size, local);
  errno = error;
  return is_known;
}

static int describe(int fd, conntrail__untracked *untracked) {
  struct sockaddr_storage peer;
  socklen_t size;
  int domain = 0;
  int type = 0;
  int listening = 0;
  int error = conntrail__ask_option(fd, SOL_SOCKET, SO_DOMAIN, &domain, sizeof domain);
  if (error == EBADF || error == ENOTSOCK) {
    return 0;
  }
  if (error == 0) {
    error = conntrail__ask_option(fd, SOL_SOCKET, SO_TYPE, &type, sizeof type);
  }
  if (error == 0) {
    error = conntrail__ask_option(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, sizeof listening);
  }
  if (error == 0) {
    *untracked = (conntrail__untracked){.is_socket = true,
                                        .is_internet = domain == AF_INET || domain == AF_INET6,
                                        .is_ipv6 = domain == AF_INET6,
                                        .is_stream = type == SOCK_STREAM,
                                        .is_datagram = type == SOCK_DGRAM,
                                        .is_listening = listening != 0,
                                        .is_connected = conntrail__ask_peer(fd, &peer, &size)};
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

/* ---- native_calls.h -------------------------------------------------------------------------- */

/* Nobody reads what somebody outside may send to a relay socket. */
enum { RELAY_RECEIVE_BUFFER = 0 };

intptr_t conntrail__native_open(uint8_t family) {
  const conntrail__linux_calls calls = conntrail__native_linux_calls();
  int room = RELAY_RECEIVE_BUFFER;
  int fd = calls.socket(family == CONNTRAIL__IPV4 ? AF_INET : AF_INET6,
                        SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0) {
    (void)calls.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  }
  return fd;
}

bool conntrail__native_bind(intptr_t handle, const struct sockaddr *address, size_t size) {
  return conntrail__native_linux_calls().bind((int)handle, address, (socklen_t)size) == 0;
}

bool conntrail__native_associate(intptr_t handle, const struct sockaddr *address, size_t size) {
  return conntrail__native_linux_calls().connect((int)handle, address, (socklen_t)size) == 0;
}

int conntrail__native_error(void) {
  return errno;
}
