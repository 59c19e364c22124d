/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CONNECT_H
#define CONNTRAIL_CONNECT_H

/*
 * Connecting, for a front end inside a process: the decision, then the system's connect, which the
 * front end performs and may wait for, then the report. Whatever ends the emulation in between, the
 * program's connection never goes to where it asked without a decision: it fails with the error of
 * "the network is down".
 */

#include "decide.h"

/*
 * (locked) A stream socket asks for remote. 0: the front end connects it to target, and calls
 * conntrail__connect_finish(); the reference is kept. Else the system's error with which the call
 * fails, and the reference is gone. Gives the lock back in both cases.
 */
int conntrail__connect_decide(conntrail__reference *socket, const conntrail__address *remote,
                              conntrail__connect_target *target);
/* conntrail__connect_decide() for a reference that is kept already, and stays so. */
int conntrail__connect_decide_kept(const conntrail__reference *socket,
                                   const conntrail__address *remote,
                                   conntrail__connect_target *target);

/* What became of the system's connect. error: the system's, where it is REJECTED. Takes the lock
 * and keeps it; false, without the lock, where the emulation ended. */
bool conntrail__connect_report(const conntrail__reference *socket, conntrail__outcome outcome,
                               int error);
/* The same, and the end of the reference. Keeps the error. */
void conntrail__connect_finish(const conntrail__reference *socket, conntrail__outcome outcome,
                               int error);

/* (locked) connect() of a datagram socket, which sends nothing and does not wait. 0, or the
 * system's error. */
int conntrail__connect_datagram(const conntrail__reference *socket,
                                const conntrail__address *remote);

/* The system's error where the emulation ended while a call was in progress. */
int conntrail__connect_ended_error(void);

#endif
