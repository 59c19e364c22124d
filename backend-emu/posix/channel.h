/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_POSIX_CHANNEL_H
#define CONNTRAIL_POSIX_CHANNEL_H

/*
 * This process' connection to the service, where its emulation is one of conntrail-emu's. All of
 * it under the lock (conntrail__native_lock). A call waits for the service at most
 * CONNTRAIL__SERVICE_PATIENCE seconds; a service that is gone is told once on stderr, and every
 * call fails from then on.
 */

#include "../service/ring.h"
#include "interpose.h"

/* The process was started under a service. Set once, before main. */
extern CONNTRAIL__HIDDEN bool conntrail__is_served;

/* Joins the service at path; before main, where the environment names one. */
CONNTRAIL__HIDDEN void conntrail__channel_join(const char *path);
/* For the conformance suite, which joins one service after the other: the process' sockets stay as
 * sockets that nobody watches; then it has no emulation any more. */
CONNTRAIL__HIDDEN void conntrail__channel_release_all(void);
CONNTRAIL__HIDDEN void conntrail__channel_leave(void);

/* An answer, with its payload; valid until the next call. */
typedef struct conntrail__answer {
  conntrail__reply reply;
  const unsigned char *payload;
} conntrail__answer;

/* Asks and waits. False: there is no service any more. */
CONNTRAIL__HIDDEN bool conntrail__channel_ask(conntrail__request *request, const void *payload,
                                              conntrail__answer *answer);
/* The same with descriptors: one that goes along, or -1; and, out, one that is lent, which the
 * caller closes, or -1. */
CONNTRAIL__HIDDEN bool conntrail__channel_ask_with(conntrail__request *request, const void *payload,
                                                   int enclosed, int *lent,
                                                   conntrail__answer *answer);
/* Tells, and does not wait. No call that asks is answered before what was told is done. */
CONNTRAIL__HIDDEN void conntrail__channel_tell(conntrail__request *request);
/* For what goes on without asking: whether the service is still there. */
CONNTRAIL__HIDDEN bool conntrail__channel_is_there(void);

/* The next number of a socket of this process. */
CONNTRAIL__HIDDEN uint32_t conntrail__channel_next_socket(void);
CONNTRAIL__HIDDEN bool conntrail__channel_may_fault(void);
CONNTRAIL__HIDDEN uint32_t conntrail__channel_process(void);

/* Around fork: the child gets a connection of its own, made by its parent, so that no socket of
 * both is ever without an owner. */
CONNTRAIL__HIDDEN void conntrail__channel_before_fork(void);
CONNTRAIL__HIDDEN void conntrail__channel_after_fork(bool is_child);

/* Safe in a child of vfork, and without the lock: a connection to the service that is nobody's yet,
 * or -1; and what this process says there of itself. False: it never had one of its own. */
CONNTRAIL__HIDDEN int conntrail__channel_open(void);
CONNTRAIL__HIDDEN bool conntrail__channel_descent(conntrail__request *request);

/* A program closes descriptors that it does not know, or puts one where ours is. */
CONNTRAIL__HIDDEN bool conntrail__channel_is(int fd);
CONNTRAIL__HIDDEN int conntrail__channel_fd(void); /* -1: none, or another process' */
CONNTRAIL__HIDDEN void conntrail__channel_make_way(int fd);

/* place_library.c: whether another copy of this library in the process does the
 * work. */
CONNTRAIL__HIDDEN bool conntrail__stands_aside(void);

#endif
