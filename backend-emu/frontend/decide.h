/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_DECIDE_H
#define CONNTRAIL_DECIDE_H

/*
 * What bind, listen and connect are made of, for every front end: the decision, and the report of
 * what the system did. Nothing here takes the lock, which is held throughout, or asks who the
 * caller is.
 */

#include "reference.h"
#include "sockaddr.h"

/* Where the system is to connect to. */
typedef struct conntrail__connect_target {
  conntrail__address where;
  struct sockaddr_storage address; /* the same, for a socket of this family */
  size_t size;
  bool is_elsewhere; /* it is not what the program asked for */
} conntrail__connect_target;

/*
 * A stream socket asks for remote. 0: the system is to connect it to target, and is reported by one
 * of the two calls that follow. Else the system's error with which the call fails.
 */
int conntrail__decide_connect(const conntrail__reference *socket, const conntrail__address *remote,
                              const conntrail__identity *who, conntrail__connect_target *target);
/* What became of it. local: the socket's own address, of family 0 where it is not known. */
void conntrail__tell_connect(conntrail__socket *socket, conntrail__outcome outcome,
                             const conntrail__address *local);
/* It failed. Answers with the system's error, as it was given. */
int conntrail__tell_rejected(conntrail__socket *socket, int error);

/* The error of the system's connect, as the program is to get it. Where the emulation sends a
 * connection elsewhere its local port may have one to there already. [S] Linux and Wine call that
 * WSAEADDRNOTAVAIL, as they do an address that this host does not have. [D] Windows and POSIX call
 * it WSAEADDRINUSE (E12). */
int conntrail__connect_error(const conntrail__reference *socket,
                             const conntrail__connect_target *target, int error);

/*
 * A datagram socket is to be connected to remote. 0: its flow has its source, and the system is to
 * connect it to target, by conntrail__associate(), which answers the same. Where the engine refuses
 * it target->size is 0.
 */
int conntrail__decide_association(const conntrail__reference *socket,
                                  const conntrail__address *remote, const conntrail__identity *who,
                                  conntrail__connect_target *target);
int conntrail__associate(const conntrail__reference *socket, const conntrail__address *remote,
                         const conntrail__connect_target *target);

/* The system dissolved the socket's connection or association. before: its own address until then,
 * of family 0 where it had none. May change the error. */
void conntrail__tell_dissolved(const conntrail__reference *socket,
                               const conntrail__address *before);

/* The system bound the socket, or made it listen. */
void conntrail__tell_bound(const conntrail__reference *socket);
void conntrail__tell_listening(const conntrail__reference *socket);

/* A port of this host where nobody can listen. */
void conntrail__target_nowhere(int family, conntrail__connect_target *target);

#endif
