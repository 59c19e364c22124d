/* SPDX-License-Identifier: MIT */

/*
 * Where the sender of a datagram wanted it to go. Contracts: src/backend.h, clauses K11 to K13. [S]
 * marks what was seen on Linux 6.18.
 *
 * IP_PKTINFO is not asked for. The address that it gives is the one of IP_RECVORIGDSTADDR, which
 * has the port and the interface of a link-local address as well. A send may name its source
 * without it (reply_linux.c), and the caller's own IP_PKTINFO stays the caller's.
 */

#include "../src/backend.h"

#include <errno.h>
#include <string.h>

#include "../src/failure.h"
#include "address_linux.h"
#include "again_linux.h"
#include "conntrack_linux.h"
#include "errno_linux.h"

/* [D] linux/in6.h; netinet/in.h of an older libc lacks it. */
#ifndef IPV6_ORIGDSTADDR
#define IPV6_ORIGDSTADDR 74
#endif

static uint32_t enable(conntrail_socket socket, int level, int option) {
  const int enabled = 1;
  return setsockopt(socket, level, option, &enabled, sizeof enabled) == 0
             ? 0
             : conntrail__native_of_errno(errno);
}

/* [S] A datagram of IPv4 brings its address at SOL_IP, to an IPv6 socket as well. */
uint32_t conntrail__backend_enable_local(conntrail_socket socket,
                                         const conntrail__socket_facts *facts) {
  uint32_t native = facts->is_ipv6 ? enable(socket, SOL_IPV6, IPV6_ORIGDSTADDR) : 0;
  if (native == 0 && (!facts->is_ipv6 || facts->is_dual_stack)) {
    native = enable(socket, SOL_IP, IP_ORIGDSTADDR);
  }
  return native;
}

static bool read_address(const conntrail__control_item *item, sa_family_t family, size_t size,
                         struct sockaddr_storage *local) {
  struct sockaddr_storage read = {0};
  if (item->size < size) {
    return false;
  }
  memcpy(&read, item->data, size);
  if (read.ss_family != family) {
    return false;
  }
  *local = read;
  return true;
}

bool conntrail__backend_read_local(const conntrail__control_item *item,
                                   struct sockaddr_storage *local) {
  if (item->level == SOL_IP && item->type == IP_ORIGDSTADDR) {
    return read_address(item, AF_INET, sizeof(struct sockaddr_in), local);
  }
  return item->level == SOL_IPV6 && item->type == IPV6_ORIGDSTADDR &&
         read_address(item, AF_INET6, sizeof(struct sockaddr_in6), local);
}

static uint32_t refuse_other_kinds(conntrail_socket socket) {
  int protocol = 0;
  socklen_t size = sizeof protocol;
  if (conntrail__getsockopt(socket, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) != 0) {
    return conntrail__native_of_errno(errno);
  }
  return protocol == IPPROTO_UDP ? 0 : conntrail__native_of_errno(EINVAL);
}

/* Answers 0 where TPROXY delivered it, CONNTRAIL__ERROR_NOT_FOUND where it came to an address and
 * port of this socket, or the Winsock number. */
static uint32_t judge_delivery(uint16_t port, const conntrail__linux_address *local) {
  if (local->v4.sin_port != port) {
    return 0;
  }
  bool is_own = true;
  uint32_t native = conntrail__linux_is_own(local, &is_own);
  if (native != 0) {
    return native;
  }
  return is_own ? CONNTRAIL__ERROR_NOT_FOUND : 0;
}

static uint32_t look_up(uint16_t port, const conntrail__linux_address *peer,
                        const conntrail__linux_address *local, conntrail__linux_address *found) {
  bool is_own = false;
  uint32_t native = conntrail__conntrack_original(IPPROTO_UDP, local, peer, found);
  if (native == 0 && found->v4.sin_port == port) {
    native = conntrail__linux_is_own(found, &is_own);
  }
  return native == 0 && is_own ? CONNTRAIL__DESTINATION_IS_PROXY : native;
}

uint32_t conntrail__backend_datagram_destination(conntrail_socket socket,
                                                 const struct sockaddr_storage *peer,
                                                 const struct sockaddr_storage *local,
                                                 struct sockaddr_storage *destination) {
  const conntrail__linux_address from = conntrail__linux_address_of(peer);
  const conntrail__linux_address to = conntrail__linux_address_of(local);
  conntrail__linux_address found = to;
  conntrail__linux_address name;
  uint32_t native = conntrail__linux_name(socket, &name);
  if (native == 0) {
    native = refuse_other_kinds(socket);
  }
  if (native != 0) {
    return native;
  }
  if (!conntrail__linux_is_internet(&from) || from.any.sa_family != to.any.sa_family) {
    return CONNTRAIL__DESTINATION_UNKNOWN;
  }
  native = judge_delivery(name.v4.sin_port, &to);
  if (native == CONNTRAIL__ERROR_NOT_FOUND) {
    native = look_up(name.v4.sin_port, &from, &to, &found);
  }
  if (native == 0) {
    conntrail__linux_store(&found, destination);
  }
  return native;
}
