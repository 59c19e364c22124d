/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "../frontend/decide.h"
#include "watched.h"

CONNTRAIL__WATCHED_FILE(bind_listen)

CONNTRAIL__EXPORT int bind(int fd, const struct sockaddr *address, socklen_t size) {
  conntrail__reference socket;
  int result = CONNTRAIL__REAL(bind)(fd, address, size);
  if (conntrail__is_watched() && result == 0 && conntrail__descriptor_enter(fd, &socket)) {
    conntrail__tell_bound(&socket);
    conntrail__reference_leave();
  }
  return result;
}

/* (locked) Gives the lock back. */
static int listen_tracked(const conntrail__reference *socket, int backlog) {
  if (socket->is_inherited) {
    conntrail__reference_leave();
    return conntrail__session_refuse_inherited("listen");
  }
  int result = CONNTRAIL__REAL(listen)((int)socket->handle, backlog);
  int error = errno;
  if (result == 0) {
    conntrail__tell_listening(socket);
  }
  conntrail__reference_leave();
  errno = error;
  return result;
}

CONNTRAIL__EXPORT int listen(int fd, int backlog) {
  conntrail__reference socket;
  return conntrail__is_watched() && conntrail__descriptor_enter(fd, &socket)
             ? listen_tracked(&socket, backlog)
             : CONNTRAIL__REAL(listen)(fd, backlog);
}
