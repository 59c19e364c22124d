/* SPDX-License-Identifier: MIT */
#ifndef SCRIPTED_FRONT_END_H
#define SCRIPTED_FRONT_END_H

/*
 * A front end without a system: it defines native_calls.h over a table of pretended sockets. Every
 * call of its program that could wait is parked: it returns to the test, which makes other calls
 * and ends the parked one later. All of it is one thread, so that a native call that waited, or a
 * lock that was not given back, would end the test.
 */

#include <check.h>

#include "backend-emu/frontend/connect.h"
#include "backend-emu/frontend/send.h"
#include "backend-emu/frontend/track.h"

enum { SCRIPTED_SOCKETS = 16 };

/* Pretended errors of the system: not Winsock's numbers, so that a mix-up shows. */
enum { SYSTEM_ERRORS = 100000, SCRIPTED_ADDRESS_IN_USE = SYSTEM_ERRORS + 10048 };

typedef struct scripted_socket {
  conntrail__socket *socket; /* NULL: not tracked */
  conntrail__address local;
  conntrail__address peer; /* of a datagram socket: where the system connected it */
  bool is_open;
} scripted_socket;

extern scripted_socket scripted[SCRIPTED_SOCKETS];
extern bool scripted_is_locked;
extern unsigned scripted_lock_rounds;
/* The next native_open(), _bind(), _associate(), _reserve() or _track() fails with this error; 0:
 * none. */
extern int scripted_failure;
/* native_let_through() fails with this error; 0: it does not. */
extern int scripted_lift_failure;
/* Whether the last native_track() was given what native_reserve() had reserved. */
extern bool scripted_was_reserved;

void scripted_begin(void);
void scripted_end(void);

/* The program's socket(): a handle. */
intptr_t scripted_create(conntrail__socket_kind kind);
/* The program's socket(), bind() and listen(). */
intptr_t scripted_listen(const char *address);
/* What the system's accept() answers with: a handle that nobody tracks yet. */
intptr_t scripted_arrive(intptr_t listener);
/* The program's close(). */
void scripted_close(intptr_t handle);
unsigned scripted_open_count(void);

conntrail__address scripted_address(const char *text);

#endif
