/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SESSION_H
#define CONNTRAIL_SESSION_H

/*
 * The emulations that exist in this process, which of them is current (E3), who a thread acts as,
 * and what a fork left behind (E6). All of it under the lock unless a comment says otherwise.
 */

#include "native_calls.h"

enum { CONNTRAIL__MOST_EMULATIONS = 256 };

/* An emulation that exists. Its memory may belong to another one later, so that a thread, or a call
 * in progress, knows it by its instance. */
typedef struct conntrail__session_entry {
  conntrail_emu *emu; /* NULL: the entry is free */
  uint64_t instance;
  bool is_inherited; /* created before fork, by the parent */
} conntrail__session_entry;

/* A number that no other emulation of this process has had. 0: there is no room, or the front end
 * cannot watch. */
uint64_t conntrail__session_next_instance(void);
/* The emulation of that instance exists from now on. It is current for the process if no other is.
 */
void conntrail__session_begin(conntrail_emu *emu);
/* Its descriptors are forgotten, and it is current nowhere any more. */
void conntrail__session_end(const conntrail_emu *emu);

/* The lock, once it is known what was closed meanwhile: before a call of emu.h tells what there
 * is. */
void conntrail__lock_swept(void);

/* This thread's emulation; NULL returns the thread to the process's. Takes the lock. */
void conntrail__session_enter(const conntrail_emu *emu);
/* This thread's identity from now on. process 0: the real one. Takes no lock. user is copied and
 * at most 63 bytes long. */
void conntrail__session_act_as(uint32_t process, const char *user);
/* This thread's. user is the thread's own memory. */
void conntrail__session_identity(conntrail__identity *who);
/* Why the last call of emu.h was refused in this thread. Takes no lock. */
conntrail__refusal *conntrail__session_refusal(void);

/* The current emulation of this thread; NULL where there is none. */
const conntrail__session_entry *conntrail__session_current(void);
/* NULL: this emulation does not exist. */
const conntrail__session_entry *conntrail__session_entry_of(const conntrail_emu *emu);
bool conntrail__session_exists(uint64_t instance);

/* The socket of this emulation that a handle names; NULL where it is not of it. */
conntrail__socket *conntrail__session_find(const conntrail_emu *emu, conntrail_socket socket);

/* This is the child of a fork, and this thread its only one: what was current for the thread is so
 * for the process. */
void conntrail__session_forked(void);
/* ... and the emulations remain the parent's. */
void conntrail__session_inherit(void);
/* Whether the socket was created before fork, by the parent. */
bool conntrail__session_is_inherited(const conntrail__socket *socket);

#endif
