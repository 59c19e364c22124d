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
  int error = conntrail__errno_for(native);
  conntrail__set_last_error(notice, native);
  return conntrail__fail(conntrail__native_for(error) == native ? error : EREMOTEIO);
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

static bool is_redirected(const conntrail__known *known, const conntrail__address *remote,
                          const conntrail__address *target) {
  conntrail__address original;
  return conntrail__socket_peer(known->socket, &original) &&
         !conntrail__address_equal(remote, target);
}

static void note_link(const conntrail__supervisor *supervisor, const conntrail__known *known,
                      const conntrail__address *target) {
  uint32_t listener = conntrail__listener_at(supervisor, target);
  if (listener != 0) {
    conntrail__socket_leads_to(known->socket, conntrail__family_of(supervisor, listener));
  }
}

conntrail__verdict conntrail__decide_connect(const conntrail__notice *notice,
                                             conntrail__known *known, int own,
                                             const conntrail__address *remote) {
  conntrail__verdict verdict = {.error = 0};
  const conntrail__identity who = conntrail__identify(notice);
  conntrail__decision decision = conntrail__socket_connecting(known->socket, remote, &who);
  if (decision.native != 0) {
    verdict.error = conntrail__errno_for(decision.native);
    return verdict;
  }
  verdict.target = decision.target;
  verdict.is_redirected = is_redirected(known, remote, &decision.target);
  verdict.error = conntrail__let_through(known, own, remote, &decision.target);
  if (conntrail__address_equal(remote, &decision.target) &&
      conntrail__leaks_names(notice, &decision.target)) {
    verdict.error = ECONNREFUSED;
  }
  if (verdict.error != 0) {
    conntrail__socket_connected(known->socket, CONNTRAIL__REJECTED, NULL,
                                conntrail__native_for(verdict.error));
  } else {
    note_link(notice->supervisor, known, &decision.target);
  }
  return verdict;
}

void conntrail__tell_outcome(conntrail__known *known, conntrail__outcome outcome, uint32_t native) {
  bool is_known = outcome != CONNTRAIL__REJECTED && known->local.family != CONNTRAIL__NO_FAMILY;
  conntrail__socket_connected(known->socket, outcome, is_known ? &known->local : NULL, native);
}
