/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_AGAIN_LINUX_H
#define CONNTRAIL_AGAIN_LINUX_H

#include <errno.h>
#include <sys/socket.h>

/*
 * Calls that a signal does not interrupt on a real kernel. Under a supervisor it does, if it comes
 * before the supervisor learned of the call; then nothing has happened yet. [S] Linux 6.18. Not
 * setsockopt(): an injected fault may be this very number (E4).
 */

static inline int conntrail__getsockopt(int socket, int level, int name, void *value,
                                        socklen_t *size) {
  const socklen_t room = *size;
  int result;
  do {
    *size = room;
    result = getsockopt(socket, level, name, value, size);
  } while (result != 0 && errno == EINTR);
  return result;
}

static inline int conntrail__getpeername(int socket, struct sockaddr *address, socklen_t *size) {
  const socklen_t room = *size;
  int result;
  do {
    *size = room;
    result = getpeername(socket, address, size);
  } while (result != 0 && errno == EINTR);
  return result;
}

#endif
