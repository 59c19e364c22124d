/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_NATIVE_CALLS_H
#define CONNTRAIL_NATIVE_CALLS_H

/*
 * What each front end (posix, winsock) provides to backend-emu/frontend. These are the only calls
 * by which the shared logic reaches the system. None of them waits: who waits, and how, belongs to
 * the front end.
 *
 * handle is a descriptor or a SOCKET. The lock is one for the process and is not recursive. Calls
 * marked (locked) want it held. "Keeps the error" means errno or WSAGetLastError().
 */

#include "../engine/engine.h"

struct sockaddr;

/* ---- The process and its threads ------------------------------------------------------------- */

void conntrail__native_lock(void);
/* Ends pending queries that were answered under the lock. */
void conntrail__native_unlock(void);

enum { CONNTRAIL__USER_SIZE = 64 };

/* What the emulation remembers of a thread. Zero at its beginning. */
typedef struct conntrail__thread_session {
  uint64_t actor;
  uint64_t entered; /* instance of the emulation that this thread entered; 0: none */
  uint32_t process; /* 0: the real one */
  char user[CONNTRAIL__USER_SIZE];
  conntrail__refusal refusal;
} conntrail__thread_session;

/* This thread's. */
conntrail__thread_session *conntrail__native_thread(void);
uint32_t conntrail__native_process(void);

/* Whether the calls that the emulation watches are ours in this process (E7); else why not. */
bool conntrail__native_is_watching(conntrail__refusal *why);
/* (locked) An emulation is about to begin. False: the front end cannot watch. */
bool conntrail__native_prepare(void);
/* (locked) An emulation has begun: from now on calls are watched. */
void conntrail__native_begun(void);
/* (locked) An emulation ends: forgets its descriptors, without releasing anything. */
void conntrail__native_ended(const conntrail_emu *emu);
/* (locked) A fault was asked for: from now on every call evaluates the faults. */
void conntrail__native_expect_faults(void);

/* ---- Sockets --------------------------------------------------------------------------------- */

/* (locked) The tracked socket that a handle names, and its family (AF_INET or AF_INET6). NULL: it
 * names none. */
conntrail__socket *conntrail__native_find(intptr_t handle, int *family);

/* (locked) One more conntrail__native_track() will not lack memory. *entry: what it needs, which
 * free() takes back; may be NULL. False: no memory. */
bool conntrail__native_reserve(void **entry);

/*
 * (locked) The handle names socket from now on, whose reference the front end takes over; whatever
 * it named before is released. like: a handle whose settings it has, if the front end keeps any
 * that the system does not tell. entry: NULL, or from conntrail__native_reserve(), and taken over
 * in any case. 0, or the system's error; the reference is then still the caller's.
 */
int conntrail__native_track(intptr_t handle, intptr_t like, conntrail__socket *socket, int family,
                            void *entry);

/* (locked) Forgets the sockets that were closed without a watched call. */
void conntrail__native_sweep(void);

/* The system's own answer. Keeps the error. */
bool conntrail__native_local_address(intptr_t handle, conntrail__address *local);

/* A datagram socket of the emulation's own: it neither waits nor is watched, inherited or read
 * from. -1 with the system's error. */
intptr_t conntrail__native_open(uint8_t family);
/* Of the program's sockets, datagram sockets only. False with the system's error. */
bool conntrail__native_bind(intptr_t handle, const struct sockaddr *address, size_t size);
bool conntrail__native_associate(intptr_t handle, const struct sockaddr *address, size_t size);
/* Keeps the error. */
void conntrail__native_close(intptr_t handle);

/* Lifts settings of the program's socket that would keep it from reaching target, to where the
 * emulation sends it instead. 0, or the system's error where a setting cannot be lifted. */
int conntrail__native_let_through(intptr_t handle, int family, const conntrail__address *target);

/* ---- Errors ---------------------------------------------------------------------------------- */

/* The system's error of the last native call that failed: errno or WSAGetLastError(). */
int conntrail__native_error(void);
/* Between the system's errors and the engine's, which are Winsock's. On Linux (errno_linux.c), EIO
 * and 31 (ERROR_GEN_FAILURE) for what has no counterpart. */
int conntrail__native_error_of(uint32_t native);
uint32_t conntrail__native_number_of(int error);

/* ---- Control messages ------------------------------------------------------------------------ */

/* Whether a control message of a program is redirect records. */
bool conntrail__native_is_records(int level, int type);

#endif
