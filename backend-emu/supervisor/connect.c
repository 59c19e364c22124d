/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "../frontend/sockaddr.h"
#include "awaited.h"
#include "closings.h"
#include "decide.h"
#include "describe.h"
#include "endings.h"
#include "handlers.h"
#include "known.h"
#include "loop.h"
#include "notice.h"
#include "parked.h"
#include "process.h"
#include "refusals.h"
#include "state.h"

/*
 * connect(). Every connect of an Internet socket is performed here, from this
 * process' copy of the address: another thread of the program may change its own meanwhile.
 */

typedef conntrail__request request;

static const struct sockaddr *address_of(const request *asked) {
  return (const struct sockaddr *)&asked->storage;
}

static int call_connect(int own, const request *asked) {
  return connect(own, address_of(asked), asked->size);
}

static int connect_to(int own, const conntrail__connect_target *target) {
  return connect(own, (const struct sockaddr *)&target->address, (socklen_t)target->size);
}

/* The system says what became of an earlier connect, and should it not remember one after all,
 * nothing leaves this host undecided. */
static int connect_nowhere(int own, int family) {
  conntrail__connect_target nowhere;
  conntrail__target_nowhere(family, &nowhere);
  return connect_to(own, &nowhere);
}

/* ---- Streams --------------------------------------------------------------------------------- */

/*
 * Begins a connect on a blocking socket without waiting. An empty message with MSG_FASTOPEN touches
 * no flag that the program could see; where the system does not have it (net.ipv4.tcp_fastopen),
 * O_NONBLOCK is set for a moment. Answers errno.
 */
static int start(int own, conntrail__connect_target *target) {
  const struct msghdr nothing = {.msg_name = &target->address,
                                 .msg_namelen = (socklen_t)target->size};
  if (sendmsg(own, &nothing, MSG_FASTOPEN | MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) {
    return 0;
  }
  if (errno != EOPNOTSUPP) {
    return errno;
  }
  int flags = fcntl(own, F_GETFL);
  (void)fcntl(own, F_SETFL, flags | O_NONBLOCK);
  int error = connect_to(own, target) == 0 ? 0 : errno;
  (void)fcntl(own, F_SETFL, flags);
  return error;
}

static bool is_underway(const conntrail__known *known) {
  return conntrail__socket_state_of(known->socket) == CONNTRAIL__CONNECTING;
}

/* The system returns the result of a connect once. */
static conntrail__answer collect(conntrail__known *known, int own) {
  known->has_failed = false;
  return conntrail__result(connect_nowhere(own, known->family));
}

static conntrail__answer on_writable(const conntrail__notice *notice, int own) {
  conntrail__known *known = conntrail__find_known(notice->supervisor, notice->cookie);
  if (known != NULL) {
    conntrail__settle(known, own);
  }
  return known == NULL || is_underway(known) ? conntrail__go_on() : collect(known, own);
}

/* The connect goes on by itself. The program's own call finds the socket connecting, ignores the
 * address and waits: signals, time and death are as without us. */
static conntrail__answer wait_for(const conntrail__notice *notice, conntrail__known *known,
                                  int own) {
  if (!is_underway(known)) {
    return collect(known, own);
  }
  if (conntrail__wait_limit(own, SO_SNDTIMEO) == 0) {
    return conntrail__go_on();
  }
  const conntrail__wait wait = {EV_WRITE, SO_SNDTIMEO, known->cookie, conntrail__fail(EINPROGRESS),
                                on_writable};
  return conntrail__park(notice, own, &wait);
}

/* Whether an accepted connection with a record is to be expected there. */
static bool is_redirected(const conntrail__known *known, const conntrail__connect_target *target) {
  conntrail__address original;
  return target->is_elsewhere && conntrail__socket_peer(known->socket, &original);
}

static void note_begin(const conntrail__notice *notice, conntrail__known *known, int own,
                       const conntrail__connect_target *target, const conntrail__address *remote) {
  const bool has_record = is_redirected(known, target);
  known->begun = conntrail__milliseconds();
  known->target = target->where;
  if (!conntrail__own_address(own, &known->local)) {
    known->local.family = CONNTRAIL__NO_FAMILY;
  }
  conntrail__make_way(notice->supervisor, known);
  conntrail__tell_connect(known->socket, CONNTRAIL__UNDERWAY, &known->local);
  conntrail__settle(known, own);
  if (known->local.family != CONNTRAIL__NO_FAMILY && !known->has_failed &&
      (has_record || is_underway(known))) {
    conntrail__await(notice->supervisor, known, remote, has_record);
  }
}

static conntrail__answer perform(const conntrail__notice *notice, conntrail__known *known,
                                 const conntrail__reference *socket,
                                 conntrail__connect_target *target,
                                 const conntrail__address *remote) {
  int own = (int)socket->handle;
  bool is_blocking = conntrail__is_blocking(own);
  int error = is_blocking ? start(own, target) : connect_to(own, target) == 0 ? 0 : errno;
  error = conntrail__connect_error(socket, target, error);
  if (error != 0 && error != EINPROGRESS) {
    known->target.family = CONNTRAIL__NO_FAMILY;
    return conntrail__fail(conntrail__tell_rejected(known->socket, error));
  }
  note_begin(notice, known, own, target, remote);
  return is_blocking && error == EINPROGRESS ? wait_for(notice, known, own)
                                             : conntrail__fail(error);
}

/* A connection is refused by the other side, so that a socket that does not block learns it later,
 * from the kernel. Every other error is known at once. */
static conntrail__answer refuse(conntrail__known *known, int own, int error) {
  if (error == ECONNREFUSED && !conntrail__is_blocking(own) &&
      connect_nowhere(own, known->family) != 0 && errno == EINPROGRESS) {
    known->has_failed = true;
    return conntrail__fail(EINPROGRESS);
  }
  return conntrail__fail(error);
}

static conntrail__answer connect_anew(const conntrail__notice *notice, conntrail__known *known,
                                      int own, const conntrail__address *remote) {
  int error = conntrail__refuse_foreign(notice, known);
  if (error != 0) {
    return conntrail__fail(error);
  }
  conntrail__connect_target target;
  conntrail__end_closed_for(notice, remote);
  conntrail__find_continued(notice, remote);
  const conntrail__reference socket = conntrail__refer_to(known, own);
  error = conntrail__lead_connect(notice, &socket, remote, &target);
  return error != 0 ? refuse(known, own, error) : perform(notice, known, &socket, &target, remote);
}

/* A call that was interrupted and comes again, or a socket that is connected. */
static conntrail__answer ask_again(const conntrail__notice *notice, conntrail__known *known,
                                   int own) {
  return conntrail__is_blocking(own) ? wait_for(notice, known, own) : collect(known, own);
}

static bool is_idle(const conntrail__known *known) {
  conntrail__socket_state state = conntrail__socket_state_of(known->socket);
  return state == CONNTRAIL__FRESH || state == CONNTRAIL__BOUND;
}

static conntrail__answer connect_stream(const conntrail__notice *notice, conntrail__known *known,
                                        int own, const conntrail__address *remote) {
  conntrail__settle(known, own);
  if (known->has_failed) {
    return collect(known, own);
  }
  return is_idle(known) ? connect_anew(notice, known, own, remote) : ask_again(notice, known, own);
}

/* ---- Datagrams ------------------------------------------------------------------------------- */

/* Nothing is sent, so nothing blocks. */
static conntrail__answer connect_datagram(const conntrail__notice *notice,
                                          const conntrail__known *known, int own,
                                          const conntrail__address *remote) {
  const conntrail__reference socket = conntrail__refer_to(known, own);
  conntrail__connect_target target;
  int error = conntrail__refuse_foreign(notice, known);
  if (error != 0) {
    return conntrail__fail(error);
  }
  const conntrail__identity who = conntrail__identify(notice);
  error = conntrail__decide_association(&socket, remote, &who, &target);
  if (error != 0) {
    return conntrail__fail(target.size == 0 ? error : conntrail__explain_lack(notice, error));
  }
  bool leaks = !target.is_elsewhere && conntrail__leaks_names(notice, remote);
  return conntrail__fail(leaks ? ECONNREFUSED : conntrail__associate(&socket, remote, &target));
}

/* ---- Addresses ------------------------------------------------------------------------------- */

static conntrail__answer dissolve(const conntrail__notice *notice, conntrail__known *known, int own,
                                  const request *asked) {
  const conntrail__reference socket = conntrail__refer_to(known, own);
  conntrail__address before = {.family = CONNTRAIL__NO_FAMILY};
  (void)conntrail__own_address(own, &before);
  int result = call_connect(own, asked);
  int error = errno;
  if (result == 0) {
    known->target.family = CONNTRAIL__NO_FAMILY;
    known->has_failed = false;
    if (socket.kind == CONNTRAIL__STREAM) {
      conntrail__known_begins_anew(notice->supervisor, known);
    }
    conntrail__tell_dissolved(&socket, &before);
  }
  errno = error;
  return conntrail__result(result);
}

static conntrail__answer connect_known(const conntrail__notice *notice, conntrail__known *known,
                                       int own, const request *asked) {
  conntrail__address remote;
  if (asked->storage.ss_family == AF_UNSPEC) {
    return dissolve(notice, known, own, asked);
  }
  /* Not an address: the system refuses it in its own words, from our copy. */
  if (!conntrail__address_to_connect(&asked->storage, asked->size, known->family, &remote)) {
    return conntrail__result(call_connect(own, asked));
  }
  return conntrail__socket_kind_of(known->socket) == CONNTRAIL__STREAM
             ? connect_stream(notice, known, own, &remote)
             : connect_datagram(notice, known, own, &remote);
}

/* Neither TCP nor UDP: no service decides about it, so it must stay on this host (E8). */
static conntrail__answer connect_other(const conntrail__notice *notice, int own,
                                       const request *asked) {
  conntrail__address remote;
  bool is_address = conntrail__address_from_sockaddr(address_of(asked), asked->size, &remote) &&
                    asked->storage.ss_family != AF_UNSPEC;
  if (is_address && !conntrail__address_is_loopback(&remote) && !notice->supervisor->is_open) {
    conntrail__tell_refused(notice, CONNTRAIL__OTHER_PROTOCOL);
    return conntrail__fail(ENETUNREACH);
  }
  return conntrail__result(call_connect(own, asked));
}

/* Daemons that would ask the real network for a name. */
static bool asks_names(const request *asked) {
  static const char *const places[] = {"/run/nscd/socket",
                                       "/var/run/nscd/socket",
                                       "/run/systemd/resolve/io.systemd.Resolve",
                                       "/var/run/systemd/resolve/io.systemd.Resolve",
                                       "/run/avahi-daemon/socket",
                                       "/var/run/avahi-daemon/socket"};
  char path[sizeof asked->storage + 1] = "";
  memcpy(path, (const char *)&asked->storage + offsetof(struct sockaddr_un, sun_path),
         asked->size - offsetof(struct sockaddr_un, sun_path));
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    if (strcmp(path, places[i]) == 0) {
      return access(path, F_OK) == 0; /* else the system's own error is right */
    }
  }
  return false;
}

static conntrail__answer connect_elsewhere(const conntrail__notice *notice, const request *asked) {
  const conntrail__supervisor *supervisor = notice->supervisor;
  if (asked->storage.ss_family != AF_UNIX || !asks_names(asked) ||
      (supervisor->is_open && !supervisor->answers_names)) {
    return conntrail__go_on();
  }
  if (!supervisor->answers_names) {
    conntrail__tell_refused(notice, CONNTRAIL__NAME_SERVICE);
  }
  return conntrail__fail(ENOENT);
}

conntrail__answer conntrail__on_connect(const conntrail__notice *notice, int own) {
  conntrail__nature nature;
  request asked;
  conntrail__answer answer;
  if (!conntrail__recognize(notice, own, &nature)) {
    return conntrail__fail(ENOTSOCK);
  }
  if (!conntrail__read_request(notice, &asked, &answer)) {
    return answer;
  }
  if (!conntrail__notice_is_valid(notice)) {
    return conntrail__fail(EINTR);
  }
  if (!nature.is_internet) {
    return connect_elsewhere(notice, &asked);
  }
  conntrail__known *known = conntrail__know_described(notice, own, &nature);
  if (known != NULL) {
    return connect_known(notice, known, own, &asked);
  }
  return nature.is_stream || nature.is_datagram ? conntrail__fail(ENOBUFS)
                                                : connect_other(notice, own, &asked);
}
