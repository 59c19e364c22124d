/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "watched.h"

CONNTRAIL__WATCHED_FILE(bind_listen)

typedef void (*report)(conntrail__socket *socket, const conntrail__address *local);

/* (locked) The call is done. Gives the lock back. */
static int report_address(const conntrail__reference *socket, report reported) {
  conntrail__address local;
  if (conntrail__native_local_address(socket->handle, &local)) {
    reported(socket->socket, &local);
  }
  conntrail__reference_leave();
  return 0;
}

CONNTRAIL__EXPORT int bind(int fd, const struct sockaddr *address, socklen_t size) {
  conntrail__reference socket;
  int result = CONNTRAIL__REAL(bind)(fd, address, size);
  if (!conntrail__is_watched() || result != 0 || !conntrail__descriptor_enter(fd, &socket)) {
    return result;
  }
  return report_address(&socket, conntrail__socket_bound);
}

/* (locked) Gives the lock back. */
static int listen_tracked(const conntrail__reference *socket, int backlog) {
  if (socket->is_inherited) {
    conntrail__reference_leave();
    return conntrail__session_refuse_inherited("listen");
  }
  int result = CONNTRAIL__REAL(listen)((int)socket->handle, backlog);
  if (result != 0) {
    int error = errno;
    conntrail__reference_leave();
    errno = error;
    return result;
  }
  return report_address(socket, conntrail__socket_listening);
}

CONNTRAIL__EXPORT int listen(int fd, int backlog) {
  conntrail__reference socket;
  return conntrail__is_watched() && conntrail__descriptor_enter(fd, &socket)
             ? listen_tracked(&socket, backlog)
             : CONNTRAIL__REAL(listen)(fd, backlog);
}
