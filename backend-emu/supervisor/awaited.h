/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_AWAITED_H
#define CONNTRAIL_SUPERVISOR_AWAITED_H

/* Connections that were begun, until their accepted end is known. */

#include "known.h"

/* A connection that was begun, until its accepted end and a process that has it were seen. */
typedef struct conntrail__awaited {
  struct conntrail__awaited *next;
  conntrail__address client;
  conntrail__address target;
  conntrail__address original;
  uint64_t missing_since; /* when it was looked for first, and not found; 0: not so */
  uint64_t connecting;    /* the cookies of both ends; 0: not known */
  uint64_t accepted;
  uint32_t inode;
  bool is_redirected;
  const conntrail__watch *watch; /* the program that listens there, or NULL */
} conntrail__awaited;

void conntrail__await(conntrail__supervisor *supervisor, const conntrail__known *client,
                      const conntrail__address *original, bool is_redirected);
/* Before a connect to remote is decided: which accepted connections this process has. */
void conntrail__find_continued(const conntrail__notice *notice, const conntrail__address *remote);
/* Which accepted ends there are by now: of the oldest connections, at most so many. */
void conntrail__look_for_awaited(conntrail__supervisor *supervisor, unsigned most);
/* An earlier connection from there to there is over, since this one has begun: its accepted end
 * came and went. */
void conntrail__conclude_same(conntrail__supervisor *supervisor, const conntrail__known *client);
/* The same of each connection of which the kernel knows nothing any more. */
void conntrail__conclude_vanished(conntrail__supervisor *supervisor);
void conntrail__forget_awaited(conntrail__supervisor *supervisor);

#endif
