/* SPDX-License-Identifier: MIT */
/* For struct mmsghdr and struct in_pktinfo. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/time.h>
#include <sys/uio.h>

#include "net.h"
#include "net_posix.h"

static struct msghdr message_of(struct iovec *piece, const struct sockaddr_storage *address) {
  struct msghdr message;
  memset(&message, 0, sizeof message);
  message.msg_iov = piece;
  message.msg_iovlen = 1;
  if (address != NULL) {
    message.msg_name = (void *)(uintptr_t)address;
    message.msg_namelen = (socklen_t)net_address_size(address);
  }
  return message;
}

static ssize_t send_batch(conntrail_socket socket, const struct msghdr *message) {
  struct mmsghdr batch;
  memset(&batch, 0, sizeof batch);
  batch.msg_hdr = *message;
  return sendmmsg(socket, &batch, 1, MSG_NOSIGNAL) == 1 ? (ssize_t)batch.msg_len : -1;
}

net_result net_send_to(conntrail_socket socket, const void *bytes, size_t size,
                       const struct sockaddr_storage *to, net_way way) {
  struct iovec piece = {(void *)(uintptr_t)bytes, size};
  struct msghdr message = message_of(&piece, to);
  ssize_t sent = -1;
  if (way == NET_PLAIN) {
    sent = sendto(socket, bytes, size, MSG_NOSIGNAL, message.msg_name, message.msg_namelen);
  } else if (way == NET_GATHERED) {
    sent = sendmsg(socket, &message, MSG_NOSIGNAL);
  } else {
    sent = send_batch(socket, &message);
  }
  return sent == (ssize_t)size ? NET_OK : net_posix_failed(errno);
}

static ssize_t receive_batch(conntrail_socket socket, struct msghdr *message) {
  struct mmsghdr batch;
  memset(&batch, 0, sizeof batch);
  batch.msg_hdr = *message;
  int count = recvmmsg(socket, &batch, 1, 0, NULL);
  *message = batch.msg_hdr;
  return count == 1 ? (ssize_t)batch.msg_len : -1;
}

static ssize_t receive_plain(conntrail_socket socket, struct msghdr *message) {
  ssize_t size = recvfrom(socket, message->msg_iov->iov_base, message->msg_iov->iov_len, MSG_TRUNC,
                          message->msg_name, &message->msg_namelen);
  if (size > (ssize_t)message->msg_iov->iov_len) {
    message->msg_flags = MSG_TRUNC;
  }
  return size;
}

net_result net_receive_from(conntrail_socket socket, void *bytes, size_t capacity, size_t *size,
                            struct sockaddr_storage *from, net_way way) {
  struct iovec piece = {bytes, capacity};
  struct sockaddr_storage sender;
  struct msghdr message = message_of(&piece, NULL);
  ssize_t got;
  memset(&sender, 0, sizeof sender);
  message.msg_name = &sender;
  message.msg_namelen = sizeof sender;
  if (way == NET_PLAIN) {
    got = receive_plain(socket, &message);
  } else {
    got = way == NET_GATHERED ? recvmsg(socket, &message, 0) : receive_batch(socket, &message);
  }
  if (got < 0) {
    return net_posix_failed(errno);
  }
  if ((message.msg_flags & MSG_TRUNC) != 0) {
    return net_posix_failed(EMSGSIZE);
  }
  *size = (size_t)got;
  *from = sender;
  return NET_OK;
}

net_result net_limit_receives(conntrail_socket socket) {
  struct timeval limit = {10, 0};
  return setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0
             ? NET_OK
             : net_posix_failed(errno);
}

net_result net_enable_packet_info(conntrail_socket socket) {
  int yes = 1;
  return setsockopt(socket, IPPROTO_IP, IP_PKTINFO, &yes, sizeof yes) == 0
             ? NET_OK
             : net_posix_failed(errno);
}

bool net_packet_address(void *control, size_t size, struct sockaddr_storage *address) {
  struct msghdr message = {.msg_control = control, .msg_controllen = (socklen_t)size};
  for (struct cmsghdr *each = CMSG_FIRSTHDR(&message); each != NULL;
       each = CMSG_NXTHDR(&message, each)) {
    if (each->cmsg_level == IPPROTO_IP && each->cmsg_type == IP_PKTINFO) {
      struct in_pktinfo info;
      struct sockaddr_in in;
      memcpy(&info, CMSG_DATA(each), sizeof info);
      memset(&in, 0, sizeof in);
      in.sin_family = AF_INET;
      in.sin_addr = info.ipi_addr;
      memset(address, 0, sizeof *address);
      memcpy(address, &in, sizeof in);
      return true;
    }
  }
  return false;
}
