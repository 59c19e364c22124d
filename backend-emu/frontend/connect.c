/* SPDX-License-Identifier: MIT */
#include "connect.h"

#include "../../src/numbers.h"
#include "relay.h"

int conntrail__connect_ended_error(void) {
  return conntrail__native_error_of(CONNTRAIL__WSAENETDOWN);
}

/* (locked) The system goes elsewhere than the program asked. 0, or the system's error. */
static int let_through(const conntrail__reference *socket, const conntrail__address *remote,
                       const conntrail__address *target) {
  return conntrail__address_equal(remote, target)
             ? 0
             : conntrail__native_let_through(socket->handle, socket->family, target);
}

/* (locked) */
static int reject(const conntrail__reference *socket, int error) {
  conntrail__socket_connected(socket->socket, CONNTRAIL__REJECTED, NULL,
                              conntrail__native_number_of(error));
  return error;
}

/* (locked) */
static int decide(const conntrail__reference *socket, const conntrail__address *remote,
                  conntrail__connect_target *target) {
  conntrail__identity who;
  conntrail__session_identity(&who);
  conntrail__decision decision = conntrail__socket_connecting(socket->socket, remote, &who);
  if (decision.native != 0) {
    return conntrail__native_error_of(decision.native);
  }
  target->size = conntrail__address_to_family(&decision.target, socket->family, &target->address);
  if (target->size == 0) {
    return reject(socket, conntrail__native_error_of(CONNTRAIL__WSAEAFNOSUPPORT));
  }
  int error = let_through(socket, remote, &decision.target);
  return error == 0 ? 0 : reject(socket, error);
}

int conntrail__connect_decide(conntrail__reference *socket, const conntrail__address *remote,
                              conntrail__connect_target *target) {
  int error = decide(socket, remote, target);
  if (error != 0) {
    conntrail__reference_leave();
  } else {
    conntrail__reference_keep(socket);
  }
  return error;
}

int conntrail__connect_decide_kept(const conntrail__reference *socket,
                                   const conntrail__address *remote,
                                   conntrail__connect_target *target) {
  if (!conntrail__reference_resume(socket)) {
    return conntrail__connect_ended_error();
  }
  int error = decide(socket, remote, target);
  conntrail__reference_leave();
  return error;
}

bool conntrail__connect_report(const conntrail__reference *socket, conntrail__outcome outcome,
                               int error) {
  conntrail__address local;
  bool is_known = outcome != CONNTRAIL__REJECTED &&
                  conntrail__native_local_address(socket->handle, &local) && local.port != 0;
  if (!conntrail__reference_resume(socket)) {
    return false;
  }
  if (conntrail__socket_state_of(socket->socket) == CONNTRAIL__CONNECTING) {
    conntrail__socket_connected(socket->socket, outcome, is_known ? &local : NULL,
                                outcome == CONNTRAIL__REJECTED ? conntrail__native_number_of(error)
                                                               : 0);
  }
  return true;
}

void conntrail__connect_finish(const conntrail__reference *socket, conntrail__outcome outcome,
                               int error) {
  if (conntrail__connect_report(socket, outcome, error)) {
    conntrail__reference_end(socket);
  }
}

int conntrail__connect_datagram(const conntrail__reference *socket,
                                const conntrail__address *remote) {
  conntrail__identity who;
  conntrail__session_identity(&who);
  conntrail__datagram_decision decision =
      conntrail__datagram_connecting(socket->socket, remote, &who);
  if (decision.native != 0) {
    return conntrail__native_error_of(decision.native);
  }
  int error = let_through(socket, remote, &decision.target);
  if (decision.unsettled != NULL && error == 0) {
    error = conntrail__relay_settle(socket, &decision);
  } else if (decision.unsettled != NULL) {
    conntrail__datagram_abandon(&decision);
  }
  if (error != 0) {
    return error;
  }
  conntrail__connect_target target;
  target.size = conntrail__address_to_family(&decision.target, socket->family, &target.address);
  if (target.size == 0) {
    return conntrail__native_error_of(CONNTRAIL__WSAEAFNOSUPPORT);
  }
  if (!conntrail__native_associate(socket->handle, (const struct sockaddr *)&target.address,
                                   target.size)) {
    return conntrail__native_error();
  }
  conntrail__socket_associated(socket->socket, remote);
  return 0;
}

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
    (void)conntrail__socket_bound(socket->socket, &local); /* a target of R5 alone needs it */
  }
}

void conntrail__connect_dissolved(const conntrail__reference *socket,
                                  const conntrail__address *before) {
  if (socket->kind == CONNTRAIL__STREAM) {
    begin_stream_anew(socket);
  } else {
    keep_port(socket, before);
    conntrail__socket_associated(socket->socket, NULL);
  }
}
