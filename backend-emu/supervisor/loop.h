/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_LOOP_H
#define CONNTRAIL_SUPERVISOR_LOOP_H

/* Receives calls, and has each answered. */

#include "watch.h"

void conntrail__on_notice(evutil_socket_t fd, short what, void *watch);
/* One call, which is there. */
void conntrail__take_notice(conntrail__watch *watch);
/* A call that had waited was answered: its program may have called again by now. */
void conntrail__take_next(conntrail__watch *watch);
/* The trail may have grown: it is written after some calls and ends. */
void conntrail__note_change(conntrail__supervisor *supervisor);
uint64_t conntrail__milliseconds(void);

#endif
