/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>

#include "watched.h"

const char conntrail__anchor_bind_listen = 0;

typedef bool (*report)(int fd, conntrail__socket *socket, const conntrail__address *local);

static bool report_bound(int fd, conntrail__socket *socket, const conntrail__address *local) {
  (void)fd;
  return conntrail__kernel_bound(socket, local);
}

/* Nobody can set it any more once the socket is bound. */
static bool is_ipv6_only(int fd) {
  int value = 0;
  socklen_t size = sizeof value;
  int error = errno;
  bool is_only =
      CONNTRAIL__REAL(getsockopt)(fd, IPPROTO_IPV6, IPV6_V6ONLY, &value, &size) == 0 && value != 0;
  errno = error;
  return is_only;
}

static bool report_listening(int fd, conntrail__socket *socket, const conntrail__address *local) {
  return conntrail__kernel_listening(socket, local, is_ipv6_only(fd));
}

/* 0, or -1 where the engine has no memory for it. */
static int tell(conntrail__hold *hold, int fd, report told) {
  conntrail__address local;
  bool is_known = conntrail__local_address(fd, &local);
  bool is_kept = true;
  if (!conntrail__hold_resume(hold)) {
    return 0;
  }
  if (is_known) {
    is_kept = told(fd, hold->socket, &local);
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
  return tell(&hold, fd, report_bound);
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
  return tell(&hold, fd, report_listening);
}
