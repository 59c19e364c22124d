/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_POSIX_SESSION_H
#define CONNTRAIL_POSIX_SESSION_H

/*
 * What this process and its threads are to the emulation: the lock, the emulations that exist,
 * which one is current (E3), who a thread acts as, and what a fork left behind (E6).
 */

#include <signal.h>
#include <sys/types.h>

#include "../control/face.h"
#include "interpose.h"
#include "table.h"

#if defined(__GNUC__)
/* No call, and no allocation in a signal handler, to reach a thread's own data. */
#define CONNTRAIL__THREAD_LOCAL                                                                    \
  _Thread_local __attribute__((tls_model("initial-exec"), visibility("hidden")))
#else
#define CONNTRAIL__THREAD_LOCAL _Thread_local
#endif

enum { CONNTRAIL__USER_SIZE = 64 };

typedef struct conntrail__thread {
  volatile sig_atomic_t inside; /* holds the lock, or is about to take or give it */
  bool is_probing;              /* conntrail__face_is_watching() tries the way */
  bool was_reached;             /* ... and a call came through */
  bool holds_for_fork;
  uint64_t actor;
  uint64_t entered; /* instance of the emulation that this thread entered; 0: none */
  uint32_t process;
  uint32_t native_error;
  char user[CONNTRAIL__USER_SIZE];
  conntrail__refusal refusal;
} conntrail__thread;

extern CONNTRAIL__THREAD_LOCAL conntrail__thread conntrail__self;

/* An emulation that exists. */
typedef struct conntrail__resident {
  conntrail_emu *emu; /* NULL: the place is free */
  uint64_t instance;
  bool is_inherited; /* made before fork, by the parent */
} conntrail__resident;

/* Whether conntrail__hold_take_quickly() is out of the question. */
extern CONNTRAIL__HIDDEN atomic_bool conntrail__is_cautious;

/* overlapped.c: (locked) the queries that ended and were not told of it. */
CONNTRAIL__HIDDEN conntrail__pending *conntrail__overlapped_take_ended(void);
/* overlapped.c: without the lock. */
CONNTRAIL__HIDDEN void conntrail__overlapped_tell(conntrail__pending *told);

/* (locked) The current emulation of this thread; NULL where there is none. */
CONNTRAIL__HIDDEN const conntrail__resident *conntrail__session_current(void);

/* (locked) Where an emulation is kept. */
CONNTRAIL__HIDDEN const conntrail__resident *conntrail__session_resident(const conntrail_emu *emu);

/* (locked) Whether the socket was made before fork, by the parent (E6). */
CONNTRAIL__HIDDEN bool conntrail__session_is_inherited(const conntrail__socket *socket);

/* (locked) The service's emulation is the one of this process (channel.c). */
CONNTRAIL__HIDDEN void conntrail__session_serve(void);

/* Whether this is another process in the same memory: a child of vfork. */
CONNTRAIL__HIDDEN bool conntrail__session_is_foreign(void);
/* The process whose descriptors the table speaks of. */
CONNTRAIL__HIDDEN pid_t conntrail__session_process(void);

CONNTRAIL__HIDDEN void conntrail__session_identity(conntrail__identity *who);

/* Tells a forked child once, on stderr, what it misses, and sets errno to ENOTSUP. Answers -1. */
CONNTRAIL__HIDDEN int conntrail__session_refuse_inherited(const char *call);

/*
 * A tracked socket, kept for the length of a call that may block. The emulation may end
 * meanwhile; conntrail__hold_resume() then says so and the socket must not be touched.
 */
typedef struct conntrail__hold {
  conntrail__socket *socket;
  uint64_t instance;
  int family;
  conntrail__socket_kind kind;
  conntrail__socket_state state;
  bool is_inherited;
  bool may_fault; /* a fault was asked for, of whatever */
  bool is_quick;
  int fd; /* where it is quick */
} conntrail__hold;

/* False, with nothing to drop, where the descriptor is not tracked. */
CONNTRAIL__HIDDEN bool conntrail__hold_take(int fd, conntrail__hold *hold);
/*
 * The same without the lock, for a datagram socket that is ready, in a process that neither was
 * forked nor has ever had a fault: only socket, family and kind are known, and the socket may be
 * gone until it is resumed.
 */
CONNTRAIL__HIDDEN bool conntrail__hold_take_quickly(int fd, conntrail__hold *hold);
/* Takes the lock. False, without the lock and with nothing to drop, where the emulation ended. */
CONNTRAIL__HIDDEN bool conntrail__hold_resume(conntrail__hold *hold);
/* (locked) The end of it. Gives the lock back. */
CONNTRAIL__HIDDEN void conntrail__hold_end(conntrail__hold *hold);
/* Both at once, where there is nothing to tell. */
CONNTRAIL__HIDDEN void conntrail__hold_drop(conntrail__hold *hold);

#endif
