/* SPDX-License-Identifier: MIT */
#include "connect.h"

#include "../../src/numbers.h"

int conntrail__connect_ended_error(void) {
  return conntrail__native_error_of(CONNTRAIL__WSAENETDOWN);
}

/* (locked) */
static int decide(const conntrail__reference *socket, const conntrail__address *remote,
                  conntrail__connect_target *target) {
  conntrail__identity who;
  conntrail__session_identity(&who);
  return conntrail__decide_connect(socket, remote, &who, target);
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

/* (locked) */
static void tell(const conntrail__reference *socket, conntrail__outcome outcome,
                 const conntrail__address *local, int error) {
  if (conntrail__socket_state_of(socket->socket) != CONNTRAIL__CONNECTING) {
    return;
  }
  if (outcome == CONNTRAIL__REJECTED) {
    (void)conntrail__tell_rejected(socket->socket, error);
  } else {
    conntrail__tell_connect(socket->socket, outcome, local);
  }
}

bool conntrail__connect_report(const conntrail__reference *socket, conntrail__outcome outcome,
                               int error) {
  conntrail__address local;
  bool is_known = outcome != CONNTRAIL__REJECTED &&
                  conntrail__native_local_address(socket->handle, &local) && local.port != 0;
  if (!is_known) {
    local.family = CONNTRAIL__NO_FAMILY;
  }
  if (!conntrail__reference_resume(socket)) {
    return false;
  }
  tell(socket, outcome, &local, error);
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
  conntrail__connect_target target;
  conntrail__identity who;
  conntrail__session_identity(&who);
  int error = conntrail__decide_association(socket, remote, &who, &target);
  return error == 0 ? conntrail__associate(socket, remote, &target) : error;
}
