/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_POSIX_BEQUEST_H
#define CONNTRAIL_POSIX_BEQUEST_H

/*
 * Tracked sockets that cross exec: the service keeps them from before it until the new program
 * claims them. Without the lock, and safe between vfork and exec; errno stays what it was.
 */

#include "interpose.h"

typedef enum conntrail__heir {
  CONNTRAIL__HEIR_BY_EXEC, /* it gets the descriptors that are not closed on exec */
  CONNTRAIL__HEIR_BY_SPAWN /* ... or any, by its file actions */
} conntrail__heir;

/* Tells the service. Answers a connection to it, for one of the calls below; -1, which they take:
 * nothing crosses, or nobody is told. */
CONNTRAIL__HIDDEN int conntrail__bequeath(conntrail__heir heir);
/* The program was not started: all is as it was. */
CONNTRAIL__HIDDEN void conntrail__bequest_revoke(int connection);
/* It was: what it did not get is not for it. */
CONNTRAIL__HIDDEN void conntrail__bequest_narrow(int connection, pid_t child);
/* It may be started any time. */
CONNTRAIL__HIDDEN void conntrail__bequest_leave(int connection);

/* claim.c: (locked) what was left to this program, before main. */
CONNTRAIL__HIDDEN void conntrail__claim_all(void);

#endif
