/* SPDX-License-Identifier: MIT */
#include "diag.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { STATE_LISTEN = 10 }; /* [D] include/net/tcp_states.h */

enum {
  AT_ONCE = 32,
  ROOM = 1024,
  ALL_STATES = -1,
  MOST_BATCHES = 10000,
  EVENT_ROOM = 8 * 1024 * 1024
};

typedef struct question {
  struct nlmsghdr header;
  struct inet_diag_req_v2 body;
} question;

static int open_netlink(uint32_t groups) {
  /* [D] netlink(7): bind() gives it a port ID; the kernel sends nothing to a socket without one. */
  const struct sockaddr_nl own = {.nl_family = AF_NETLINK, .nl_groups = groups};
  int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (fd >= 0 && bind(fd, (const struct sockaddr *)&own, sizeof own) != 0) {
    int error = errno;
    close(fd);
    errno = error;
    return -1;
  }
  return fd;
}

static uint32_t bit_of(int group) {
  return UINT32_C(1) << (group - 1);
}

bool conntrail__diag_open(conntrail__diag *diag) {
  int room = EVENT_ROOM;
  diag->questions = open_netlink(0);
  diag->events =
      open_netlink(bit_of(SKNLGRP_INET_TCP_DESTROY) | bit_of(SKNLGRP_INET_UDP_DESTROY) |
                   bit_of(SKNLGRP_INET6_TCP_DESTROY) | bit_of(SKNLGRP_INET6_UDP_DESTROY));
  if (diag->events < 0 || diag->questions < 0) {
    int error = errno;
    conntrail__diag_close(diag);
    errno = error;
    return false;
  }
  if (setsockopt(diag->events, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) != 0) {
    (void)setsockopt(diag->events, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  }
  return true;
}

void conntrail__diag_close(conntrail__diag *diag) {
  if (diag->events >= 0) {
    close(diag->events);
  }
  if (diag->questions >= 0) {
    close(diag->questions);
  }
  diag->events = -1;
  diag->questions = -1;
}

/* ---- Addresses ------------------------------------------------------------------------------- */

static size_t size_of(uint8_t family) {
  return family == CONNTRAIL__IPV4 ? 4 : 16;
}

static conntrail__address read_address(int family, const __be32 *bytes, __be16 port,
                                       uint32_t interface) {
  conntrail__address address;
  memset(&address, 0, sizeof address);
  address.family = family == AF_INET ? CONNTRAIL__IPV4 : CONNTRAIL__IPV6;
  memcpy(address.bytes, bytes, size_of(address.family));
  address.port = ntohs(port);
  conntrail__address_unmap(&address);
  if (address.family == CONNTRAIL__IPV6 && address.bytes[0] == 0xfe) { /* link-local: it has one */
    address.scope = interface;
  }
  return address;
}

static conntrail__diag_socket read_socket(const struct inet_diag_msg *message) {
  const struct inet_diag_sockid *id = &message->id;
  return (conntrail__diag_socket){
      .cookie = (uint64_t)id->idiag_cookie[1] << 32 | id->idiag_cookie[0],
      .inode = message->idiag_inode,
      .family = message->idiag_family,
      .state = message->idiag_state,
      .local = read_address(message->idiag_family, id->idiag_src, id->idiag_sport, id->idiag_if),
      .remote = read_address(message->idiag_family, id->idiag_dst, id->idiag_dport, id->idiag_if)};
}

/* ---- Look-ups -------------------------------------------------------------------------------- */

static question ask_for(const conntrail__address *local, const conntrail__address *remote,
                        uint64_t cookie) {
  question asked;
  memset(&asked, 0, sizeof asked);
  asked.header = (struct nlmsghdr){
      .nlmsg_len = sizeof asked, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST};
  asked.body.sdiag_family = local->family == CONNTRAIL__IPV4 ? AF_INET : AF_INET6;
  asked.body.sdiag_protocol = IPPROTO_TCP;
  asked.body.idiag_states = (__u32)ALL_STATES;
  struct inet_diag_sockid *id = &asked.body.id;
  id->idiag_sport = htons(local->port);
  id->idiag_dport = htons(remote->port);
  memcpy(id->idiag_src, local->bytes, size_of(local->family));
  memcpy(id->idiag_dst, remote->bytes, size_of(remote->family));
  id->idiag_if = local->scope;
  id->idiag_cookie[0] = cookie == 0 ? INET_DIAG_NOCOOKIE : (__u32)cookie;
  id->idiag_cookie[1] = cookie == 0 ? INET_DIAG_NOCOOKIE : (__u32)(cookie >> 32);
  return asked;
}

/* Where there is no such connection (its SYN waits, or was dropped), the kernel answers with who
 * listens there, as it would for a packet. [D] net/ipv4/inet_hashtables.c: __inet_lookup(). */
static bool is_between(const conntrail__diag_socket *found, const conntrail__address *local,
                       const conntrail__address *remote) {
  return found->local.port == local->port && found->remote.port == remote->port;
}

/* The kernel has answered when send() returns. */
bool conntrail__diag_find(const conntrail__diag *diag, const conntrail__address *local,
                          const conntrail__address *remote, uint64_t cookie,
                          conntrail__diag_socket *found) {
  const question asked = ask_for(local, remote, cookie);
  _Alignas(struct nlmsghdr) char answer[4096];
  if (local->family != remote->family ||
      send(diag->questions, &asked, sizeof asked, 0) != (ssize_t)sizeof asked) {
    return false;
  }
  ssize_t size = recv(diag->questions, answer, sizeof answer, MSG_DONTWAIT);
  const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)answer;
  if (size < (ssize_t)NLMSG_LENGTH(sizeof(struct inet_diag_msg)) ||
      header->nlmsg_type != SOCK_DIAG_BY_FAMILY) {
    return false;
  }
  *found = read_socket((const struct inet_diag_msg *)NLMSG_DATA(header));
  return is_between(found, local, remote);
}

bool conntrail__diag_listens(const conntrail__diag *diag, const conntrail__address *local) {
  const conntrail__address any = {.family = local->family};
  conntrail__diag_socket found;
  return conntrail__diag_find(diag, local, &any, 0, &found) && found.state == STATE_LISTEN;
}

/* ---- Events ---------------------------------------------------------------------------------- */

static void read_batch(const char *bytes, size_t size, conntrail__diag_report report, void *arg) {
  size_t at = 0;
  while (size - at >= sizeof(struct nlmsghdr)) {
    const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)(bytes + at);
    if (header->nlmsg_len < sizeof *header || header->nlmsg_len > size - at) {
      return;
    }
    if (header->nlmsg_type == SOCK_DIAG_BY_FAMILY &&
        header->nlmsg_len >= NLMSG_LENGTH(sizeof(struct inet_diag_msg))) {
      const conntrail__diag_socket socket =
          read_socket((const struct inet_diag_msg *)NLMSG_DATA(header));
      report(arg, &socket);
    }
    size_t step = NLMSG_ALIGN(header->nlmsg_len);
    at += step < size - at ? step : size - at;
  }
}

typedef struct intake {
  struct mmsghdr headers[AT_ONCE];
  struct iovec pieces[AT_ONCE];
  _Alignas(struct nlmsghdr) char rooms[AT_ONCE][ROOM];
} intake;

static int receive_batch(int fd, intake *b) {
  memset(b->headers, 0, sizeof b->headers);
  for (int i = 0; i < AT_ONCE; i++) {
    b->pieces[i] = (struct iovec){b->rooms[i], sizeof b->rooms[i]};
    b->headers[i].msg_hdr.msg_iov = &b->pieces[i];
    b->headers[i].msg_hdr.msg_iovlen = 1;
  }
  return recvmmsg(fd, b->headers, AT_ONCE, MSG_DONTWAIT, NULL);
}

bool conntrail__diag_read(const conntrail__diag *diag, conntrail__diag_report report, void *arg,
                          bool *is_any) {
  intake b;
  bool is_whole = true;
  *is_any = false;
  for (int i = 0; i < MOST_BATCHES; i++) {
    int count = receive_batch(diag->events, &b);
    for (int k = 0; k < count; k++) {
      read_batch(b.rooms[k], b.headers[k].msg_len, report, arg);
    }
    *is_any = *is_any || count > 0;
    if (count < 0 && errno == ENOBUFS) {
      is_whole = false;
    } else if (count < AT_ONCE && (count >= 0 || errno != EINTR)) {
      break;
    }
  }
  return is_whole;
}
