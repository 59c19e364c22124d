/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "decide.h"
#include "internal.h"

/* The address that a client's datagrams come from, and carriers: sockets of the supervisor's own
 * for flows that cannot have it. Nothing here waits. */

/* Nobody reads what somebody outside may send to it. */
enum { CARRIER_RECEIVE_BUFFER = 0 };

static void close_carrier(intptr_t carrier) {
  int error = errno;
  close((int)carrier);
  errno = error;
}

static int open_datagram(uint8_t family) {
  return socket(family == CONNTRAIL__IPV4 ? AF_INET : AF_INET6,
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
  int fd = open_at(target, connect);
  if (fd < 0) {
    return false;
  }
  bool is_found = conntrail__own_address(fd, &found);
  close_carrier(fd);
  if (is_found) {
    found.port = own->port;
    *own = found;
  }
  return is_found;
}

/* What the system would do at the first datagram; the source is known before. */
static bool bind_first(int fd, int family) {
  struct sockaddr_storage any;
  memset(&any, 0, sizeof any);
  any.ss_family = (sa_family_t)family;
  return bind(fd, (struct sockaddr *)&any,
              family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6)) == 0;
}

static bool find_own(int fd, int family, const conntrail__address *target,
                     conntrail__address *own) {
  if (!conntrail__own_address(fd, own)) {
    return false;
  }
  if (own->port == 0 && (!bind_first(fd, family) || !conntrail__own_address(fd, own))) {
    return false;
  }
  return !conntrail__address_is_any(own) || probe_source(target, own);
}

/* 0, or errno. */
static int carry(conntrail__passage *passage, const conntrail__address *own) {
  conntrail__address source = *own;
  int room = CARRIER_RECEIVE_BUFFER;
  source.port = 0;
  int fd = open_at(&source, bind);
  if (fd < 0) {
    return errno;
  }
  (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  if (!conntrail__own_address(fd, &source)) {
    close_carrier(fd);
    return EADDRNOTAVAIL;
  }
  if (!conntrail__datagram_carry(passage, own, fd, &source, close_carrier)) {
    close_carrier(fd);
    return conntrail__errno_for(passage->native);
  }
  return 0;
}

int conntrail__carrier_settle(int own, const conntrail__known *known, conntrail__passage *passage) {
  conntrail__address address;
  int error = 0;
  if (!find_own(own, known->family, &passage->target, &address)) {
    error = errno;
  } else if (!conntrail__datagram_settle(passage, &address)) {
    error = carry(passage, &address);
  }
  if (passage->native != 0) {
    return conntrail__errno_for(passage->native);
  }
  if (error != 0 && passage->unsettled != NULL) {
    conntrail__datagram_abandon(passage);
  }
  return error;
}
