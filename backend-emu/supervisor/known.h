/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_KNOWN_H
#define CONNTRAIL_SUPERVISOR_KNOWN_H

/* Sockets, by their SO_COOKIE. */

#include "../engine/hash.h"
#include "describe.h"
#include "diag.h"
#include "notice.h"

typedef struct conntrail__known {
  uint64_t cookie;
  conntrail__socket *socket;
  conntrail__address local;  /* family 0: not known */
  conntrail__address target; /* where it was connected to; family 0: nowhere */
  uint32_t inode;
  int family;     /* AF_INET, AF_INET6 */
  uint32_t owner; /* accepted: a process that has it; 0: none is known */
  bool is_accepted;
  bool is_foreign; /* of another network namespace */
  bool has_failed; /* its connect failed, and no call of the program has returned the error yet */
  bool is_gone;    /* the kernel has destroyed it, and its accepted end was not seen yet */
  uint64_t begun;  /* its connect */
  struct conntrail__known *older; /* accepted ones, from the newest to the oldest */
  struct conntrail__known *newer;
  UT_hash_handle hh;
} conntrail__known;

/* The socket, from its first appearance on. NULL: none of TCP or UDP, or no memory. */
/* *native: WSAENOBUFS where there is no memory to know it. */
conntrail__known *conntrail__know(const conntrail__notice *notice, int own, uint32_t *native);
/* What the socket is. The kernel is asked one thing where the socket is known: what it is does not
 * change. False: it is no socket. */
bool conntrail__recognize(const conntrail__notice *notice, int own, conntrail__nature *nature);
conntrail__known *conntrail__know_described(const conntrail__notice *notice, int own,
                                            const conntrail__nature *nature);
conntrail__known *conntrail__find_known(const conntrail__supervisor *supervisor, uint64_t cookie);
/* A redirected connection was accepted by this socket. */
void conntrail__know_accepted(conntrail__supervisor *supervisor,
                              const conntrail__diag_socket *accepted,
                              const conntrail__address *local, const conntrail__address *peer);
void conntrail__forget_known(conntrail__supervisor *supervisor, conntrail__known *known);

#endif
