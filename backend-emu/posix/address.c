/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "watched.h"

const char conntrail__anchor_address = 0;

bool conntrail__local_address(int fd, conntrail__address *local) {
  struct sockaddr_storage storage;
  socklen_t size = sizeof storage;
  int error = errno;
  bool is_known = getsockname(fd, (struct sockaddr *)&storage, &size) == 0 &&
                  conntrail__address_from_sockaddr((struct sockaddr *)&storage, size, local);
  errno = error;
  return is_known;
}

static bool find_peer(int fd, struct sockaddr_storage *peer) {
  socklen_t size = sizeof *peer;
  int error = errno;
  bool has = CONNTRAIL__REAL(getpeername)(fd, (struct sockaddr *)peer, &size) == 0;
  errno = error;
  return has;
}

bool conntrail__has_peer(int fd) {
  struct sockaddr_storage peer;
  return find_peer(fd, &peer);
}

bool conntrail__has_internet_peer(int fd) {
  struct sockaddr_storage peer;
  return find_peer(fd, &peer) && (peer.ss_family == AF_INET || peer.ss_family == AF_INET6);
}

void conntrail__copy_address(const struct sockaddr_storage *from, size_t size, struct sockaddr *to,
                             socklen_t *to_size) {
  size_t room = (size_t)*to_size;
  memcpy(to, from, size < room ? size : room);
  *to_size = (socklen_t)size;
}

static bool find_original(conntrail__hold *hold, int fd, conntrail__address *peer) {
  bool is_redirected;
  if (!conntrail__hold_resume(hold)) {
    return false;
  }
  conntrail__connect_settle(hold->socket, fd);
  is_redirected = conntrail__kernel_peer(hold->socket, peer);
  conntrail__hold_end(hold);
  return is_redirected;
}

/* A client that was redirected believes to be where it wanted to go, as on Windows. */
static int getpeername_of_client(int fd, const conntrail__hold *hold,
                                 const conntrail__address *peer, struct sockaddr *address,
                                 socklen_t *size) {
  struct sockaddr_storage storage;
  size_t whole;
  if (hold->is_inherited) {
    return conntrail__session_refuse_inherited("getpeername");
  }
  if (!conntrail__has_peer(fd)) {
    return CONNTRAIL__REAL(getpeername)(fd, address, size);
  }
  whole = conntrail__address_to_family(peer, hold->family, &storage);
  conntrail__copy_address(&storage, whole, address, size);
  return 0;
}

CONNTRAIL__EXPORT int getpeername(int fd, struct sockaddr *address, socklen_t *size) {
  conntrail__hold hold;
  conntrail__address peer;
  if (!conntrail__is_watched() || address == NULL || size == NULL || (int)*size < 0 ||
      !conntrail__hold_take(fd, &hold) || !find_original(&hold, fd, &peer)) {
    return CONNTRAIL__REAL(getpeername)(fd, address, size);
  }
  return getpeername_of_client(fd, &hold, &peer, address, size);
}
