/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>

#include "watched.h"

const char conntrail__anchor_socket = 0;

/* SOCK_NONBLOCK and SOCK_CLOEXEC stand in the same argument. */
static int bare_type(int type) {
  return type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
}

static bool is_ours(int domain, int type, int protocol) {
  if (domain != AF_INET && domain != AF_INET6) {
    return false;
  }
  return bare_type(type) == SOCK_STREAM ||
         (bare_type(type) == SOCK_DGRAM && (protocol == 0 || protocol == IPPROTO_UDP));
}

static conntrail__socket_kind kind_of(int domain, int type) {
  unsigned kind = bare_type(type) == SOCK_STREAM ? CONNTRAIL__STREAM : CONNTRAIL__DATAGRAM;
  return (conntrail__socket_kind)(domain == AF_INET6 ? kind | CONNTRAIL__IPV6_KIND : kind);
}

static int track(int fd, int domain, conntrail__socket_kind kind) {
  const conntrail__session_entry *current = conntrail__session_current();
  conntrail__identity who;
  conntrail__socket *socket;
  int error;
  if (current == NULL) {
    return 0;
  }
  conntrail__session_identity(&who);
  socket = conntrail__kernel_create(current->emu, kind, &who, fd);
  if (socket == NULL) {
    return ENOMEM;
  }
  error = conntrail__table_put(fd, socket, domain);
  if (error != 0) {
    conntrail__kernel_release(socket);
  }
  return error;
}

CONNTRAIL__APART static int socket_watched(int domain, int type, int protocol) {
  int error;
  int fd = CONNTRAIL__REAL(socket)(domain, type, protocol);
  if (!conntrail__session_applies() || fd < 0) {
    return fd;
  }
  conntrail__descriptor_forget(fd);
  if (!is_ours(domain, type, protocol)) {
    return fd;
  }
  conntrail__native_lock();
  error = track(fd, domain, kind_of(domain, type));
  conntrail__native_unlock();
  return error == 0 ? fd : conntrail__descriptor_give_up(fd, error);
}

CONNTRAIL__EXPORT int socket(int domain, int type, int protocol) {
  return conntrail__is_active() ? socket_watched(domain, type, protocol)
                                : CONNTRAIL__REAL(socket)(domain, type, protocol);
}
