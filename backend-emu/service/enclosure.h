/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SERVICE_ENCLOSURE_H
#define CONNTRAIL_SERVICE_ENCLOSURE_H

/* The one descriptor that may go with a frame, in either direction (SCM_RIGHTS). */

#include <string.h>
#include <sys/socket.h>

typedef struct conntrail__enclosure {
  _Alignas(struct cmsghdr) unsigned char control[CMSG_SPACE(sizeof(int))];
} conntrail__enclosure;

static inline void conntrail__enclose(struct msghdr *message, conntrail__enclosure *room, int fd) {
  struct cmsghdr *header;
  memset(room, 0, sizeof *room);
  message->msg_control = room->control;
  message->msg_controllen = sizeof room->control;
  header = CMSG_FIRSTHDR(message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(header), &fd, sizeof fd);
}

/* Before recvmsg. Room for one descriptor and no more: what else comes along the system closes. */
static inline void conntrail__enclosure_await(struct msghdr *message, conntrail__enclosure *room) {
  message->msg_control = room->control;
  message->msg_controllen = CMSG_LEN(sizeof(int));
}

/* After recvmsg, which did not fail: the caller's descriptor, or -1. */
static inline int conntrail__enclosed(struct msghdr *message) {
  const struct cmsghdr *header = CMSG_FIRSTHDR(message);
  int fd = -1;
  if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
    memcpy(&fd, CMSG_DATA(header), sizeof fd);
  }
  return fd;
}

#endif
