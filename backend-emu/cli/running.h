/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CLI_RUNNING_H
#define CONNTRAIL_CLI_RUNNING_H

/* What the files of a supervised run share. */

#include <sys/types.h>

#include "clients.h"
#include "names.h"
#include "output.h"
#include "progress.h"
#include "run.h"
#include "scenario.h"
#include "trail.h"

enum { CONNTRAIL__MOST_PROGRAMS = 64, CONNTRAIL__GRACE = 2 /* seconds */ };

/* A program of the scenario. */
typedef struct conntrail__started {
  pid_t process; /* 0: ended, or not begun */
  int status;
  pid_t first; /* its number, also when it has ended */
  bool has_listened;
  bool has_ended;
  bool is_said; /* that it has ended */
  conntrail__output output;
} conntrail__started;

typedef struct conntrail__control conntrail__control;

typedef struct conntrail__running {
  const conntrail__run *asked;
  const char *socket; /* where programs attach; NULL: nowhere */
  conntrail__ports *ports;
  conntrail__scenario *scenario;
  char *folder;            /* of the scenario */
  conntrail__names *names; /* NULL: the scenario has no "hosts" */
  conntrail_emu *emu;
  conntrail__supervisor *supervisor;
  struct event_base *base;
  struct event *signals;
  struct event *tick;
  int signal_fd;
  conntrail__control *control; /* NULL: there is none */
  FILE *trail;
  unsigned refusals;
  int trail_error; /* errno of the first write that failed */
  uint64_t written;
  conntrail__started programs[CONNTRAIL__MOST_PROGRAMS];
  size_t started;
  conntrail__client clients[CONNTRAIL__MOST_PROGRAMS];
  time_t begin;   /* when every program listened */
  bool is_ending; /* what ends now is ended by this process */
  pid_t main;
  int status; /* of main */
  bool is_main_over;
  int caught; /* the signal that asked for the end; 0: none */
  time_t caught_at;
  conntrail__progress progress;
} conntrail__running;

/* Answers CONNTRAIL__CANNOT. */
int conntrail__complain(const char *text);
/* Whether limits.seconds of the scenario have passed since then; says so. */
bool conntrail__is_time_over(const conntrail__running *r, time_t begin);

/* Events are numbered from 1 again, also in the trail's file. */
void conntrail__trail_begin_anew(conntrail__running *r);

/* signals.c: signals and children, as events. False, and errno. */
bool conntrail__watch_signals(conntrail__running *r);
void conntrail__unwatch_signals(conntrail__running *r);
/* Takes note of every child that has ended, also of those that it did not start. */
void conntrail__reap(conntrail__running *r);

/* clients.c: one after the other, as the scenario says. 0, or why the run is over: an exit code. */
int conntrail__run_clients(conntrail__running *r);

/* programs.c: where a program of the run is reached. arg: the run. */
bool conntrail__find_listening(void *arg, const char *program, uint8_t family,
                               conntrail__address *address);
/* Both answer 0, or the exit code. */
int conntrail__start_programs(conntrail__running *r);
/* Starts PROGRAM, and answers its exit code once it has ended. */
int conntrail__run_program(conntrail__running *r);
/* Says which of the scenario's programs have ended, each once. when: for those that had listened.
 */
void conntrail__say_ended(conntrail__running *r, const char *when);
/* Ends all that is left below this process: SIGTERM, and after a while SIGKILL. */
void conntrail__end_programs(conntrail__running *r);

/* The file name in a path. */
const char *conntrail__file_name(const char *path);

/* serve.c: until a signal. Answers the exit code. */
int conntrail__serve(conntrail__running *r);

#endif
