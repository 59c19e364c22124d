/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bequest.h"
#include "process_sockets.h"
#include "watched.h"

/* Several descriptors may name one socket. */
static conntrail__socket *find_claimed(uint64_t inode) {
  struct stat status;
  for (unsigned fd = conntrail__table_next(0); fd < CONNTRAIL__TABLE_REACH;
       fd = conntrail__table_next(fd + 1)) {
    if (fstat((int)fd, &status) == 0 && (uint64_t)status.st_ino == inode) {
      return conntrail__table_find((int)fd);
    }
  }
  return NULL;
}

static conntrail__socket *claim(uint64_t inode) {
  conntrail__identity who;
  conntrail__socket *socket = find_claimed(inode);
  if (socket != NULL) {
    conntrail__kernel_retain(socket);
    return socket;
  }
  conntrail__session_identity(&who);
  return conntrail__served_claim(inode, &who);
}

static void claim_one(void *none, int fd, uint64_t inode) {
  conntrail__stranger described = conntrail__stranger_describe(fd);
  conntrail__socket *socket;
  (void)none;
  if (!described.is_internet || (!described.is_stream && !described.is_datagram)) {
    return;
  }
  socket = claim(inode);
  if (socket != NULL &&
      conntrail__table_put(fd, socket, described.is_ipv6 ? AF_INET6 : AF_INET) != 0) {
    conntrail__kernel_release(socket);
  }
}

void conntrail__claim_all(void) {
  (void)conntrail__process_sockets(getpid(), claim_one, NULL);
}
