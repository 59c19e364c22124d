/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "../frontend/system_linux.h"
#include "watched.h"

CONNTRAIL__WATCHED_FILE(address)

bool conntrail__has_peer(int fd) {
  struct sockaddr_storage peer;
  socklen_t size;
  int error = errno;
  bool has = conntrail__ask_peer(fd, &peer, &size);
  errno = error;
  return has;
}

void conntrail__copy_address(const struct sockaddr_storage *from, size_t size, struct sockaddr *to,
                             socklen_t *to_size) {
  size_t room = (size_t)*to_size;
  memcpy(to, from, size < room ? size : room);
  *to_size = (socklen_t)size;
}

/* What the program sees as its peer, where the emulation knows better than the system. A client
 * that was redirected believes to be where it wanted to go, as on Windows. False: the system's
 * answer holds. */
static bool find_original(int fd, conntrail__reference *socket, conntrail__address *peer) {
  if (!conntrail__descriptor_enter(fd, socket)) {
    return false;
  }
  conntrail__connect_settle(socket->socket, fd);
  bool is_redirected = conntrail__socket_peer(socket->socket, peer);
  conntrail__reference_leave();
  return is_redirected;
}

CONNTRAIL__EXPORT int getpeername(int fd, struct sockaddr *address, socklen_t *size) {
  conntrail__reference socket;
  conntrail__address peer;
  if (!conntrail__is_watched() || address == NULL || size == NULL || (int)*size < 0 ||
      !find_original(fd, &socket, &peer)) {
    return CONNTRAIL__REAL(getpeername)(fd, address, size);
  }
  if (socket.is_inherited) {
    return conntrail__session_refuse_inherited("getpeername");
  }
  if (!conntrail__has_peer(fd)) {
    return CONNTRAIL__REAL(getpeername)(fd, address, size);
  }
  struct sockaddr_storage storage;
  size_t whole = conntrail__address_to_family(&peer, socket.family, &storage);
  conntrail__copy_address(&storage, whole, address, size);
  return 0;
}
