/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ENGINE_SOCKET_H
#define CONNTRAIL_ENGINE_SOCKET_H

/* The engine's view of a socket. */

#include "engine.h"

typedef struct conntrail__blob conntrail__blob;
typedef struct conntrail__flow conntrail__flow;
typedef struct conntrail__link conntrail__link;
typedef struct conntrail__datagram_side conntrail__datagram_side;

struct conntrail__socket {
  conntrail_emu *emu;
  conntrail__socket *previous;
  conntrail__socket *next;
  conntrail__flow *flow;
  conntrail__link *link; /* NULL: it leads to no other program that is known */
  union {
    conntrail__blob *carried;           /* records set on a stream socket */
    conntrail__datagram_side *datagram; /* of a datagram socket */
  };
  intptr_t handle;
  conntrail__address local; /* of no family: neither bound nor listening */
  uint32_t references;
  uint32_t created; /* no other socket has it */
  uint32_t number;  /* 0: it did not appear yet. Grows, so it also says which appeared first */
  uint32_t process;
  uint32_t family; /* conntrail__identity */
  uint16_t user;
  uint8_t state; /* conntrail__socket_state */
  bool is_datagram : 1;
  bool is_ipv6 : 1;
  bool is_accepted : 1;
  bool is_undecided : 1;      /* connecting, and its local address is not known to the engine */
  bool is_traced : 1;         /* its connect is in the trail, and the end of it belongs there too */
  bool records_too_small : 1; /* a query was answered "too small", and not asked again */
  bool context_too_small : 1;
  bool is_outside : 1; /* the misuse "connected outside" is noted */
  bool has_user : 1;   /* who uses it is settled */
};

static inline bool conntrail__has_local(const conntrail__socket *socket) {
  return socket->local.family != CONNTRAIL__NO_FAMILY;
}

/* appearance.c: whose it is from now on; and that a decision is made about it, so that it has a
 * number and a user. */
void conntrail__socket_belongs(conntrail__socket *socket, const conntrail__identity *who);
void conntrail__socket_appear(conntrail__socket *socket, const conntrail__identity *who);

/* What it was connected by is over. */
void conntrail__socket_end_connection(conntrail__socket *socket);
/* A stream socket, in room from conntrail__socket_room(). */
void conntrail__socket_fill(conntrail__socket *room, conntrail_emu *emu,
                            const conntrail__identity *who, intptr_t handle);
void conntrail__socket_forget_attempt(conntrail__socket *socket);
/* Bound or fresh again, as it was before it connected. */
void conntrail__socket_unconnect(conntrail__socket *socket);
void conntrail__socket_set_undecided(conntrail__socket *socket, bool is_undecided);
/* Whether what goes to target comes to this socket (listens.c). */
bool conntrail__listens_at(const conntrail__socket *listener, const conntrail__address *target);

#endif
