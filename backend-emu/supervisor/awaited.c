/* SPDX-License-Identifier: MIT */
#include "awaited.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

#include "decide.h"
#include "diag.h"
#include "endings.h"
#include "known.h"
#include "loop.h"
#include "places.h"
#include "process.h"
#include "state.h"

/* Connections that were begun, until their accepted end is known: most programs query nothing about
 * what they accept. */

/* [D] include/net/tcp_states.h */
enum {
  STATE_FIN_WAIT1 = 4,
  STATE_FIN_WAIT2 = 5,
  STATE_TIME_WAIT = 6,
  STATE_CLOSE_WAIT = 8,
  STATE_LAST_ACK = 9,
  STATE_CLOSING = 11,
  KEPT_FOR = 2000,
  MOST_ANCESTORS = 4 /* that are asked for a descriptor */
};

void conntrail__await(conntrail__supervisor *supervisor, const conntrail__known *client,
                      const conntrail__address *original, bool is_redirected) {
  conntrail__awaited *awaited = malloc(sizeof *awaited);
  if (awaited != NULL) {
    *awaited =
        (conntrail__awaited){.client = client->local,
                             .target = client->target,
                             .original = *original,
                             .connecting = client->cookie,
                             .is_redirected = is_redirected,
                             .watch = conntrail__watch_of(
                                 supervisor, conntrail__listener_at(supervisor, &client->target))};
    *supervisor->awaited_end = awaited;
    supervisor->awaited_end = &awaited->next;
  }
}

/* Only an end that was accepted can close. */
static bool has_ended(const conntrail__diag_socket *socket) {
  return socket->state == STATE_FIN_WAIT1 || socket->state == STATE_FIN_WAIT2 ||
         socket->state == STATE_TIME_WAIT || socket->state == STATE_LAST_ACK ||
         socket->state == STATE_CLOSING;
}

static void accept_and_close(conntrail__supervisor *supervisor, const conntrail__awaited *awaited,
                             const conntrail__diag_socket *found) {
  conntrail__know_accepted(supervisor, found, &awaited->target, &awaited->client);
  conntrail__known *known = conntrail__find_known(supervisor, found->cookie);
  if (known != NULL) {
    conntrail__forget_known(supervisor, known);
  }
}

/* By the looks at it: this process may have stood still meanwhile. */
static bool is_missing_for_long(conntrail__awaited *awaited) {
  const uint64_t now = conntrail__milliseconds();
  if (awaited->missing_since == 0) {
    awaited->missing_since = now;
  }
  return now > awaited->missing_since + KEPT_FOR;
}

/* Finds the accepted end, once a program has it. False: it is not known yet. */
static bool find_accepted(conntrail__supervisor *supervisor, conntrail__awaited *awaited) {
  conntrail__diag_socket found;
  if (!conntrail__diag_find(&supervisor->diag, &awaited->target, &awaited->client, 0, &found)) {
    return is_missing_for_long(awaited);
  }
  awaited->missing_since = 0;
  if (found.inode == 0 && has_ended(&found)) {
    accept_and_close(supervisor, awaited, &found);
    return true;
  }
  if (found.inode == 0) { /* not accepted yet, or closed: the kernel reports its destruction */
    return false;
  }
  if (conntrail__find_known(supervisor, found.cookie) == NULL) {
    conntrail__know_accepted(supervisor, &found, &awaited->target, &awaited->client);
  }
  awaited->accepted = found.cookie;
  awaited->inode = found.inode;
  return false;
}

/* The accepted end was created and destroyed between two looks. Without a listener there was none.
 */
static void conclude(conntrail__supervisor *supervisor, const conntrail__awaited *awaited) {
  const conntrail__diag_socket unseen = {
      .family = awaited->target.family == CONNTRAIL__IPV4 ? AF_INET : AF_INET6};
  if (conntrail__arrival_is_expected(supervisor->emu, &awaited->target, &awaited->client) &&
      (awaited->watch != NULL || conntrail__diag_listens(&supervisor->diag, &awaited->target))) {
    accept_and_close(supervisor, awaited, &unseen);
  }
}

/* True: nothing is left to find. */
static bool look_for(conntrail__supervisor *supervisor, conntrail__awaited *awaited) {
  conntrail__known *client = conntrail__find_known(supervisor, awaited->connecting);
  if (client != NULL) {
    conntrail__settle_by_list(supervisor, client);
    if (conntrail__socket_state_of(client->socket) == CONNTRAIL__CONNECTING && !client->is_gone) {
      awaited->missing_since = 0; /* its other end is still to come */
    }
  }
  if (!awaited->is_redirected) {
    return client == NULL || conntrail__socket_state_of(client->socket) != CONNTRAIL__CONNECTING;
  }
  if (awaited->accepted != 0) {
    const conntrail__known *accepted = conntrail__find_known(supervisor, awaited->accepted);
    return accepted == NULL || accepted->owner != 0;
  }
  return !conntrail__arrival_is_expected(supervisor->emu, &awaited->target, &awaited->client) ||
         find_accepted(supervisor, awaited);
}

static void take_out(conntrail__supervisor *supervisor, conntrail__awaited **place) {
  conntrail__awaited *awaited = *place;
  conntrail__known *client = conntrail__find_known(supervisor, awaited->connecting);
  if (client != NULL && client->is_gone) {
    conntrail__forget_known(supervisor, client);
  }
  *place = awaited->next;
  if (supervisor->awaited_end == &awaited->next) {
    supervisor->awaited_end = place;
  }
  free(awaited);
}

void conntrail__look_for_awaited(conntrail__supervisor *supervisor, unsigned most) {
  conntrail__awaited **place = &supervisor->awaited;
  for (unsigned i = 0; i < most && *place != NULL; i++) {
    if (look_for(supervisor, *place)) {
      take_out(supervisor, place);
    } else {
      place = &(*place)->next;
    }
  }
}

void conntrail__forget_awaited(conntrail__supervisor *supervisor) {
  while (supervisor->awaited != NULL) {
    take_out(supervisor, &supervisor->awaited);
  }
}

/* A process that serves one connection may start another process, which connects, as socat's EXEC
 * does. The process that listens serves other connections as well: a process that it starts may be
 * a client. */
static bool serves(uint32_t process, uint32_t listener, uint32_t inode) {
  bool holds = conntrail__holds(process, inode);
  for (int i = 0; i < MOST_ANCESTORS && !holds; i++) {
    process = conntrail__read_parent(process);
    if (process <= 1 || process == listener || process == (uint32_t)getpid()) {
      break;
    }
    holds = conntrail__holds(process, inode);
  }
  return holds;
}

static void own(const conntrail__notice *notice, const conntrail__awaited *awaited,
                const conntrail__identity *who) {
  conntrail__known *accepted = conntrail__find_known(notice->supervisor, awaited->accepted);
  if (accepted != NULL && accepted->owner == 0 &&
      serves(who->process, conntrail__listener_at(notice->supervisor, &accepted->local),
             awaited->inode)) {
    accepted->owner = who->process;
    conntrail__socket_taken(accepted->socket, who);
  }
}

/* A proxy that queries no records can loop as well. It connects to the original destination of a
 * connection; that connection is its own if it, or the process that started it, has a descriptor of
 * the accepted end. */
void conntrail__find_continued(const conntrail__notice *notice, const conntrail__address *remote) {
  conntrail__supervisor *supervisor = notice->supervisor;
  if (!notice->watch->listens) {
    return;
  }
  const conntrail__identity who = conntrail__identify_process(notice);
  for (conntrail__awaited *a = supervisor->awaited; a != NULL; a = a->next) {
    if (a->watch != notice->watch || !a->is_redirected ||
        !conntrail__address_equal(&a->original, remote)) {
      continue;
    }
    if (a->accepted == 0) {
      (void)look_for(supervisor, a);
    }
    if (a->accepted != 0) {
      own(notice, a, &who);
    }
  }
}

/* ---- Connections whose accepted end was never seen ------------------------------------------- */

static bool is_same_way(const conntrail__awaited *awaited, const conntrail__known *client) {
  return awaited->is_redirected && awaited->accepted == 0 &&
         conntrail__address_equal(&awaited->client, &client->local) &&
         conntrail__address_equal(&awaited->target, &client->target);
}

void conntrail__conclude_same(conntrail__supervisor *supervisor, const conntrail__known *client) {
  conntrail__awaited **place = &supervisor->awaited;
  while (*place != NULL && !is_same_way(*place, client)) {
    place = &(*place)->next;
  }
  if (*place != NULL) {
    conclude(supervisor, *place);
    take_out(supervisor, place);
  }
}

/* No end is left. */
static bool has_vanished(const conntrail__supervisor *supervisor,
                         const conntrail__awaited *awaited) {
  const conntrail__diag *diag = &supervisor->diag;
  const conntrail__known *client = conntrail__find_known(supervisor, awaited->connecting);
  conntrail__diag_socket found;
  if (client != NULL && !client->is_gone &&
      conntrail__socket_state_of(client->socket) == CONNTRAIL__CONNECTING) {
    return false;
  }
  return !conntrail__diag_find(diag, &awaited->target, &awaited->client, 0, &found) &&
         (!conntrail__diag_find(diag, &awaited->client, &awaited->target, 0, &found) ||
          found.state == STATE_TIME_WAIT || found.state == STATE_CLOSE_WAIT);
}

void conntrail__conclude_vanished(conntrail__supervisor *supervisor) {
  conntrail__awaited **place = &supervisor->awaited;
  while (*place != NULL) {
    if ((*place)->is_redirected && (*place)->accepted == 0 && has_vanished(supervisor, *place)) {
      conclude(supervisor, *place);
      take_out(supervisor, place);
    } else {
      place = &(*place)->next;
    }
  }
}
