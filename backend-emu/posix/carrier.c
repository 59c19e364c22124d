/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "native.h"
#include "watched.h"

/*
 * The address that a client's datagrams come from, and carriers: sockets of the emulation's own
 * for flows that cannot have it. All of it under the lock; nothing here waits.
 */

/* Nobody reads what somebody outside may send to it. */
enum { CARRIER_RECEIVE_BUFFER = 0 };

static void close_carrier(intptr_t carrier) {
  int error = errno;
  CONNTRAIL__REAL(close)((int)carrier);
  errno = error;
}

static int open_datagram(uint8_t family) {
  return CONNTRAIL__REAL(socket)(family == CONNTRAIL__IPV4 ? AF_INET : AF_INET6,
                                 SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

typedef int (*name_call)(int fd, const struct sockaddr *address, socklen_t size);

/* A socket of the address' family that was bound or connected to it. -1, and errno. */
static int open_at(const conntrail__address *address, name_call call) {
  struct sockaddr_storage storage;
  size_t size = conntrail__address_to_sockaddr(address, &storage);
  int fd = open_datagram(address->family);
  if (fd >= 0 && call(fd, (struct sockaddr *)&storage, (socklen_t)size) != 0) {
    close_carrier(fd);
    return -1;
  }
  return fd;
}

/* The address of this host that datagrams to target have, where the socket does not say. */
static bool probe_source(const conntrail__address *target, conntrail__address *own) {
  conntrail__address found;
  int fd = open_at(target, CONNTRAIL__REAL(connect));
  bool is_found;
  if (fd < 0) {
    return false;
  }
  is_found = conntrail__local_address(fd, &found);
  close_carrier(fd);
  if (is_found) {
    found.port = own->port;
    *own = found;
  }
  return is_found;
}

/* What the system would do at the first datagram; the source is known before. */
static bool bind_first(int fd, const conntrail__hold *hold) {
  struct sockaddr_storage any;
  memset(&any, 0, sizeof any);
  any.ss_family = (sa_family_t)hold->family;
  return CONNTRAIL__REAL(bind)(fd, (struct sockaddr *)&any,
                               hold->family == AF_INET ? sizeof(struct sockaddr_in)
                                                       : sizeof(struct sockaddr_in6)) == 0;
}

static bool find_own(int fd, const conntrail__hold *hold, const conntrail__address *target,
                     conntrail__address *own) {
  if (!conntrail__local_address(fd, own)) {
    return false;
  }
  if (own->port == 0 && (!bind_first(fd, hold) || !conntrail__local_address(fd, own))) {
    return false;
  }
  return !conntrail__address_is_any(own) || probe_source(target, own);
}

static bool carry(conntrail__passage *passage, const conntrail__address *own) {
  conntrail__address source = *own;
  int room = CARRIER_RECEIVE_BUFFER;
  int fd;
  source.port = 0;
  fd = open_at(&source, CONNTRAIL__REAL(bind));
  if (fd < 0) {
    return false;
  }
  (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  if (!conntrail__local_address(fd, &source)) {
    close_carrier(fd);
    return false;
  }
  if (!conntrail__kernel_carry(passage, own, fd, &source, close_carrier)) {
    close_carrier(fd);
    errno = conntrail__errno_of(passage->native);
    return false;
  }
  return true;
}

bool conntrail__carrier_settle(int fd, const conntrail__hold *hold, conntrail__passage *passage) {
  conntrail__address own;
  bool is_settled = false;
  int error;
  if (find_own(fd, hold, &passage->target, &own)) {
    is_settled = conntrail__kernel_settle(passage, &own) || carry(passage, &own);
  }
  if (passage->native != 0) {
    errno = conntrail__errno_of(passage->native);
    return false;
  }
  error = errno;
  if (!is_settled) {
    conntrail__kernel_abandon(passage);
  }
  errno = error;
  return is_settled;
}
