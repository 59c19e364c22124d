/* SPDX-License-Identifier: MIT */

/*
 * Where the client of an accepted TCP connection wanted to go. Contracts: src/backend.h, clauses K5
 * to K10. [S] marks what was seen on Linux 6.18.
 */

#include "../src/backend.h"

#include <errno.h>
#include <linux/netfilter_ipv4.h>

#include "../src/failure.h"
#include "address_linux.h"
#include "again_linux.h"
#include "errno_linux.h"

/* [D] linux/in.h, which not every libc has by this name. */
enum { PROTOCOL_MULTIPATH = 262 };

typedef struct connection {
  conntrail_socket socket;
  conntrail__linux_address local;
  uint16_t listener_port; /* 0 where the caller has not said */
} connection;

static bool has_entry(int error) {
  return error != ENOENT && error != EOPNOTSUPP && error != ENOPROTOOPT;
}

/*
 * What connection tracking says: 0 with found written; CONNTRAIL__ERROR_NOT_FOUND where nothing
 * translated the connection; CONNTRAIL__DESTINATION_UNKNOWN where there is no entry; or the Winsock
 * number.
 *
 * [S] The family of the local address chooses the level: an IPv4 client of an IPv6 socket has its
 * entry at SOL_IP. The size must be that of the structure, and is not written.
 */
static uint32_t look_up(const connection *accepted, conntrail__linux_address *found) {
  bool is_ipv4 = accepted->local.any.sa_family == AF_INET;
  socklen_t size = conntrail__linux_size(&accepted->local);
  /* [D] IP6T_SO_ORIGINAL_DST is the same number. */
  if (conntrail__getsockopt(accepted->socket, is_ipv4 ? SOL_IP : SOL_IPV6, SO_ORIGINAL_DST, found,
                            &size) != 0) {
    return has_entry(errno) ? conntrail__native_of_errno(errno) : CONNTRAIL__DESTINATION_UNKNOWN;
  }
  if (found->any.sa_family != accepted->local.any.sa_family) {
    return CONNTRAIL__DESTINATION_UNKNOWN;
  }
  return conntrail__linux_same(found, &accepted->local) ? CONNTRAIL__ERROR_NOT_FOUND : 0;
}

/* [S] An entry that began with a packet of the proxy takes the client for the destination. So an
 * entry counts only while the client is known: after a reset it is not. */
static uint32_t refuse_late_entry(const connection *accepted,
                                  const conntrail__linux_address *found) {
  conntrail__linux_address peer;
  socklen_t size = sizeof peer;
  if (conntrail__getpeername(accepted->socket, &peer.any, &size) != 0) {
    return conntrail__native_of_errno(errno);
  }
  conntrail__linux_unmap(&peer);
  return conntrail__linux_same(found, &peer) ? CONNTRAIL__DESTINATION_UNKNOWN : 0;
}

/* Why there is no entry: the socket may be one that cannot have any. */
static uint32_t explain_no_entry(const connection *accepted) {
  int protocol = 0;
  socklen_t size = sizeof protocol;
  if (conntrail__getsockopt(accepted->socket, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) != 0) {
    return conntrail__native_of_errno(errno);
  }
  if (protocol != IPPROTO_TCP && protocol != PROTOCOL_MULTIPATH) {
    return conntrail__native_of_errno(EINVAL);
  }
  conntrail__linux_address peer;
  size = sizeof peer;
  if (conntrail__getpeername(accepted->socket, &peer.any, &size) != 0) {
    return conntrail__native_of_errno(errno);
  }
  return protocol == PROTOCOL_MULTIPATH ? CONNTRAIL__MULTIPATH : CONNTRAIL__DESTINATION_UNKNOWN;
}

/* [S] SOL_IP reads it from IPv6 sockets as well: both families have one flag. */
static bool is_transparent(conntrail_socket socket) {
  int flag = 0;
  socklen_t size = sizeof flag;
  return conntrail__getsockopt(socket, SOL_IP, IP_TRANSPARENT, &flag, &size) == 0 && flag != 0;
}

/*
 * Answers 0 where TPROXY delivered the connection, and otherwise where it did not. The flag alone
 * proves nothing: direct connections to the same listener have it too.
 */
static uint32_t judge_delivery(const connection *accepted, uint32_t otherwise) {
  if (!is_transparent(accepted->socket)) {
    return otherwise;
  }
  if (accepted->listener_port != 0 && accepted->local.v4.sin_port != accepted->listener_port) {
    return 0;
  }
  bool is_own = true;
  uint32_t native = conntrail__linux_is_own(&accepted->local, &is_own);
  if (native != 0) {
    return native;
  }
  return is_own ? otherwise : 0;
}

/* A translation that leads to the listener itself (K10). */
static uint32_t refuse_proxy(const connection *accepted, const conntrail__linux_address *found) {
  uint16_t port =
      accepted->listener_port != 0 ? accepted->listener_port : accepted->local.v4.sin_port;
  if (found->v4.sin_port != port) {
    return 0;
  }
  bool is_own = true;
  uint32_t native = conntrail__linux_is_own(found, &is_own);
  if (native != 0) {
    return native;
  }
  return is_own ? CONNTRAIL__DESTINATION_IS_PROXY : 0;
}

static uint32_t find_translation(const connection *accepted, conntrail__linux_address *found) {
  uint32_t native = look_up(accepted, found);
  if (native == CONNTRAIL__DESTINATION_UNKNOWN) {
    return explain_no_entry(accepted);
  }
  if (native == 0) {
    native = refuse_late_entry(accepted, found);
  }
  return native == 0 ? refuse_proxy(accepted, found) : native;
}

static bool leaves_delivery(uint32_t native) {
  return native == CONNTRAIL__ERROR_NOT_FOUND || native == CONNTRAIL__DESTINATION_UNKNOWN ||
         native == CONNTRAIL__MULTIPATH;
}

/* A listener is asked whenever it is given, so that a wrong one is always refused. */
static uint32_t read_names(conntrail_socket listener, connection *accepted) {
  uint32_t native = conntrail__linux_name(accepted->socket, &accepted->local);
  if (native != 0 || listener == CONNTRAIL_INVALID_SOCKET) {
    return native;
  }
  conntrail__linux_address name;
  native = conntrail__linux_name(listener, &name);
  accepted->listener_port = native == 0 ? name.v4.sin_port : 0;
  return native;
}

uint32_t conntrail__backend_translated_destination(conntrail_socket accepted,
                                                   conntrail_socket listener,
                                                   struct sockaddr_storage *destination) {
  connection asked = {.socket = accepted};
  conntrail__linux_address found;
  uint32_t native = read_names(listener, &asked);
  if (native == 0) {
    native = find_translation(&asked, &found);
  }
  if (leaves_delivery(native)) {
    found = asked.local;
    native = judge_delivery(&asked, native);
  }
  if (native == 0) {
    conntrail__linux_store(&found, destination);
  }
  return native;
}
