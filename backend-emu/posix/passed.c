/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "bequest.h"
#include "watched.h"

/* Descriptors that go from one process to another in a message of a Unix-domain socket. */

static bool is_whole(const struct msghdr *message, const struct cmsghdr *header) {
  const unsigned char *first = message->msg_control;
  const unsigned char *at = (const void *)header;
  return header->cmsg_len >= CMSG_LEN(0) &&
         header->cmsg_len <= message->msg_controllen - (size_t)(at - first);
}

static void visit_each(const struct cmsghdr *header, conntrail__visit_passed visit, void *arg) {
  const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  int fd;
  for (size_t i = 0; i < count; i++) {
    memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
    visit(arg, fd);
  }
}

void conntrail__passed_visit(const struct msghdr *message, conntrail__visit_passed visit,
                             void *arg) {
  struct msghdr same = *message;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(&same); header != NULL && is_whole(&same, header);
       header = CMSG_NXTHDR(&same, header)) {
    if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
      visit_each(header, visit, arg);
    }
  }
}

static bool may_pass(const struct msghdr *message) {
  return conntrail__is_served && message != NULL && message->msg_control != NULL &&
         message->msg_controllen >= sizeof(struct cmsghdr);
}

ssize_t conntrail__passed_send(int fd, const struct msghdr *message, int flags) {
  int bequest = may_pass(message) ? conntrail__bequeath_passed(message) : -1;
  ssize_t sent = CONNTRAIL__REAL(sendmsg)(fd, message, flags);
  if (sent < 0) {
    conntrail__bequest_revoke(bequest);
  } else {
    conntrail__bequest_leave(bequest);
  }
  return sent;
}

ssize_t conntrail__passed_receive(int fd, struct msghdr *message, int flags) {
  ssize_t size = CONNTRAIL__REAL(recvmsg)(fd, message, flags);
  if (size >= 0 && (flags & MSG_PEEK) == 0 && may_pass(message)) {
    conntrail__claim_passed(message);
  }
  return size;
}
