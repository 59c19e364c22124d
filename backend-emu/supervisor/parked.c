/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "describe.h"
#include "handlers.h"
#include "loop.h"
#include "notice.h"
#include "parked.h"
#include "state.h"

/*
 * Calls that wait. The filter has WAIT_KILLABLE_RECV, so that no signal but a deadly one ends a
 * call that was received: this looks for pending signals, and lets the program's own call go on in
 * the kernel, which meets the signal as it would without us.
 */

enum { TICK = 5, MOST_LOOKED_AT = 64 };

static void set_tick(conntrail__supervisor *supervisor) {
  const struct timeval tick = {.tv_usec = TICK * 1000L};
  if (supervisor->parked == NULL) {
    (void)event_del(supervisor->parked_tick);
  } else if (!event_pending(supervisor->parked_tick, EV_TIMEOUT, NULL)) {
    (void)event_add(supervisor->parked_tick, &tick);
  }
}

/* Forgets it. The event goes first: epoll knows a file, which the program still has open. */
static void unpark(conntrail__parked *parked) {
  conntrail__supervisor *supervisor = parked->notice.supervisor;
  if (parked->next != NULL) {
    parked->next->previous = parked->previous;
  }
  if (parked->previous != NULL) {
    parked->previous->next = parked->next;
  } else {
    supervisor->parked = parked->next;
  }
  event_free(parked->ready);
  close(parked->own);
  free(parked);
  set_tick(supervisor);
}

static void end(conntrail__parked *parked, const conntrail__answer *answer) {
  const conntrail__notice notice = parked->notice;
  unpark(parked);
  if (answer != NULL) {
    conntrail__send_answer(&notice, *answer);
  }
}

static void on_ready(evutil_socket_t fd, short what, void *arg) {
  conntrail__parked *parked = arg;
  (void)fd;
  (void)what;
  if (!conntrail__notice_is_valid(&parked->notice)) {
    end(parked, NULL);
    return;
  }
  conntrail__answer answer = parked->wait.resume(&parked->notice, parked->own);
  if (answer.kind == CONNTRAIL__WAITS) { /* another reader was quicker */
    (void)event_add(parked->ready, NULL);
    return;
  }
  conntrail__watch *watch = parked->notice.watch;
  end(parked, &answer);
  conntrail__note_change(watch->supervisor);
  conntrail__take_next(watch);
}

bool conntrail__may_act(const conntrail__notice *notice) {
  return notice->is_parked || conntrail__notice_is_valid(notice);
}

conntrail__answer conntrail__park(const conntrail__notice *notice, int own,
                                  const conntrail__wait *wait) {
  conntrail__supervisor *supervisor = notice->supervisor;
  if (notice->is_parked) { /* it was resumed too early, and waits on */
    return conntrail__waits();
  }
  conntrail__parked *parked = calloc(1, sizeof *parked);
  if (parked == NULL) {
    return conntrail__fail(ENETDOWN);
  }
  parked->notice = *notice;
  parked->notice.is_parked = true;
  parked->own = own;
  parked->notice.cookie = wait->cookie;
  parked->wait = *wait;
  parked->begin = conntrail__milliseconds();
  parked->ready = event_new(supervisor->base, own, wait->event, on_ready, parked);
  if (parked->ready == NULL || event_add(parked->ready, NULL) != 0) {
    if (parked->ready != NULL) {
      event_free(parked->ready);
    }
    free(parked);
    return conntrail__fail(ENETDOWN);
  }
  parked->next = supervisor->parked;
  if (parked->next != NULL) {
    parked->next->previous = parked;
  }
  supervisor->parked = parked;
  set_tick(supervisor);
  return conntrail__waits();
}

/* ---- Looking after them ---------------------------------------------------------------------- */

static uint64_t number_behind(const char *text, const char *word) {
  const char *at = strstr(text, word);
  return at == NULL ? 0 : strtoull(at + strlen(word), NULL, 16);
}

static bool has_signal(const conntrail__notice *notice) {
  char path[64];
  char text[4096];
  snprintf(path, sizeof path, "/proc/%u/status", notice->thread);
  FILE *file = fopen(path, "re");
  if (file == NULL) {
    return false;
  }
  size_t size = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[size] = '\0';
  return ((number_behind(text, "\nSigPnd:") | number_behind(text, "\nShdPnd:")) &
          ~number_behind(text, "\nSigBlk:")) != 0;
}

/* The kernel reads the limit when a call begins to wait; here it is read a tick later. */
static bool is_late(conntrail__parked *parked, uint64_t now) {
  if (!parked->has_end) {
    const uint64_t limit = conntrail__wait_limit(parked->own, parked->wait.limit);
    parked->has_end = true;
    parked->end = limit == 0 ? UINT64_MAX : parked->begin + limit;
  }
  return now >= parked->end;
}

static void look_after(conntrail__parked *parked, uint64_t now) {
  const conntrail__answer in_kernel = conntrail__go_on();
  const conntrail__answer late = parked->wait.late;
  if (!conntrail__notice_is_valid(&parked->notice)) {
    end(parked, NULL);
  } else if (is_late(parked, now)) {
    end(parked, &late);
  } else if (has_signal(&parked->notice)) {
    end(parked, &in_kernel);
  }
}

/* The oldest have waited longest; many are looked at in turn. */
void conntrail__on_parked_tick(evutil_socket_t fd, short what, void *arg) {
  conntrail__supervisor *supervisor = arg;
  uint64_t now = conntrail__milliseconds();
  static const struct timeval soon = {.tv_usec = TICK * 1000L};
  conntrail__parked *next;
  int count = 0;
  (void)fd;
  (void)what;
  for (conntrail__parked *p = supervisor->parked; p != NULL; p = next) {
    next = p->next;
    count++;
    if (count <= MOST_LOOKED_AT || (now / TICK + (uint64_t)count) % 16 == 0) {
      look_after(p, now);
    }
  }
  if (supervisor->parked != NULL) {
    (void)event_add(supervisor->parked_tick, &soon);
  }
}

void conntrail__forget_parked(conntrail__supervisor *supervisor) {
  while (supervisor->parked != NULL) {
    end(supervisor->parked, NULL);
  }
}
