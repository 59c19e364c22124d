/* SPDX-License-Identifier: MIT */
#include "served.h"

/*
 * What the service decided about a connection, for the next one like it: so that a client which
 * connects again and again asks once in many times. All of it under the lock.
 */

enum { PLACES = 8 };

typedef struct known {
  conntrail__address remote;
  conntrail__address target;
  uint32_t times; /* that it may still be repeated */
} known;

static struct {
  known places[PLACES];
  unsigned next;    /* to be used again */
  uint32_t process; /* whose decisions they are */
  bool is_over;
} decisions;

static known *find(const conntrail__address *remote) {
  for (unsigned i = 0; i < PLACES; i++) {
    if (decisions.places[i].times > 0 &&
        conntrail__address_equal(&decisions.places[i].remote, remote)) {
      return &decisions.places[i];
    }
  }
  return NULL;
}

bool conntrail__decision_repeat(const conntrail__address *remote, conntrail__address *target) {
  known *found =
      decisions.is_over || decisions.process != conntrail__channel_process() ? NULL : find(remote);
  if (found == NULL) {
    return false;
  }
  found->times--;
  *target = found->target;
  return true;
}

void conntrail__decision_keep(const conntrail__address *remote, const conntrail__address *target,
                              uint32_t times) {
  known *place;
  if (decisions.process != conntrail__channel_process()) { /* a child of fork */
    decisions.process = conntrail__channel_process();
    for (unsigned i = 0; i < PLACES; i++) {
      decisions.places[i].times = 0;
    }
  }
  place = find(remote);
  if (place == NULL) {
    place = &decisions.places[decisions.next];
    decisions.next = (decisions.next + 1) % PLACES;
  }
  *place = (known){.remote = *remote, .target = *target, .times = times};
}

void conntrail__decision_stop(void) {
  decisions.is_over = true;
}
