/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "watched.h"

const char conntrail__anchor_bind_listen = 0;

typedef bool (*report)(conntrail__socket *socket, const conntrail__address *local);

/* 0, or -1 where the engine has no memory for it. */
static int tell(conntrail__hold *hold, int fd, report told) {
  conntrail__address local;
  bool is_known = conntrail__local_address(fd, &local);
  bool is_kept = true;
  if (!conntrail__hold_resume(hold)) {
    return 0;
  }
  if (is_known) {
    is_kept = told(hold->socket, &local);
  }
  conntrail__hold_end(hold);
  if (!is_kept) {
    errno = ENOBUFS;
  }
  return is_kept ? 0 : -1;
}

CONNTRAIL__EXPORT int bind(int fd, const struct sockaddr *address, socklen_t size) {
  conntrail__hold hold;
  int result = CONNTRAIL__REAL(bind)(fd, address, size);
  if (!conntrail__is_watched() || result != 0 || !conntrail__hold_take(fd, &hold)) {
    return result;
  }
  return tell(&hold, fd, conntrail__kernel_bound);
}

CONNTRAIL__EXPORT int listen(int fd, int backlog) {
  conntrail__hold hold;
  int result;
  if (!conntrail__is_watched() || !conntrail__hold_take(fd, &hold)) {
    return CONNTRAIL__REAL(listen)(fd, backlog);
  }
  if (hold.is_inherited) {
    conntrail__hold_drop(&hold);
    return conntrail__session_refuse_inherited("listen");
  }
  result = CONNTRAIL__REAL(listen)(fd, backlog);
  if (result != 0) {
    int error = errno;
    conntrail__hold_drop(&hold);
    errno = error;
    return result;
  }
  return tell(&hold, fd, conntrail__kernel_listening);
}
