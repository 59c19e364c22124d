/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_LAUNCH_H
#define CONNTRAIL_SUPERVISOR_LAUNCH_H

/* How programs come under a filter: started, or attached, and watched from then on. */

#include "supervisor.h"

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

/* filter.c: in the child. asks_of_starts: what it executes is asked about as well, so that it must
 * end with its supervisor. The number of the listener; -1, and errno. */
int conntrail__install_filter(bool asks_of_starts);

/* attached.c */
void conntrail__forget_attachments(conntrail__supervisor *supervisor);

#endif
