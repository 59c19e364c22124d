/* SPDX-License-Identifier: MIT */
#include "frame.h"

#include <errno.h>
#include <sys/uio.h>

#include "../service/enclosure.h"
#include "watched.h"

bool conntrail__frame_send(int fd, const conntrail__request *request, const void *payload,
                           int enclosed) {
  static const unsigned char padding[8];
  struct iovec pieces[3] = {
      {conntrail__readable(request), sizeof *request},
      {conntrail__readable(payload), request->payload},
      {conntrail__readable(padding), conntrail__padded(request->payload) - request->payload}};
  struct msghdr message;
  conntrail__enclosure room;
  ssize_t sent;
  memset(&message, 0, sizeof message);
  message.msg_iov = pieces;
  message.msg_iovlen = 3;
  if (enclosed >= 0) {
    conntrail__enclose(&message, &room, enclosed);
  }
  do {
    sent = CONNTRAIL__REAL(sendmsg)(fd, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent >= 0;
}

static ssize_t receive_with(int fd, void *frame, size_t room, int *enclosed) {
  struct iovec piece = {frame, room};
  struct msghdr message;
  conntrail__enclosure space = {{0}};
  ssize_t size;
  memset(&message, 0, sizeof message);
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  conntrail__enclosure_await(&message, &space);
  size = CONNTRAIL__REAL(recvmsg)(fd, &message, MSG_CMSG_CLOEXEC);
  if (size >= 0) {
    *enclosed = conntrail__enclosed(&message);
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
