/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>

#include "awaited.h"
#include "closings.h"
#include "decide.h"
#include "diag.h"
#include "endings.h"
#include "held.h"
#include "known.h"
#include "loop.h"
#include "notice.h"
#include "places.h"
#include "process.h"
#include "state.h"

/* What has become of sockets: connects that went on by themselves, and sockets that are closed. */

/* [D] include/net/tcp_states.h. linux/tcp.h has struct tcp_info; netinet/tcp.h, which has the
 * names, cannot stand beside it. */
enum { STATE_SYN_SENT = 2, STATE_SYN_RECEIVED = 3, STATE_CLOSED = 7 };
enum { MOST_IN_A_TICK = 256, TIMED_OUT_AFTER = 10000, LAST_WORDS = 300, PAUSE = 2 };

/* ---- Connects -------------------------------------------------------------------------------- */

/* TCP_INFO does not take the program's error away, as SO_ERROR would, but it does not contain it,
 * either. A connect that failed at once was refused. */
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
 * nor is one whose socket was closed: its absence proves nothing. */
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

/* ---- Ends ------------------------------------------------------------------------------------ */

/* The kernel reports an end a moment later, and may have assigned the client's port again by then:
 * the newer connection has not ended. */
static bool is_of_earlier(const conntrail__supervisor *supervisor,
                          const conntrail__diag_socket *gone) {
  conntrail__diag_socket newer;
  if (!supervisor->is_used_again[gone->remote.port]) {
    return false;
  }
  if (conntrail__diag_find(&supervisor->diag, &gone->local, &gone->remote, 0, &newer)) {
    return newer.cookie != gone->cookie;
  }
  return conntrail__diag_find(&supervisor->diag, &gone->remote, &gone->local, 0, &newer) &&
         newer.state == STATE_SYN_SENT;
}

static void on_destroyed(void *arg, const conntrail__diag_socket *gone) {
  conntrail__supervisor *supervisor = arg;
  conntrail__known *known = conntrail__find_known(supervisor, gone->cookie);
  if (known == NULL && gone->remote.port != 0 &&
      conntrail__arrival_is_expected(supervisor->emu, &gone->local, &gone->remote) &&
      !is_of_earlier(supervisor, gone)) {
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

static bool is_expected(const conntrail__supervisor *supervisor, const conntrail__known *client) {
  return client->local.family != CONNTRAIL__NO_FAMILY &&
         conntrail__arrival_is_expected(supervisor->emu, &client->target, &client->local);
}

/* The kernel assigns a port again when nothing is left of its earlier connection, and reports the
 * earlier end a moment later. */
void conntrail__make_way(conntrail__supervisor *supervisor, const conntrail__known *client) {
  supervisor->is_used_again[client->local.port] = supervisor->is_used[client->local.port];
  supervisor->is_used[client->local.port] = true;
  if (!is_expected(supervisor, client)) {
    return;
  }
  (void)read_endings(supervisor);
  if (is_expected(supervisor, client)) {
    conntrail__conclude_same(supervisor, client);
  }
}

/* ---- Events that were lost --------------------------------------------------------------------
 */

/* Asks sock_diag about every known socket, since the kernel reported more ends than the receive
 * buffer has room for (ENOBUFS). */
static void ask_about_all(conntrail__supervisor *supervisor) {
  conntrail__held held = {.supervisor = supervisor, .is_thorough = true};
  supervisor->was_overrun = false;
  conntrail__look_for_awaited(supervisor, UINT_MAX);
  conntrail__end_closed(supervisor);
  conntrail__conclude_vanished(supervisor);
  conntrail__forget_closed_places(supervisor, &held);
  conntrail__held_free(&held);
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
  conntrail__look_for_awaited(supervisor, MOST_IN_A_TICK);
  conntrail__look_at_processes(supervisor);
  if (supervisor->was_overrun) {
    ask_about_all(supervisor);
  }
  supervisor->changed(supervisor->arg);
}

void conntrail__supervisor_catch_up(conntrail__supervisor *supervisor, bool is_over) {
  conntrail__known *known;
  conntrail__known *next;
  struct pollfd wanted = {.fd = supervisor->diag.events, .events = POLLIN};
  const uint64_t end = conntrail__milliseconds() + LAST_WORDS;
  bool is_waiting;
  do { /* other programs of this host go on, and their ends are reported as well */
    (void)read_endings(supervisor);
    conntrail__look_for_awaited(supervisor, UINT_MAX);
    conntrail__end_closed(supervisor);
    if (supervisor->was_overrun) {
      ask_about_all(supervisor);
    }
    if (is_over) {
      conntrail__conclude_vanished(supervisor);
    }
    is_waiting = is_over && (supervisor->known != NULL || supervisor->awaited != NULL) &&
                 conntrail__milliseconds() < end;
  } while (is_waiting && poll(&wanted, 1, LAST_WORDS) >= 0);
  if (is_over) {
    HASH_ITER(hh, supervisor->known, known, next) {
      conntrail__forget_known(supervisor, known);
    }
  }
}
