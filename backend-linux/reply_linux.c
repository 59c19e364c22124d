/* SPDX-License-Identifier: MIT */

/*
 * A datagram back to the client of a flow, from the address that the client sent to. Contracts:
 * src/backend.h, clause K14. [S] marks what was seen on Linux 6.18.
 */

#include "../src/backend.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "address_linux.h"
#include "errno_linux.h"

typedef union source_control {
  struct cmsghdr aligned;
  unsigned char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
} source_control;

static struct msghdr message_to(conntrail__linux_address *peer, struct iovec *pieces,
                                const conntrail__reply *reply) {
  for (uint32_t i = 0; i < reply->payload_count; i++) {
    pieces[i] = (struct iovec){reply->payload[i].bytes, reply->payload[i].size};
  }
  return (struct msghdr){.msg_name = &peer->any,
                         .msg_namelen = conntrail__linux_size(peer),
                         .msg_iov = pieces,
                         .msg_iovlen = (uint16_t)reply->payload_count};
}

static uint32_t transmit(conntrail_socket socket, const struct msghdr *message) {
  ssize_t sent = -1;
  do {
    sent = sendmsg(socket, message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent >= 0 ? 0 : conntrail__native_of_errno(errno);
}

static void put_control(struct msghdr *message, source_control *control, int level, int type,
                        const void *data, size_t size) {
  message->msg_control = control->bytes;
  message->msg_controllen = (socklen_t)CMSG_SPACE(size); /* size_t in glibc */
  struct cmsghdr *header = CMSG_FIRSTHDR(message);
  header->cmsg_level = level;
  header->cmsg_type = type;
  header->cmsg_len = (socklen_t)CMSG_LEN(size);
  memcpy(CMSG_DATA(header), data, size);
}

/* [S] An IPv6 socket that sends to an IPv4 address takes the source from SOL_IP as well. */
static void put_source(struct msghdr *message, source_control *control,
                       const conntrail__linux_address *source) {
  if (source->any.sa_family == AF_INET) {
    const struct in_pktinfo from = {.ipi_spec_dst = source->v4.sin_addr};
    put_control(message, control, SOL_IP, IP_PKTINFO, &from, sizeof from);
  } else if (source->any.sa_family == AF_INET6) {
    const struct in6_pktinfo from = {source->v6.sin6_addr, conntrail__linux_interface(source)};
    put_control(message, control, SOL_IPV6, IPV6_PKTINFO, &from, sizeof from);
  }
}

/* [S] Without a source of its own, the kernel would choose one by the route: for a client of this
 * host another one than the client's datagrams came to, and connection tracking would not know the
 * flow again. */
static uint32_t send_from_listener(conntrail_socket socket, const conntrail__reply *reply,
                                   const conntrail__linux_address *local) {
  conntrail__linux_address peer;
  memcpy(&peer, reply->peer, sizeof peer);
  struct iovec pieces[CONNTRAIL_MOST_BUFFERS];
  source_control control = {0};
  struct msghdr message = message_to(&peer, pieces, reply);
  put_source(&message, &control, local);
  return transmit(socket, &message);
}

static uint32_t send_from_transparent(const conntrail__reply *reply) {
  conntrail__linux_address peer = conntrail__linux_address_of(reply->peer);
  struct iovec pieces[CONNTRAIL_MOST_BUFFERS];
  const struct msghdr message = message_to(&peer, pieces, reply);
  return transmit(*reply->transparent, &message);
}

/* The mark distinguishes the proxy's own datagrams from those to redirect. [S] Reading it needs no
 * right, and setting it none that IP_TRANSPARENT does not need. */
static bool copy_mark(conntrail_socket from, int to) {
  int mark = 0;
  socklen_t size = sizeof mark;
  return getsockopt(from, SOL_SOCKET, SO_MARK, &mark, &size) == 0 &&
         (mark == 0 || setsockopt(to, SOL_SOCKET, SO_MARK, &mark, sizeof mark) == 0);
}

/* SO_REUSEADDR: each flow to one destination has a socket of its own. */
static bool bind_transparent(conntrail_socket listener, int fd,
                             const conntrail__linux_address *source) {
  const int enabled = 1;
  return setsockopt(fd, SOL_IP, IP_TRANSPARENT, &enabled, sizeof enabled) == 0 &&
         setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &enabled, sizeof enabled) == 0 &&
         copy_mark(listener, fd) && bind(fd, &source->any, conntrail__linux_size(source)) == 0;
}

static uint32_t open_transparent(conntrail_socket listener, const conntrail__linux_address *source,
                                 conntrail_socket *opened) {
  int flags = fcntl(listener, F_GETFL);
  if (flags < 0) {
    return conntrail__native_of_errno(errno);
  }
  int blocking = (flags & O_NONBLOCK) != 0 ? SOCK_NONBLOCK : 0;
  int fd = socket(source->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | blocking, IPPROTO_UDP);
  if (fd < 0) {
    return conntrail__native_of_errno(errno);
  }
  if (!bind_transparent(listener, fd, source)) {
    uint32_t native = conntrail__native_of_errno(errno);
    (void)close(fd);
    return native;
  }
  *opened = fd;
  return 0;
}

/* [S] Unconnected, it takes no datagram that TPROXY delivers, as long as the rule "socket
 * transparent" is for TCP alone. Bound to an address of this host, it would take those that other
 * programs wait for: that is refused. */
static uint32_t send_from_destination(conntrail_socket socket, const conntrail__reply *reply,
                                      const conntrail__linux_address *destination) {
  bool is_own = true;
  uint32_t native = conntrail__linux_is_own(destination, &is_own);
  if (native == 0 && is_own) {
    native = conntrail__native_of_errno(EADDRNOTAVAIL);
  }
  if (native != 0) {
    return native;
  }
  conntrail_socket opened = CONNTRAIL_INVALID_SOCKET;
  native = open_transparent(socket, destination, &opened);
  if (native != 0) {
    return native;
  }
  *reply->transparent = opened;
  return send_from_transparent(reply);
}

/*
 * Where the two addresses differ, REDIRECT translated the flow and turns the reply's source back.
 * Where they are one, the client sent to that address: the listener itself can send from it if the
 * port is its own.
 */
uint32_t conntrail__backend_reply(conntrail_socket socket, const conntrail__reply *reply) {
  const conntrail__linux_address local = conntrail__linux_address_of(reply->local);
  const conntrail__linux_address destination = conntrail__linux_address_of(reply->destination);
  if (!conntrail__linux_same(&local, &destination)) {
    return send_from_listener(socket, reply, &local);
  }
  if (*reply->transparent != CONNTRAIL_INVALID_SOCKET) {
    return send_from_transparent(reply);
  }
  conntrail__linux_address name;
  uint32_t native = conntrail__linux_name(socket, &name);
  if (native != 0) {
    return native;
  }
  return name.v4.sin_port == local.v4.sin_port ? send_from_listener(socket, reply, &local)
                                               : send_from_destination(socket, reply, &destination);
}

void conntrail__backend_close(conntrail_socket socket) {
  (void)close(socket);
}
