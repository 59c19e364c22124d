/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_PARKED_H
#define CONNTRAIL_SUPERVISOR_PARKED_H

/* A call that cannot be answered yet. */

#include "handlers.h"

/* What for. */
typedef struct conntrail__wait {
  short event;               /* EV_READ, EV_WRITE */
  int limit;                 /* SO_RCVTIMEO, SO_SNDTIMEO */
  uint64_t cookie;           /* of the socket; 0: it was not asked */
  conntrail__answer late;    /* the answer when the time is over */
  conntrail__handler resume; /* when the socket is ready; it may park it again */
} conntrail__wait;

typedef struct conntrail__parked conntrail__parked;
struct conntrail__parked {
  conntrail__parked *previous;
  conntrail__parked *next;
  conntrail__notice notice;
  struct event *ready;
  int own;
  conntrail__wait wait;
  uint64_t begin;
  bool has_end; /* asked when it has waited for a while: most do not */
  uint64_t end;
};

/* WAITS: own is the parked call's now. Or an error, where that cannot be. */
conntrail__answer conntrail__park(const conntrail__notice *notice, int own,
                                  const conntrail__wait *wait);
/* Whether it may be acted upon. A call that is resumed was looked at just before. */
bool conntrail__may_act(const conntrail__notice *notice);
void conntrail__on_parked_tick(evutil_socket_t fd, short what, void *supervisor);
void conntrail__forget_parked(conntrail__supervisor *supervisor);

#endif
