/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_POSIX_SESSION_H
#define CONNTRAIL_POSIX_SESSION_H

/*
 * What this process and its threads are to the emulation, beside frontend/session.h: the lock, who
 * may take it, and what a fork leaves behind (E6).
 */

#include <signal.h>
#include <sys/types.h>

#include "../frontend/reference.h"
#include "interpose.h"
#include "table.h"

#if defined(__GNUC__)
/* No call, and no allocation in a signal handler, to reach a thread's own data. */
#define CONNTRAIL__THREAD_LOCAL                                                                    \
  _Thread_local __attribute__((tls_model("initial-exec"), visibility("hidden")))
#else
#define CONNTRAIL__THREAD_LOCAL _Thread_local
#endif

typedef struct conntrail__thread {
  volatile sig_atomic_t inside; /* holds the lock, or is about to take or give it */
  bool is_probing;              /* conntrail__native_is_watching() tries the way */
  bool was_reached;             /* ... and a call came through */
  bool holds_for_fork;
  int cancel_state; /* as the thread had it before it took the lock */
  uint32_t native_error;
  conntrail__thread_session session;
} conntrail__thread;

extern CONNTRAIL__THREAD_LOCAL conntrail__thread conntrail__self;

/* Whether conntrail__reference_take_quickly() is out of the question. */
extern CONNTRAIL__HIDDEN atomic_bool conntrail__is_cautious;

/* overlapped.c: (locked) the queries that ended and were not notified of it. */
CONNTRAIL__HIDDEN conntrail__pending *conntrail__overlapped_take_ended(void);
/* overlapped.c: without the lock. */
CONNTRAIL__HIDDEN void conntrail__overlapped_notify(conntrail__pending *ended);

/*
 * For a call to which conntrail__session_applies() said no. Whether it comes from a signal handler
 * that interrupted a watched call of its own thread, and would send to an internet address: it
 * cannot be decided, and must not reach the real network. It fails then with ENETDOWN.
 */
CONNTRAIL__HIDDEN bool conntrail__session_refuses(const struct sockaddr *address, socklen_t size);

/* Whether this is another process in the same memory: a child of vfork. */
CONNTRAIL__HIDDEN bool conntrail__session_is_foreign(void);

/* Warns a forked child once, on stderr, of what it misses, and sets errno to ENOTSUP. Answers -1.
 */
CONNTRAIL__HIDDEN int conntrail__session_refuse_inherited(const char *call);

/*
 * conntrail__reference_take() without the lock, for a datagram socket that is ready, in a process
 * that neither was forked nor has ever had a fault: only socket, handle, family and kind are known,
 * and the socket may be gone until it is resumed. Such a reference is not counted.
 */
CONNTRAIL__HIDDEN bool conntrail__reference_take_quickly(int fd, conntrail__reference *reference);

#endif
