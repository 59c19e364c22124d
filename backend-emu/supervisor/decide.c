/* SPDX-License-Identifier: MIT */
#include "decide.h"

#include <errno.h>

#include "known.h"
#include "level.h"
#include "notice.h"
#include "places.h"
#include "process.h"
#include "refusals.h"
#include "state.h"

enum { NAME_PORT = 53 };

conntrail__answer conntrail__fail_message(const conntrail__notice *notice, uint32_t native) {
  *conntrail__last_error(notice) = native;
  return conntrail__fail(conntrail__message_errno(native));
}

bool conntrail__leaks_names(const conntrail__notice *notice, const conntrail__address *target) {
  const conntrail__supervisor *supervisor = notice->supervisor;
  bool is_name_server = target->port == NAME_PORT && (conntrail__address_is_loopback(target) ||
                                                      conntrail__address_is_any(target));
  if (!is_name_server || supervisor->is_open || conntrail__listener_at(supervisor, target) != 0) {
    return false;
  }
  conntrail__tell_refused(notice, CONNTRAIL__NAME_PORT);
  return true;
}

int conntrail__refuse_foreign(const conntrail__notice *notice, const conntrail__known *known) {
  if (known->is_foreign) {
    conntrail__tell_refused(notice, CONNTRAIL__OTHER_NETWORK);
    return ENETUNREACH;
  }
  return 0;
}

conntrail__reference conntrail__refer_to(const conntrail__known *known, int own) {
  return (conntrail__reference){.socket = known->socket,
                                .handle = own,
                                .family = known->family,
                                .kind = conntrail__socket_kind_of(known->socket),
                                .state = conntrail__socket_state_of(known->socket)};
}

static void note_link(const conntrail__supervisor *supervisor, const conntrail__reference *socket,
                      const conntrail__address *target) {
  uint32_t listener = conntrail__listener_at(supervisor, target);
  if (listener != 0) {
    conntrail__socket_leads_to(socket->socket, conntrail__family_of(supervisor, listener));
  }
}

int conntrail__lead_connect(const conntrail__notice *notice, const conntrail__reference *socket,
                            const conntrail__address *remote, conntrail__connect_target *target) {
  const conntrail__identity who = conntrail__identify(notice);
  int error = conntrail__decide_connect(socket, remote, &who, target);
  if (error == 0 && !target->is_elsewhere && conntrail__leaks_names(notice, remote)) {
    error = conntrail__tell_rejected(socket->socket, ECONNREFUSED);
  }
  if (error == 0) {
    note_link(notice->supervisor, socket, &target->where);
  }
  return error;
}
