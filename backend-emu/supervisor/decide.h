/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_DECIDE_H
#define CONNTRAIL_SUPERVISOR_DECIDE_H

/* What the engine decides for a supervised program, and which errno says so. */

#include "../frontend/errno_linux.h"
#include "known.h"
#include "notice.h"

typedef struct conntrail__verdict {
  int error; /* 0: go to target */
  conntrail__address target;
  bool is_redirected; /* an accepted connection with a record is to be expected there */
} conntrail__verdict;

/* own: the program's socket, borrowed. */
conntrail__verdict conntrail__decide_connect(const conntrail__notice *notice,
                                             conntrail__known *known, int own,
                                             const conntrail__address *remote);
/* native.c: lifts what keeps the program's socket from where the emulation sends it. 0, or errno.
 */
int conntrail__let_through(const conntrail__known *known, int own, const conntrail__address *remote,
                           const conntrail__address *target);
/* Port 53 of this host, which the scenario leaves alone, is not to be asked for names (E8). */
bool conntrail__leaks_names(const conntrail__notice *notice, const conntrail__address *target);
/* known.c: a stream socket was dissolved. */
void conntrail__known_begins_anew(conntrail__supervisor *supervisor, conntrail__known *known);
/* What became of it. native: the Winsock number, where it was rejected. */
void conntrail__tell_outcome(conntrail__known *known, conntrail__outcome outcome, uint32_t native);

/* A message call fails with this Winsock number, which can be asked for (linux.h). */
conntrail__answer conntrail__fail_message(const conntrail__notice *notice, uint32_t native);

#endif
