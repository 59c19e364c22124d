/* SPDX-License-Identifier: MIT */
#include "decide.h"

#include "../../src/numbers.h"
#include "relay.h"

/* ---- Where it goes --------------------------------------------------------------------------- */

/* False: an IPv6 address for an IPv4 socket. */
static bool set_target(const conntrail__reference *socket, const conntrail__address *remote,
                       const conntrail__address *where, conntrail__connect_target *target) {
  target->where = *where;
  target->is_elsewhere = !conntrail__address_equal(remote, where);
  target->size = conntrail__address_to_family(where, socket->family, &target->address);
  return target->size != 0;
}

void conntrail__target_nowhere(int family, conntrail__connect_target *target) {
  target->where =
      conntrail__address_loopback(family == AF_INET ? CONNTRAIL__IPV4 : CONNTRAIL__IPV6, 0);
  target->size = conntrail__address_to_sockaddr(&target->where, &target->address);
  target->is_elsewhere = true;
}

/* The system goes elsewhere than the program asked. 0, or the system's error. */
static int let_through(const conntrail__reference *socket, const conntrail__address *remote,
                       const conntrail__address *where) {
  return conntrail__address_equal(remote, where)
             ? 0
             : conntrail__native_let_through(socket->handle, socket->family, where);
}

/* ---- Streams --------------------------------------------------------------------------------- */

void conntrail__tell_connect(conntrail__socket *socket, conntrail__outcome outcome,
                             const conntrail__address *local) {
  bool is_known = local->family != CONNTRAIL__NO_FAMILY;
  conntrail__socket_connected(socket, outcome, is_known ? local : NULL, 0);
}

int conntrail__tell_rejected(conntrail__socket *socket, int error) {
  conntrail__socket_connected(socket, CONNTRAIL__REJECTED, NULL,
                              conntrail__native_number_of(error));
  return error;
}

int conntrail__decide_connect(const conntrail__reference *socket, const conntrail__address *remote,
                              const conntrail__identity *who, conntrail__connect_target *target) {
  conntrail__decision decision = conntrail__socket_connecting(socket->socket, remote, who);
  if (decision.native != 0) {
    return conntrail__native_error_of(decision.native);
  }
  int error = set_target(socket, remote, &decision.target, target)
                  ? let_through(socket, remote, &target->where)
                  : conntrail__native_error_of(CONNTRAIL__WSAEAFNOSUPPORT);
  return error == 0 ? 0 : conntrail__tell_rejected(socket->socket, error);
}

int conntrail__connect_error(const conntrail__reference *socket,
                             const conntrail__connect_target *target, int error) {
  bool is_port_taken = target->is_elsewhere && socket->state == CONNTRAIL__BOUND &&
                       error == conntrail__native_error_of(CONNTRAIL__WSAEADDRNOTAVAIL);
  return is_port_taken ? conntrail__native_error_of(CONNTRAIL__WSAEADDRINUSE) : error;
}

/* ---- Datagrams ------------------------------------------------------------------------------- */

/* 0, or the system's error, and a new flow never existed. May change the decision's target. */
static int settle(const conntrail__reference *socket, const conntrail__address *remote,
                  conntrail__datagram_decision *decision) {
  int error = let_through(socket, remote, &decision->target);
  if (decision->unsettled != NULL && error == 0) {
    return conntrail__relay_settle(socket, decision);
  }
  if (decision->unsettled != NULL) {
    conntrail__datagram_abandon(decision);
  }
  return error;
}

int conntrail__decide_association(const conntrail__reference *socket,
                                  const conntrail__address *remote, const conntrail__identity *who,
                                  conntrail__connect_target *target) {
  conntrail__datagram_decision decision =
      conntrail__datagram_connecting(socket->socket, remote, who);
  target->size = 0;
  if (decision.native != 0) {
    return conntrail__native_error_of(decision.native);
  }
  int error = settle(socket, remote, &decision);
  bool is_possible = set_target(socket, remote, &decision.target, target);
  return error != 0 || is_possible ? error : conntrail__native_error_of(CONNTRAIL__WSAEAFNOSUPPORT);
}

int conntrail__associate(const conntrail__reference *socket, const conntrail__address *remote,
                         const conntrail__connect_target *target) {
  if (!conntrail__native_associate(socket->handle, (const struct sockaddr *)&target->address,
                                   target->size)) {
    return conntrail__native_error();
  }
  conntrail__socket_associated(socket->socket, remote);
  return 0;
}

/* ---- Names ----------------------------------------------------------------------------------- */

typedef void (*name_report)(conntrail__socket *socket, const conntrail__address *local);

static void tell_name(const conntrail__reference *socket, name_report report) {
  conntrail__address local;
  if (conntrail__native_local_address(socket->handle, &local)) {
    report(socket->socket, &local);
  }
}

void conntrail__tell_bound(const conntrail__reference *socket) {
  tell_name(socket, conntrail__socket_bound);
}

void conntrail__tell_listening(const conntrail__reference *socket) {
  tell_name(socket, conntrail__socket_listening);
}

/* ---- The end of a connection ----------------------------------------------------------------- */

/* Linux gives a port back that it chose itself; Windows keeps it. The flows of the client are known
 * by it. [S] Wine gives it back as well, and does not tell. */
static void keep_port(const conntrail__reference *socket, const conntrail__address *before) {
  conntrail__address now;
  if (before->port == 0 || !conntrail__native_local_address(socket->handle, &now) ||
      now.port != 0) {
    return;
  }
  struct sockaddr_storage storage;
  now.port = before->port;
  size_t size = conntrail__address_to_family(&now, socket->family, &storage);
  (void)conntrail__native_bind(socket->handle, (const struct sockaddr *)&storage, size);
}

static void begin_stream_anew(const conntrail__reference *socket) {
  conntrail__address local;
  conntrail__socket_dissolved(socket->socket);
  if (conntrail__native_local_address(socket->handle, &local) && local.port != 0) {
    conntrail__socket_bound(socket->socket, &local); /* a target of R5 alone needs it */
  }
}

void conntrail__tell_dissolved(const conntrail__reference *socket,
                               const conntrail__address *before) {
  if (socket->kind == CONNTRAIL__STREAM) {
    begin_stream_anew(socket);
  } else {
    keep_port(socket, before);
    conntrail__socket_associated(socket->socket, NULL);
  }
}
