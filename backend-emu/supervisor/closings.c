/* SPDX-License-Identifier: MIT */
#include "closings.h"
#include "decide.h"
#include "diag.h"
#include "endings.h"
#include "held.h"
#include "known.h"
#include "notice.h"
#include "state.h"

/*
 * Sockets that every program has closed. The kernel reports when it destroys one: 8 to 60
 * microseconds after the last close, for UDP tens of milliseconds, and seconds with data that was
 * not delivered yet. If the order matters, the supervisor asks sock_diag: a closed socket has no
 * inode, or no process has a descriptor of it.
 */

/* [D] include/net/tcp_states.h */
enum { STATE_TIME_WAIT = 6, MOST_LOOKED_AT = 64 };

/* The socket was destroyed before the result of its connect was seen. If it was accepted, the
 * connect had succeeded. */
static void settle_by_end(const conntrail__supervisor *supervisor, conntrail__known *known) {
  if (conntrail__socket_state_of(known->socket) == CONNTRAIL__CONNECTING &&
      known->local.family != CONNTRAIL__NO_FAMILY &&
      !conntrail__arrival_is_expected(supervisor->emu, &known->target, &known->local)) {
    conntrail__tell_connect(known->socket, CONNTRAIL__ESTABLISHED, &known->local);
  }
}

/* The accepted end names its client (from), so that a client waits for it. */
void conntrail__end_known(conntrail__supervisor *supervisor, conntrail__known *known) {
  settle_by_end(supervisor, known);
  known->is_gone = !known->is_accepted && known->local.family != CONNTRAIL__NO_FAMILY &&
                   known->target.family != CONNTRAIL__NO_FAMILY &&
                   conntrail__arrival_is_expected(supervisor->emu, &known->target, &known->local);
  if (!known->is_gone) {
    conntrail__forget_known(supervisor, known);
  }
}

/* Every socket whose addresses are known is asked about; of others nothing can be said. */
static bool is_closed(const conntrail__known *known, conntrail__held *held) {
  conntrail__diag_socket found;
  if (conntrail__socket_kind_of(known->socket) == CONNTRAIL__DATAGRAM) {
    return !conntrail__is_held(held, known->inode);
  }
  if (known->is_foreign || known->local.family == CONNTRAIL__NO_FAMILY ||
      known->target.family == CONNTRAIL__NO_FAMILY) {
    return false;
  }
  bool is_over = !conntrail__diag_find(&held->supervisor->diag, &known->local, &known->target,
                                       known->cookie, &found) ||
                 found.state == STATE_TIME_WAIT;
  return is_over ? !conntrail__is_held(held, known->inode) : found.inode == 0;
}

void conntrail__end_closed(conntrail__supervisor *supervisor) {
  conntrail__held held = {.supervisor = supervisor, .is_thorough = true};
  conntrail__known *known;
  conntrail__known *next;
  HASH_ITER(hh, supervisor->known, known, next) {
    conntrail__settle_by_list(supervisor, known);
    if (known->is_gone || is_closed(known, &held)) {
      conntrail__end_known(supervisor, known);
    }
  }
  conntrail__held_free(&held);
}

void conntrail__end_closed_of(conntrail__supervisor *supervisor, uint32_t process) {
  conntrail__held held = {.supervisor = supervisor};
  conntrail__known *older;
  for (conntrail__known *known = supervisor->accepted; known != NULL; known = older) {
    older = known->older;
    if ((known->owner == process || known->owner == 0) && is_closed(known, &held)) {
      conntrail__end_known(supervisor, known);
    }
  }
  conntrail__held_free(&held);
}

/* X4, and which accepted connection a connect continues, depend on what is closed by then. */
void conntrail__end_closed_for(const conntrail__notice *notice, const conntrail__address *remote) {
  conntrail__supervisor *supervisor = notice->supervisor;
  conntrail__held held = {.supervisor = supervisor};
  conntrail__known *older;
  conntrail__address wanted;
  int count = 0;
  for (conntrail__known *known = supervisor->accepted; known != NULL && count < MOST_LOOKED_AT;
       known = older, count++) {
    older = known->older;
    if (conntrail__socket_wanted(known->socket, &wanted) &&
        conntrail__address_equal(&wanted, remote) && is_closed(known, &held)) {
      conntrail__end_known(supervisor, known);
    }
  }
  conntrail__held_free(&held);
}
