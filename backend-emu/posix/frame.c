/* SPDX-License-Identifier: MIT */
#include "frame.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#include "watched.h"

typedef struct enclosure {
  _Alignas(struct cmsghdr) unsigned char control[CMSG_SPACE(sizeof(int))];
} enclosure;

static void enclose(struct msghdr *message, enclosure *room, int fd) {
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

bool conntrail__frame_send(int fd, const conntrail__request *request, const void *payload,
                           int enclosed) {
  static const unsigned char padding[8];
  struct iovec pieces[3] = {
      {conntrail__readable(request), sizeof *request},
      {conntrail__readable(payload), request->payload},
      {conntrail__readable(padding), conntrail__padded(request->payload) - request->payload}};
  struct msghdr message;
  enclosure room;
  ssize_t sent;
  memset(&message, 0, sizeof message);
  message.msg_iov = pieces;
  message.msg_iovlen = 3;
  if (enclosed >= 0) {
    enclose(&message, &room, enclosed);
  }
  do {
    sent = CONNTRAIL__REAL(sendmsg)(fd, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent >= 0;
}

static ssize_t receive_with(int fd, void *frame, size_t room, int *enclosed) {
  struct iovec piece = {frame, room};
  struct msghdr message;
  const struct cmsghdr *header;
  enclosure space;
  ssize_t size;
  memset(&message, 0, sizeof message);
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = space.control;
  message.msg_controllen = sizeof space.control;
  size = CONNTRAIL__REAL(recvmsg)(fd, &message, MSG_CMSG_CLOEXEC);
  header = size < 0 ? NULL : CMSG_FIRSTHDR(&message);
  if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
    memcpy(enclosed, CMSG_DATA(header), sizeof *enclosed);
  }
  return size;
}

ssize_t conntrail__frame_receive(int fd, void *frame, size_t room, int *enclosed) {
  ssize_t size;
  if (enclosed != NULL) {
    *enclosed = -1;
  }
  do {
    size = enclosed == NULL ? CONNTRAIL__REAL(recv)(fd, frame, room, 0)
                            : receive_with(fd, frame, room, enclosed);
  } while (size < 0 && errno == EINTR);
  return size;
}
