/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_PARKED_H
#define CONNTRAIL_SUPERVISOR_PARKED_H

/* A call that cannot be answered yet. */

#include "handlers.h"

typedef struct conntrail__parked conntrail__parked;
struct conntrail__parked {
  conntrail__parked *previous;
  conntrail__parked *next;
  conntrail__notice notice;
  struct event *ready;
  int own;
  uint64_t end;              /* 0: no limit */
  conntrail__answer late;    /* the answer when it is over */
  conntrail__handler resume; /* when the socket is ready; it may park it again */
};

/* WAITS: own is the parked call's now. Or an error, where that cannot be. */
conntrail__answer conntrail__park(const conntrail__notice *notice, int own, short events,
                                  uint64_t milliseconds, conntrail__answer late,
                                  conntrail__handler resume);
/* Whether it may be acted upon. A call that is resumed was looked at just before. */
bool conntrail__may_act(const conntrail__notice *notice);
void conntrail__on_parked_tick(evutil_socket_t fd, short what, void *supervisor);
void conntrail__forget_parked(conntrail__supervisor *supervisor);

#endif
