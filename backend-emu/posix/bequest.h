/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_POSIX_BEQUEST_H
#define CONNTRAIL_POSIX_BEQUEST_H

/*
 * Tracked sockets that another program will have, across exec or in a message (SCM_RIGHTS): the
 * service keeps them from before that until the other program claims them. Called without the lock;
 * safe between vfork and exec, where it is not taken. errno stays what it was.
 */

#include <sys/socket.h>

#include "interpose.h"

typedef enum conntrail__heir {
  CONNTRAIL__HEIR_BY_EXEC, /* it gets the descriptors that are not closed on exec */
  CONNTRAIL__HEIR_BY_SPAWN /* ... or any, by its file actions */
} conntrail__heir;

/* Tells the service. Answers a connection to it, for one of the calls below; -1, which they take:
 * nothing crosses, or nobody is told. */
CONNTRAIL__HIDDEN int conntrail__bequeath(conntrail__heir heir);
/* The same for the descriptors in a message that is about to be sent. */
CONNTRAIL__HIDDEN int conntrail__bequeath_passed(const struct msghdr *message);
/* The program was not started, or the message not sent: all is as it was. */
CONNTRAIL__HIDDEN void conntrail__bequest_revoke(int connection);
/* It was: what it did not get is not for it. */
CONNTRAIL__HIDDEN void conntrail__bequest_narrow(int connection, pid_t child);
/* It may come any time. */
CONNTRAIL__HIDDEN void conntrail__bequest_leave(int connection);

/* claim.c: (locked) what was left to this program, before main. */
CONNTRAIL__HIDDEN void conntrail__claim_all(void);
/* claim.c: without the lock: what came with a message that was received. */
CONNTRAIL__HIDDEN void conntrail__claim_passed(const struct msghdr *message);

/* passed.c: libc's sendmsg and recvmsg, with what they pass. */
CONNTRAIL__HIDDEN ssize_t conntrail__passed_send(int fd, const struct msghdr *message, int flags);
CONNTRAIL__HIDDEN ssize_t conntrail__passed_receive(int fd, struct msghdr *message, int flags);

/* passed.c: visits the descriptors in a message. */
typedef void (*conntrail__visit_passed)(void *arg, int fd);
CONNTRAIL__HIDDEN void conntrail__passed_visit(const struct msghdr *message,
                                               conntrail__visit_passed visit, void *arg);

#endif
