/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_REFERENCE_H
#define CONNTRAIL_REFERENCE_H

/*
 * Socket references: a tracked socket for the length of a call. A call that waits gives the lock
 * back meanwhile, and its emulation may end; conntrail__reference_resume() then returns false, and
 * the socket must not be used.
 *
 * A call that does not wait:          A call that waits:
 *   if (enter) { ...; leave; }          if (enter) { decide; keep; the system waits;
 *                                                    if (resume) { report; end; } }
 */

#include "session.h"

typedef struct conntrail__reference {
  conntrail__socket *socket;
  intptr_t handle;
  uint64_t instance;
  int family; /* AF_INET or AF_INET6 */
  conntrail__socket_kind kind;
  conntrail__socket_state state; /* as it was when it was entered */
  bool is_inherited;             /* the parent's, in the child of a fork */
  bool may_fault;                /* a fault was asked for, on whatever socket */
  bool is_counted;               /* it keeps the socket */
} conntrail__reference;

/* Takes the lock. False, without the lock, where the handle is not tracked. */
bool conntrail__reference_enter(intptr_t handle, conntrail__reference *reference);
/* (locked) The end of a call that did not wait. Gives the lock back. */
void conntrail__reference_leave(void);

/* (locked) Keeps the socket while the call waits. Gives the lock back. */
void conntrail__reference_keep(conntrail__reference *reference);
/* enter and keep. */
bool conntrail__reference_take(intptr_t handle, conntrail__reference *reference);
/* Takes the lock. False, without the lock and with nothing to end, where the emulation ended or,
 * of a reference that is not counted, where the handle names another socket by now. */
bool conntrail__reference_resume(const conntrail__reference *reference);
/* (locked) The end of a call that waited. Gives the lock back. */
void conntrail__reference_end(const conntrail__reference *reference);
/* resume and end, where there is nothing to report. */
void conntrail__reference_drop(const conntrail__reference *reference);

#endif
