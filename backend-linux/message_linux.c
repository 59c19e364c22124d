/* SPDX-License-Identifier: MIT */

/* Messages: recvmsg and sendmsg. Contracts: src/backend.h. */

#include "../src/backend.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "again_linux.h"
#include "call_linux.h"
#include "errno_linux.h"

const conntrail__message_numbers conntrail__backend_messages[CONNTRAIL__MESSAGE_FAMILIES] = {
    [CONNTRAIL__MESSAGES_IPV4] = {SOL_CONNTRAIL, CONNTRAIL_LINUX_RECORDS4,
                                  CONNTRAIL_LINUX_CONTEXT4},
    [CONNTRAIL__MESSAGES_IPV6] = {SOL_CONNTRAIL, CONNTRAIL_LINUX_RECORDS6,
                                  CONNTRAIL_LINUX_CONTEXT6}};

/* The pieces of a message go to the system as they are. */
_Static_assert(sizeof(conntrail_buffer) == sizeof(struct iovec), "conntrail_buffer");
_Static_assert(offsetof(conntrail_buffer, bytes) == offsetof(struct iovec, iov_base), "bytes");
_Static_assert(offsetof(conntrail_buffer, size) == offsetof(struct iovec, iov_len), "size");

uint32_t conntrail__backend_enable(conntrail_socket socket, int level, int option) {
  const int enabled = 1;
  uint32_t native = conntrail__backend_has_records(socket);
  if (native != 0) {
    return native;
  }
  return setsockopt(socket, level, option, &enabled, sizeof enabled) == 0
             ? 0
             : conntrail__linux_level_failure(socket);
}

static bool is_datagram_socket(conntrail_socket socket, uint32_t *native) {
  int type = 0;
  socklen_t size = sizeof type;
  if (conntrail__getsockopt(socket, SOL_SOCKET, SO_TYPE, &type, &size) != 0) {
    *native = conntrail__native_of_errno(errno);
  } else {
    *native = type == SOCK_DGRAM ? 0 : CONNTRAIL__WSAEINVAL;
  }
  return *native == 0;
}

/* recvmsg() on a socket that nothing can be sent to would wait for ever. [D] WSARecvMsg: 10022.
 * Answers 0 or the Winsock number. */
static uint32_t check_bound(conntrail_socket socket) {
  struct sockaddr_storage local;
  struct sockaddr_in port_at_one_place;
  socklen_t size = sizeof local;
  memset(&local, 0, sizeof local);
  if (getsockname(socket, (struct sockaddr *)&local, &size) != 0) {
    return conntrail__native_of_errno(errno);
  }
  /* sin_port and sin6_port are at the same place. */
  memcpy(&port_at_one_place, &local, sizeof port_at_one_place);
  bool is_internet = local.ss_family == AF_INET || local.ss_family == AF_INET6;
  return is_internet && port_at_one_place.sin_port == 0 ? CONNTRAIL__WSAEINVAL : 0;
}

/* What was found to be right is not asked again while the message serves this socket. */
enum { CHECKED_TO_SEND, CHECKED_TO_RECEIVE };
static const char checked[] = {CHECKED_TO_SEND, CHECKED_TO_RECEIVE};

static bool was_checked(const conntrail__datagram *datagram, unsigned use) {
  return *datagram->call == &checked[CHECKED_TO_RECEIVE] || *datagram->call == &checked[use];
}

static uint32_t check(conntrail_socket socket, const conntrail__datagram *datagram, unsigned use) {
  uint32_t native = 0;
  if (was_checked(datagram, use)) {
    return 0;
  }
  if (!is_datagram_socket(socket, &native)) {
    return native;
  }
  native = use == CHECKED_TO_RECEIVE ? check_bound(socket) : 0;
  if (native != 0) {
    return native;
  }
  *datagram->call = (void *)&checked[use];
  return 0;
}

static struct msghdr message_of(const conntrail__datagram *datagram) {
  struct msghdr message;
  memset(&message, 0, sizeof message);
  message.msg_name = datagram->peer;
  message.msg_namelen = datagram->peer == NULL ? 0 : (socklen_t)datagram->peer_size;
  message.msg_iov = (struct iovec *)(void *)datagram->payload;
  message.msg_iovlen = (uint16_t)datagram->payload_count; /* size_t in glibc, int in musl */
  message.msg_control = datagram->control_size == 0 ? NULL : datagram->control;
  message.msg_controllen = datagram->control_size;
  return message;
}

uint32_t conntrail__backend_recvmsg(conntrail_socket socket, conntrail__datagram *datagram) {
  uint32_t native = check(socket, datagram, CHECKED_TO_RECEIVE);
  struct msghdr message = message_of(datagram);
  if (native != 0) {
    return native;
  }
  ssize_t size = recvmsg(socket, &message, (datagram->flags & CONNTRAIL__PEEK) != 0 ? MSG_PEEK : 0);
  if (size < 0) {
    return conntrail__linux_failure(socket);
  }
  datagram->bytes = (uint32_t)size;
  datagram->peer_size = message.msg_namelen;
  datagram->control_size = (uint32_t)message.msg_controllen;
  datagram->flags = ((message.msg_flags & MSG_TRUNC) != 0 ? CONNTRAIL__DATA_CUT : 0) |
                    ((message.msg_flags & MSG_CTRUNC) != 0 ? CONNTRAIL__CONTROL_CUT : 0);
  return datagram->flags == 0 ? 0 : CONNTRAIL__WSAEMSGSIZE;
}

uint32_t conntrail__backend_sendmsg(conntrail_socket socket, const conntrail__datagram *datagram) {
  uint32_t native = check(socket, datagram, CHECKED_TO_SEND);
  const struct msghdr message = message_of(datagram);
  if (native != 0) {
    return native;
  }
  if (sendmsg(socket, &message, MSG_NOSIGNAL) >= 0) {
    return 0;
  }
  /* [D] What Winsock says of a socket without a peer. */
  return errno == EDESTADDRREQ ? CONNTRAIL__WSAENOTCONN : conntrail__linux_failure(socket);
}
