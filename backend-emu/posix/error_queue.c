/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>
#include <time.h>

/* It uses struct timespec. */
#include <linux/errqueue.h>

#include "watched.h"

/*
 * MSG_ERRQUEUE: the system returns where a failed datagram went, and which host refused it. The
 * program sees the destination that it asked for.
 */

typedef struct failed {
  conntrail__address target; /* to where it really went */
  conntrail__address asked;
  int family;
} failed;

/* False: it went where the program asked. */
static bool find_asked(int fd, failed *f) {
  conntrail__reference socket;
  if (!conntrail__reference_enter(fd, &socket)) {
    return false;
  }
  bool is_found = conntrail__datagram_asked_for(socket.socket, &f->target, &f->asked);
  f->family = socket.family;
  conntrail__reference_leave();
  return is_found;
}

/* The host that refused it is the one that was asked for, if it is the one to which it went. */
static void show_offender(const failed *f, struct cmsghdr *header) {
  struct sock_extended_err error;
  struct sockaddr_storage offender = {.ss_family = AF_UNSPEC};
  unsigned char *place = CMSG_DATA(header) + sizeof error;
  size_t room = header->cmsg_len - CMSG_LEN(0);
  if (room <= sizeof error || room - sizeof error > sizeof offender) {
    return;
  }
  conntrail__address address;
  memcpy(&offender, place, room - sizeof error);
  if (!conntrail__address_from_sockaddr((struct sockaddr *)&offender, room - sizeof error,
                                        &address)) {
    return;
  }
  uint16_t port = address.port;
  address.port = f->target.port;
  if (conntrail__address_equal(&address, &f->target)) {
    address = f->asked;
    address.port = port;
    size_t size = conntrail__address_to_family(&address, offender.ss_family, &offender);
    memcpy(place, &offender, size);
  }
}

static bool is_error(const struct cmsghdr *header) {
  return (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_RECVERR) ||
         (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_RECVERR);
}

static void show(const failed *f, struct msghdr *message) {
  for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header != NULL;
       header = CMSG_NXTHDR(message, header)) {
    if (is_error(header)) {
      show_offender(f, header);
    }
  }
}

ssize_t conntrail__error_queue_receive(int fd, struct msghdr *message, int flags) {
  struct sockaddr_storage to;
  struct msghdr received = *message;
  received.msg_name = &to;
  received.msg_namelen = sizeof to;
  ssize_t size = CONNTRAIL__REAL(recvmsg)(fd, &received, flags);
  if (size < 0) {
    return size;
  }
  failed f;
  int error = errno;
  message->msg_controllen = received.msg_controllen;
  message->msg_flags = received.msg_flags;
  if (conntrail__address_from_sockaddr((struct sockaddr *)&to, received.msg_namelen, &f.target) &&
      find_asked(fd, &f)) {
    received.msg_namelen = (socklen_t)conntrail__address_to_family(&f.asked, f.family, &to);
    show(&f, message);
  }
  if (message->msg_name != NULL) {
    conntrail__copy_address(&to, received.msg_namelen, message->msg_name, &message->msg_namelen);
  }
  errno = error;
  return size;
}
