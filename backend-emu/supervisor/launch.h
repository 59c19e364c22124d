/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_LAUNCH_H
#define CONNTRAIL_SUPERVISOR_LAUNCH_H

/* How programs come under a filter: started, or attached, and watched from then on. */

#include "internal.h"

/* launch.c: a child under a filter. */
typedef struct conntrail__launch {
  int (*act)(void *arg); /* in the child: becomes the program; answers errno where it cannot */
  void *arg;
  pid_t child;  /* out */
  int listener; /* out: of its filter */
  int report;   /* out: for conntrail__launch_report() */
} conntrail__launch;
/* It acts from now on. False, with why: nothing was started. */
bool conntrail__launch_child(conntrail__launch *launch, conntrail__refusal *why);
/* 0: it is the program; else errno, and the child has ended. Ends the report. */
int conntrail__launch_report(conntrail__launch *launch);

/* A listener by its number in a process. -1, and errno. */
int conntrail__take_listener(pid_t process, int number);
/* Why conntrail__install_filter() failed, with the cure. */
const char *conntrail__why_unfiltered(int error);

/* filter.c: in the child. The number of the listener; -1, and errno. */
int conntrail__install_filter(void);

/* watches.c: answers the calls of the processes under this filter. Takes the listener over where it
 * succeeds. first: the program's first process. NULL: no memory. */
conntrail__watch *conntrail__watch_over(conntrail__supervisor *supervisor, int listener,
                                        pid_t first, const char *program);
/* No process under this filter is left. */
void conntrail__watch_ended(conntrail__watch *watch);
/* Its first process runs the program by now. */
void conntrail__watch_name_first(conntrail__watch *watch);
/* Those of programs that have ended, where no process that is known was theirs. */
void conntrail__forget_ended_watches(conntrail__supervisor *supervisor);
void conntrail__forget_watches(conntrail__supervisor *supervisor);

/* loop.c */
void conntrail__on_notice(evutil_socket_t fd, short what, void *watch);
/* One call, which is there. */
void conntrail__take_notice(conntrail__watch *watch);

/* attached.c */
void conntrail__forget_attachments(conntrail__supervisor *supervisor);

/* family.c: the oldest ancestor that runs the same command line; the process itself where none
 * does. */
uint32_t conntrail__read_family(uint32_t number);

/* process.c: as it was read when the process made its first call. */
uint32_t conntrail__family_of(const conntrail__supervisor *supervisor, uint32_t number);

#endif
