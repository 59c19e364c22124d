/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_H
#define CONNTRAIL_SUPERVISOR_H

/*
 * The supervisor: one engine, and the programs whose system calls it answers by seccomp user
 * notification. It runs on an event_base, in one thread. A program is started with a filter that
 * all which it forks and executes inherit. Linux 5.19 or later, x86-64, with i386 programs.
 */

#include <event2/event.h>
#include <sys/types.h>

#include "../engine/engine.h"

typedef struct conntrail__supervisor conntrail__supervisor;

/* Called when the trail may have grown or a program may listen. */
typedef void (*conntrail__supervisor_changed)(void *arg);

/* Something that cannot be supervised was refused; said once for each reason. */
typedef void (*conntrail__supervisor_refused)(void *arg, uint32_t process, const char *sentence);

typedef struct conntrail__program {
  char *const *command;
  const char *name;          /* as the trail calls it */
  bool is_apart;             /* in a process group of its own, ended with this process */
  int output;                /* of who is apart: where it writes */
  int (*prepare)(void *arg); /* in the child, before it becomes the program; 0, or errno */
  void *arg;
} conntrail__program;

/* base and emu stay the caller's and must outlive it. NULL, with why. */
conntrail__supervisor *conntrail__supervisor_create(struct event_base *base, conntrail_emu *emu,
                                                    conntrail__supervisor_changed changed,
                                                    void *arg, conntrail__refusal *why);
/* Programs that are left get ENOSYS for the calls that the filter names. */
void conntrail__supervisor_destroy(conntrail__supervisor *supervisor);

/* Programs may reach other hosts, as the scenario says (real_network). */
void conntrail__supervisor_open_network(conntrail__supervisor *supervisor);

/* The run has a name server of its own: daemons of this host that know names are not there. */
void conntrail__supervisor_answers_names(conntrail__supervisor *supervisor);

/* arg is that of conntrail__supervisor_create(). */
void conntrail__supervisor_on_refused(conntrail__supervisor *supervisor,
                                      conntrail__supervisor_refused refused);

/* Starts a program under a filter. Its process id; -1, with why. */
pid_t conntrail__supervisor_start(conntrail__supervisor *supervisor,
                                  const conntrail__program *program, conntrail__refusal *why);

/* From now on, programs of this user can attach themselves at this socket. Where a supervisor that
 * was killed has left its socket there, it is replaced. False, with why. */
bool conntrail__supervisor_accept_at(conntrail__supervisor *supervisor, const char *path,
                                     conntrail__refusal *why);
/* Removes the socket that a supervisor which was killed left there. False: there is none. */
bool conntrail__remove_left_socket(const char *path);
/* Puts this process, and what it executes, under the supervisor that accepts there. False, with
 * why; then the process may have a filter whose notifications no supervisor reads. */
bool conntrail__supervisor_attach(const char *path, const char *program, conntrail__refusal *why);

/* The service lets the connections of every process of a program that is called so pass (R8).
 * False: no memory. */
bool conntrail__supervisor_exempt(conntrail__supervisor *supervisor, conntrail_emu_service *service,
                                  const char *program);
/* The emulation was reset: no process is exempt, and each refusal is reported again. */
void conntrail__supervisor_reset(conntrail__supervisor *supervisor);

/* Where a program of this name listens for this family, or for any: the newest. [::] is there for
 * IPv4 as well, without IPV6_V6ONLY. is_datagram: where it has bound a UDP socket. False: nowhere
 * so far. */
bool conntrail__supervisor_listens(const conntrail__supervisor *supervisor, const char *program,
                                   uint8_t family, bool is_datagram, conntrail__address *address);
/* Whether a process is left of the program that was started as this one. */
bool conntrail__supervisor_has_left(const conntrail__supervisor *supervisor, pid_t first);
/* Whether a program of this name was started. */
bool conntrail__supervisor_has_met(const conntrail__supervisor *supervisor, const char *program);

/* What the process is called; NULL where it is not known. */
const char *conntrail__supervisor_program(const conntrail__supervisor *supervisor,
                                          uint32_t process);
/* The file name of what it runs, where that is not what the program's first process ran; else NULL.
 */
const char *conntrail__supervisor_command(const conntrail__supervisor *supervisor,
                                          uint32_t process);

/* Learns what has become of every connection until now, so that the trail is complete. is_over: no
 * program is left, so that every socket counts as closed. */
void conntrail__supervisor_catch_up(conntrail__supervisor *supervisor, bool is_over);

/* ---- What this system lacks (self_test.c) -----------------------------------------------------
 */

typedef struct conntrail__need {
  const char *what;
  bool is_met;
  char cure[512]; /* where it is not met */
} conntrail__need;

enum { CONNTRAIL__NEEDS = 6 };

/* Tries, on a child, everything that supervising needs. True: nothing is missing. */
bool conntrail__supervisor_try(conntrail__need needs[CONNTRAIL__NEEDS]);

#endif
