/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "watched.h"

const char conntrail__anchor_datagram = 0;

enum { FAST_OPEN = 0x20000000 }; /* MSG_FASTOPEN, which only newer headers have */

/* Connects without connect(): past every decision of the emulation. Told apart by its flag alone,
 * so that all other sending stays libc's. */
static bool would_slip_past(int fd, int flags) {
  if ((flags & FAST_OPEN) == 0 || !conntrail__is_watched() || conntrail__table_find(fd) == NULL) {
    return false;
  }
  errno = EOPNOTSUPP;
  return true;
}

CONNTRAIL__EXPORT ssize_t sendto(int fd, const void *data, size_t size, int flags,
                                 const struct sockaddr *address, socklen_t address_size) {
  if (would_slip_past(fd, flags)) {
    return -1;
  }
  return CONNTRAIL__REAL(sendto)(fd, data, size, flags, address, address_size);
}

CONNTRAIL__EXPORT ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
  if (would_slip_past(fd, flags)) {
    return -1;
  }
  return CONNTRAIL__REAL(sendmsg)(fd, message, flags);
}

CONNTRAIL__EXPORT int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags) {
  if (would_slip_past(fd, flags)) {
    return -1;
  }
  return CONNTRAIL__REAL(sendmmsg)(fd, messages, count, flags);
}
