/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>

#include "closings.h"
#include "decide.h"
#include "diag.h"
#include "endings.h"
#include "known.h"
#include "loop.h"
#include "notice.h"
#include "places.h"
#include "process.h"
#include "state.h"

/*
 * What has become of sockets: connects that went on by themselves, accepted connections that no
 * program asked about, and sockets that are closed.
 */

/* [D] include/net/tcp_states.h. linux/tcp.h has struct tcp_info; netinet/tcp.h, which has the
 * names, cannot stand beside it. */
enum {
  STATE_SYN_SENT = 2,
  STATE_SYN_RECEIVED = 3,
  STATE_FIN_WAIT1 = 4,
  STATE_FIN_WAIT2 = 5,
  STATE_TIME_WAIT = 6,
  STATE_CLOSED = 7,
  STATE_LAST_ACK = 9,
  STATE_CLOSING = 11
};
enum {
  MOST_IN_A_TICK = 256,
  KEPT_FOR = 2000,
  TIMED_OUT_AFTER = 10000,
  LAST_WORDS = 300,
  PAUSE = 2
};

/* ---- Connects -------------------------------------------------------------------------------- */

/* TCP_INFO does not take the program's error away, as SO_ERROR would; it does not tell it, either.
 * A connect that failed at once was refused. */
static int why_failed(const conntrail__known *known) {
  bool is_long_ago = conntrail__milliseconds() > known->begun + TIMED_OUT_AFTER;
  return is_long_ago ? ETIMEDOUT : ECONNREFUSED;
}

static void reject(conntrail__known *known) {
  known->has_failed = true;
  known->target.family = CONNTRAIL__NO_FAMILY;
  (void)conntrail__tell_rejected(known->socket, why_failed(known));
}

/* Whose SYN was acknowledged stood once, though it may have been reset by now. */
void conntrail__settle(conntrail__known *known, int own) {
  struct tcp_info about;
  socklen_t size = sizeof about;
  if (conntrail__socket_state_of(known->socket) != CONNTRAIL__CONNECTING ||
      getsockopt(own, IPPROTO_TCP, TCP_INFO, &about, &size) != 0) {
    return;
  }
  if (about.tcpi_state == STATE_CLOSED && about.tcpi_bytes_acked == 0) {
    reject(known);
  } else if (about.tcpi_state != STATE_SYN_SENT && about.tcpi_state != STATE_SYN_RECEIVED) {
    conntrail__tell_connect(known->socket, CONNTRAIL__ESTABLISHED, &known->local);
  }
}

/* The same without a descriptor. A connect that failed is in no table of the kernel's any more, but
 * nor is one whose socket was closed: what is not there tells nothing. */
void conntrail__settle_by_list(const conntrail__supervisor *supervisor, conntrail__known *known) {
  conntrail__diag_socket found;
  if (conntrail__socket_state_of(known->socket) == CONNTRAIL__CONNECTING &&
      known->local.family != CONNTRAIL__NO_FAMILY &&
      conntrail__diag_find(&supervisor->diag, &known->local, &known->target, known->cookie,
                           &found) &&
      found.state != STATE_SYN_SENT && found.state != STATE_SYN_RECEIVED) {
    conntrail__tell_connect(known->socket, CONNTRAIL__ESTABLISHED, &known->local);
  }
}

/* ---- Connections that were begun ------------------------------------------------------------- */

void conntrail__await(conntrail__supervisor *supervisor, const conntrail__known *client,
                      const conntrail__address *original, bool is_redirected) {
  conntrail__awaited *awaited = malloc(sizeof *awaited);
  if (awaited != NULL) {
    *awaited =
        (conntrail__awaited){.client = client->local,
                             .target = client->target,
                             .original = *original,
                             .since = conntrail__milliseconds(),
                             .connecting = client->cookie,
                             .is_redirected = is_redirected,
                             .watch = conntrail__watch_of(
                                 supervisor, conntrail__listener_at(supervisor, &client->target))};
    *supervisor->awaited_end = awaited;
    supervisor->awaited_end = &awaited->next;
  }
}

/* Only who was accepted ends a connection. */
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

/* The accepted end, where a program has it by now. False: nothing can be said yet. */
static bool find_accepted(conntrail__supervisor *supervisor, conntrail__awaited *awaited) {
  conntrail__diag_socket found;
  if (!conntrail__diag_find(&supervisor->diag, &awaited->target, &awaited->client, 0, &found)) {
    return conntrail__milliseconds() > awaited->since + KEPT_FOR;
  }
  awaited->since = conntrail__milliseconds();
  if (found.inode == 0 && has_ended(&found)) {
    accept_and_close(supervisor, awaited, &found);
    return true;
  }
  if (found.inode == 0) { /* not accepted yet, or closed: its destruction will be told */
    return false;
  }
  if (conntrail__find_known(supervisor, found.cookie) == NULL) {
    conntrail__know_accepted(supervisor, &found, &awaited->target, &awaited->client);
  }
  awaited->accepted = found.cookie;
  awaited->inode = found.inode;
  return false;
}

/* True: it needs no more looking at. */
static bool look_for(conntrail__supervisor *supervisor, conntrail__awaited *awaited) {
  conntrail__known *client = conntrail__find_known(supervisor, awaited->connecting);
  if (client != NULL) {
    conntrail__settle_by_list(supervisor, client);
    if (conntrail__socket_state_of(client->socket) == CONNTRAIL__CONNECTING && !client->is_gone) {
      awaited->since = conntrail__milliseconds(); /* its other end is still to come */
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

static void look_for_all(conntrail__supervisor *supervisor, unsigned most) {
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

static void own(const conntrail__notice *notice, const conntrail__awaited *awaited,
                const conntrail__identity *who) {
  conntrail__known *accepted = conntrail__find_known(notice->supervisor, awaited->accepted);
  if (accepted != NULL && accepted->owner == 0 && conntrail__holds(who->process, awaited->inode)) {
    accepted->owner = who->process;
    conntrail__socket_taken(accepted->socket, who);
  }
}

/* A proxy that asks nothing may go in circles all the same: what it accepted, wanting to where it
 * connects now, is its own if it has a descriptor of it. */
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

/* ---- Ends ------------------------------------------------------------------------------------ */

static void on_destroyed(void *arg, const conntrail__diag_socket *gone) {
  conntrail__supervisor *supervisor = arg;
  conntrail__known *known = conntrail__find_known(supervisor, gone->cookie);
  if (known == NULL && gone->remote.port != 0 &&
      conntrail__arrival_is_expected(supervisor->emu, &gone->local, &gone->remote)) {
    conntrail__know_accepted(supervisor, gone, &gone->local, &gone->remote);
    known = conntrail__find_known(supervisor, gone->cookie);
  }
  if (known != NULL) {
    conntrail__end_known(supervisor, known);
  }
  if (gone->remote.port == 0) {
    conntrail__forget_place(supervisor, gone->cookie);
  }
  conntrail__note_change(supervisor);
}

static bool read_endings(conntrail__supervisor *supervisor) {
  bool is_any = false;
  supervisor->was_overrun |=
      !conntrail__diag_read(&supervisor->diag, on_destroyed, supervisor, &is_any);
  return is_any;
}

void conntrail__make_way(conntrail__supervisor *supervisor, const conntrail__known *client) {
  if (client->local.family != CONNTRAIL__NO_FAMILY &&
      conntrail__arrival_is_expected(supervisor->emu, &client->target, &client->local)) {
    (void)read_endings(supervisor);
  }
}

/* The first comes at once; those that follow closely, together. */
void conntrail__on_endings(evutil_socket_t fd, short what, void *arg) {
  static const struct timeval pause = {.tv_usec = PAUSE * 1000L};
  conntrail__supervisor *supervisor = arg;
  (void)fd;
  (void)what;
  (void)read_endings(supervisor);
  if (event_add(supervisor->diag_pause, &pause) == 0) {
    (void)event_del(supervisor->diag_readable);
  }
}

void conntrail__on_endings_pause(evutil_socket_t fd, short what, void *arg) {
  static const struct timeval pause = {.tv_usec = PAUSE * 1000L};
  conntrail__supervisor *supervisor = arg;
  (void)fd;
  (void)what;
  if (!read_endings(supervisor) || event_add(supervisor->diag_pause, &pause) != 0) {
    (void)event_add(supervisor->diag_readable, NULL);
  }
}

void conntrail__on_tick(evutil_socket_t fd, short what, void *arg) {
  conntrail__supervisor *supervisor = arg;
  (void)fd;
  (void)what;
  look_for_all(supervisor, MOST_IN_A_TICK);
  conntrail__look_at_processes(supervisor);
  if (supervisor->was_overrun) {
    supervisor->was_overrun = false;
    conntrail__end_closed(supervisor);
  }
  supervisor->changed(supervisor->arg);
}

void conntrail__supervisor_catch_up(conntrail__supervisor *supervisor, bool is_over) {
  conntrail__known *known;
  conntrail__known *next;
  struct pollfd wanted = {.fd = supervisor->diag.events, .events = POLLIN};
  const uint64_t end = conntrail__milliseconds() + LAST_WORDS;
  bool is_waiting;
  do { /* other programs of this host go on, and are told of as well */
    (void)read_endings(supervisor);
    look_for_all(supervisor, UINT_MAX);
    conntrail__end_closed(supervisor);
    is_waiting = is_over && (supervisor->known != NULL || supervisor->awaited != NULL) &&
                 conntrail__milliseconds() < end;
  } while (is_waiting && poll(&wanted, 1, LAST_WORDS) >= 0);
  if (is_over) {
    HASH_ITER(hh, supervisor->known, known, next) {
      conntrail__forget_known(supervisor, known);
    }
  }
}
