/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "../../src/numbers.h"
#include "../frontend/track.h"
#include "decide.h"
#include "describe.h"
#include "diag.h"
#include "known.h"
#include "notice.h"
#include "places.h"
#include "process.h"
#include "state.h"

/* Sockets, by their SO_COOKIE: from their first appearance until the kernel destroys them. */

conntrail__known *conntrail__find_known(const conntrail__supervisor *supervisor, uint64_t cookie) {
  conntrail__known *known = NULL;
  HASH_FIND(hh, supervisor->known, &cookie, sizeof cookie, known);
  return known;
}

static void list_accepted(conntrail__supervisor *supervisor, conntrail__known *known) {
  known->is_accepted = true;
  known->older = supervisor->accepted;
  if (known->older != NULL) {
    known->older->newer = known;
  }
  supervisor->accepted = known;
}

static void unlist_accepted(conntrail__supervisor *supervisor, const conntrail__known *known) {
  if (known->older != NULL) {
    known->older->newer = known->newer;
  }
  if (known->newer != NULL) {
    known->newer->older = known->older;
  } else {
    supervisor->accepted = known->older;
  }
}

void conntrail__forget_known(conntrail__supervisor *supervisor, conntrail__known *known) {
  if (known->is_accepted) {
    unlist_accepted(supervisor, known);
  }
  HASH_DEL(supervisor->known, known);
  conntrail__socket_release(known->socket);
  free(known);
}

/* It is neither accepted nor owned: as one that was just created. */
void conntrail__known_begins_anew(conntrail__supervisor *supervisor, conntrail__known *known) {
  if (known->is_accepted) {
    unlist_accepted(supervisor, known);
    known->is_accepted = false;
    known->older = NULL;
    known->newer = NULL;
  }
  known->owner = 0;
  known->local.family = CONNTRAIL__NO_FAMILY;
}

static conntrail__known *create(conntrail__supervisor *supervisor, uint64_t cookie) {
  conntrail__known *known = calloc(1, sizeof *known);
  if (known == NULL) {
    return NULL;
  }
  known->cookie = cookie;
  HASH_ADD(hh, supervisor->known, cookie, sizeof known->cookie, known);
  if (known->hh.tbl == NULL) {
    free(known);
    return NULL;
  }
  return known;
}

/* Without memory for a socket there is no entry. The socket is made last: an accepted one takes
 * its record, which could not come back. */
static conntrail__known *complete(conntrail__supervisor *supervisor, conntrail__known *known) {
  if (known->socket != NULL) {
    return known;
  }
  HASH_DEL(supervisor->known, known);
  free(known);
  return NULL;
}

void conntrail__know_accepted(conntrail__supervisor *supervisor,
                              const conntrail__diag_socket *accepted,
                              const conntrail__address *local, const conntrail__address *peer) {
  const uint32_t listener = conntrail__listener_at(supervisor, local);
  const conntrail__identity who = {.process = listener,
                                   .family = conntrail__family_of(supervisor, listener)};
  conntrail__known *known = create(supervisor, accepted->cookie);
  if (known != NULL) {
    known->socket = conntrail__socket_arrived(supervisor->emu, local, peer, &who);
    known = complete(supervisor, known);
  }
  if (known != NULL) {
    list_accepted(supervisor, known);
    known->family = accepted->family;
    known->inode = accepted->inode;
    known->local = *local;
    known->target = *peer;
  }
}

/* A connected stream socket that no supervised program connected was accepted. */
static conntrail__socket *make_accepted(const conntrail__notice *notice,
                                        const conntrail__identity *who,
                                        const conntrail__address *local,
                                        const conntrail__address *peer) {
  return conntrail__socket_arrived(notice->supervisor->emu, local, peer, who);
}

static bool is_stream(const conntrail__known *known) {
  return conntrail__socket_kind_of(known->socket) == CONNTRAIL__STREAM;
}

/* bind() and listen() are not seen by the engine when they happen. local: port 0 where unbound. */
static void refresh(conntrail__known *known, int own, const conntrail__address *local) {
  if (local->port == 0) {
    return;
  }
  if (is_stream(known) && conntrail__socket_option(own, SOL_SOCKET, SO_ACCEPTCONN) > 0) {
    conntrail__socket_listening(known->socket, local);
  } else if (conntrail__socket_state_of(known->socket) == CONNTRAIL__FRESH) {
    conntrail__socket_bound(known->socket, local);
  }
}

/* A datagram socket does not listen: once it is bound, there is nothing to learn. */
static bool may_have_changed(const conntrail__known *known) {
  conntrail__socket_state state = conntrail__socket_state_of(known->socket);
  return is_stream(known)
             ? !known->is_accepted && state != CONNTRAIL__CONNECTED && state != CONNTRAIL__LISTENING
             : state == CONNTRAIL__FRESH;
}

static void look_again(conntrail__known *known, int own) {
  conntrail__address local;
  if (may_have_changed(known) && conntrail__own_address(own, &local)) {
    refresh(known, own, &local);
  }
}

static conntrail__known *meet_accepted(const conntrail__notice *notice, uint64_t cookie,
                                       const conntrail__address *local,
                                       const conntrail__address *peer) {
  const conntrail__identity who = conntrail__identify(notice);
  conntrail__known *known = create(notice->supervisor, cookie);
  if (known != NULL) {
    known->socket = make_accepted(notice, &who, local, peer);
    known = complete(notice->supervisor, known);
  }
  if (known != NULL) {
    list_accepted(notice->supervisor, known);
    known->owner = conntrail__identify_process(notice).process;
    known->local = *local;
    known->target = *peer;
  }
  return known;
}

static conntrail__known *meet_new(const conntrail__notice *notice, int own, uint64_t cookie,
                                  const conntrail__nature *nature,
                                  const conntrail__address *local) {
  const conntrail__identity who = conntrail__identify(notice);
  conntrail__known *known = create(notice->supervisor, cookie);
  if (known != NULL) {
    known->socket = conntrail__socket_create(
        notice->supervisor->emu, conntrail__kind_of(nature->family, nature->is_stream), &who, 0);
    known = complete(notice->supervisor, known);
  }
  if (known != NULL) {
    refresh(known, own, local);
  }
  return known;
}

/* Only what has a port can have a peer. */
static conntrail__known *meet(const conntrail__notice *notice, int own, uint64_t cookie,
                              const conntrail__nature *nature) {
  conntrail__address local = {.family = CONNTRAIL__NO_FAMILY};
  conntrail__address peer;
  bool is_accepted = conntrail__own_address(own, &local) && local.port != 0 && nature->is_stream &&
                     conntrail__peer_address(own, &peer);
  conntrail__known *known = is_accepted ? meet_accepted(notice, cookie, &local, &peer)
                                        : meet_new(notice, own, cookie, nature, &local);
  if (known != NULL) {
    known->inode = conntrail__inode_of(own);
    known->family = nature->family;
    known->is_foreign = conntrail__network_of(own) != notice->supervisor->network;
  }
  return known;
}

/* The process that uses an accepted connection owns it: a child, or a program that was started. */
static void hand_over(const conntrail__notice *notice, conntrail__known *known) {
  uint32_t process = conntrail__identify_process(notice).process;
  if (known->is_accepted && known->owner != process) {
    const conntrail__identity who = conntrail__identify(notice);
    if (known->owner != 0) {
      conntrail__socket_adopted(known->socket, &who);
    } else {
      conntrail__socket_seen(known->socket, &who);
    }
    known->owner = process;
  }
}

conntrail__known *conntrail__know_described(const conntrail__notice *notice, int own,
                                            const conntrail__nature *nature) {
  conntrail__known *known = conntrail__find_known(notice->supervisor, nature->cookie);
  if (known == NULL) {
    return nature->is_stream || nature->is_datagram ? meet(notice, own, nature->cookie, nature)
                                                    : NULL;
  }
  hand_over(notice, known);
  look_again(known, own);
  return known;
}

bool conntrail__recognize(const conntrail__notice *notice, int own, conntrail__nature *nature) {
  const uint64_t cookie = notice->cookie != 0 ? notice->cookie : conntrail__cookie_of(own);
  const conntrail__known *known = conntrail__find_known(notice->supervisor, cookie);
  if (known == NULL) {
    const bool is_socket = conntrail__describe(own, nature);
    nature->cookie = cookie;
    return is_socket;
  }
  *nature = (conntrail__nature){.family = known->family,
                                .type = is_stream(known) ? SOCK_STREAM : SOCK_DGRAM,
                                .is_internet = true,
                                .is_stream = is_stream(known),
                                .is_datagram = !is_stream(known),
                                .cookie = cookie};
  return true;
}

conntrail__known *conntrail__know(const conntrail__notice *notice, int own, uint32_t *native) {
  conntrail__nature nature;
  bool is_known_kind =
      conntrail__recognize(notice, own, &nature) && (nature.is_stream || nature.is_datagram);
  conntrail__known *known = is_known_kind ? conntrail__know_described(notice, own, &nature) : NULL;
  *native = is_known_kind && known == NULL ? CONNTRAIL__WSAENOBUFS : 0;
  return known;
}
