/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TRACK_H
#define CONNTRAIL_TRACK_H

/*
 * Where the engine first hears of a socket: it was created, or it was accepted. The front end
 * enters it into its own table (conntrail__native_track()). A socket that cannot be entered would
 * go its own way unseen, so the program does not get it: the front end closes it, and its call
 * fails.
 */

#include "reference.h"
#include "sockaddr.h"

/* The engine's kind for a socket of this family (AF_INET, AF_INET6). */
static inline conntrail__socket_kind conntrail__kind_of(int family, bool is_stream) {
  unsigned kind = is_stream ? CONNTRAIL__STREAM : CONNTRAIL__DATAGRAM;
  return (conntrail__socket_kind)(family == AF_INET6 ? kind | CONNTRAIL__IPV6_KIND : kind);
}

/* (locked) The program created it: it belongs to this thread's emulation, or to none. 0, or the
 * system's error. */
int conntrail__track_created(intptr_t handle, int family, bool is_stream);

/* The memory for an accepted socket, reserved before the system accepts: a connection that it has
 * given cannot go back. All NULL: nothing is reserved. */
typedef struct conntrail__accept_room {
  conntrail__socket *socket;
  void *entry; /* of the front end's table, or NULL */
} conntrail__accept_room;

/* (locked) For an accept of this listener. False: no memory, and nothing is reserved. */
bool conntrail__track_reserve(const conntrail__socket *listener, conntrail__accept_room *room);
/* The accept came to nothing. */
void conntrail__track_unreserve(const conntrail__accept_room *room);

/*
 * The system accepted a connection from peer for the listener, whose reference is kept, and ends
 * here. 0, or the system's error. Once the emulation ended nobody watches any more: 0.
 * Takes over what is reserved.
 */
int conntrail__track_accepted(const conntrail__reference *listener, const conntrail__address *peer,
                              intptr_t handle, const conntrail__accept_room *room);

/* (locked) `to` is one more name of what `from` names, if that is tracked. 0, or the system's
 * error. */
int conntrail__track_copy(intptr_t from, intptr_t to);

#endif
