/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <unistd.h>

#include "enclosure.h"
#include "hub_internal.h"

/* Frames, and the descriptors that come and go with them. */

bool conntrail__mail_send(conntrail__peer *peer, conntrail__reply *reply) {
  struct iovec pieces[3];
  struct msghdr message;
  conntrail__enclosure room;
  int fd = peer->ring_fd >= 0 ? peer->ring_fd : peer->lent_fd;
  reply->closing = peer->closing_count;
  pieces[0] = (struct iovec){reply, sizeof *reply};
  pieces[1] = (struct iovec){peer->hub->payload, reply->payload};
  pieces[2] = (struct iovec){peer->closing, peer->closing_count * sizeof peer->closing[0]};
  memset(&message, 0, sizeof message);
  message.msg_iov = pieces;
  message.msg_iovlen = 3;
  if (fd >= 0) {
    conntrail__enclose(&message, &room, fd);
  }
  peer->lent_fd = -1;
  if (sendmsg(peer->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
    return false;
  }
  if (peer->ring_fd >= 0) {
    close(peer->ring_fd);
    peer->ring_fd = -1;
  }
  peer->closing_count = 0;
  return true;
}

ssize_t conntrail__mail_receive(conntrail__hub *hub, int fd, bool *is_cut) {
  struct iovec piece = {hub->frame, sizeof hub->frame};
  struct msghdr message;
  conntrail__enclosure room;
  ssize_t size;
  memset(&message, 0, sizeof message);
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  conntrail__enclosure_await(&message, &room);
  size = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (size >= 0) {
    hub->enclosed = conntrail__enclosed(&message);
  }
  *is_cut = (message.msg_flags & MSG_TRUNC) != 0;
  return size;
}

int conntrail__mail_take(conntrail__hub *hub) {
  int fd = hub->enclosed;
  hub->enclosed = -1;
  return fd;
}

void conntrail__mail_throw_away(conntrail__hub *hub) {
  if (hub->enclosed >= 0) {
    close(conntrail__mail_take(hub));
  }
}
