/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sys/stat.h>

#include "bequest.h"
#include "process_sockets.h"
#include "watched.h"

typedef conntrail__socket *(*claim_by)(uint64_t inode);

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

/* What was passed to its own process, or to one that has it as well, waits in vain. */
static conntrail__socket *claim_anew(uint64_t inode) {
  conntrail__identity who;
  conntrail__socket *known = find_claimed(inode);
  conntrail__socket *claimed;
  conntrail__session_identity(&who);
  claimed = conntrail__served_claim(inode, &who);
  if (known == NULL) {
    return claimed;
  }
  if (claimed != NULL) {
    conntrail__kernel_release(claimed);
  }
  conntrail__kernel_retain(known);
  return known;
}

static void claim_one(void *arg, int fd, uint64_t inode) {
  const claim_by *by = arg;
  conntrail__untracked described = conntrail__untracked_describe(fd);
  conntrail__socket *socket;
  if (!described.is_internet || (!described.is_stream && !described.is_datagram)) {
    return;
  }
  socket = (*by)(inode);
  if (socket != NULL &&
      conntrail__table_put(fd, socket, described.is_ipv6 ? AF_INET6 : AF_INET) != 0) {
    conntrail__kernel_release(socket);
  }
}

void conntrail__claim_all(void) {
  claim_by by = claim;
  (void)conntrail__process_sockets(0, claim_one, &by);
}

static void claim_received(void *none, int fd) {
  claim_by by = claim_anew;
  struct stat status;
  (void)none;
  conntrail__descriptor_forget(fd);
  if (fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode)) {
    conntrail__native_lock();
    claim_one(&by, fd, (uint64_t)status.st_ino);
    conntrail__native_unlock();
  }
}

void conntrail__claim_passed(const struct msghdr *message) {
  int error = errno;
  if (!conntrail__session_is_foreign()) {
    conntrail__passed_visit(message, claim_received, NULL);
  }
  errno = error;
}
