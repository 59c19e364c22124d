/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_WATCH_H
#define CONNTRAIL_SUPERVISOR_WATCH_H

/* The listener of one filter. */

#include "supervisor.h"

enum { CONNTRAIL__NAME = 64 };

/* Of a program, with all that it started. */
typedef struct conntrail__watch {
  struct conntrail__watch *next;
  conntrail__supervisor *supervisor;
  struct event *readable;
  int fd; /* -1: no process is left */
  pid_t first;
  char program[CONNTRAIL__NAME];
  char first_command[CONNTRAIL__NAME];
  bool listens;        /* at a TCP address */
  bool is_busy;        /* a program had called again when it was looked at */
  bool ends_receiving; /* receiving returns where no process is left */
  bool is_named;       /* by a process that is known */
  bool is_starting;    /* its first process is to execute the program */
  bool loses_rights;   /* which the file of its first process would give */
  unsigned turn;
  unsigned refusals; /* that were reported, a bit each */
} conntrail__watch;

/* Answers the calls of the processes under this filter. Takes the listener over where it
 * succeeds. first: the program's first process. NULL: no memory. */
conntrail__watch *conntrail__watch_over(conntrail__supervisor *supervisor, int listener,
                                        pid_t first, const char *program);
/* No process under this filter is left. */
void conntrail__watch_ended(conntrail__watch *watch);
/* Its first process has not become the program. */
void conntrail__unwatch(conntrail__watch *watch);
/* Its first process runs the program by now. */
void conntrail__watch_name_first(conntrail__watch *watch);
/* Those of programs that have ended, where no process that is known was theirs. */
void conntrail__forget_ended_watches(conntrail__supervisor *supervisor);
void conntrail__forget_watches(conntrail__supervisor *supervisor);

#endif
