/* SPDX-License-Identifier: MIT */
#include "journeys.h"

#include <stdlib.h>
#include <string.h>

#include "trail.h"

static bool is_stream(const conntrail__event *event) {
  return event->protocol == CONNTRAIL__TCP && event->socket != 0;
}

/* Sizes first: neither sockets nor connects are more than the events. */
static bool make_room(const conntrail_emu *emu, conntrail__journeys *j) {
  const conntrail__event *event;
  size_t connects = 0;
  for (uint64_t after = 0; (event = conntrail__trail_next(emu, after)) != NULL;
       after = event->number) {
    connects += event->kind == CONNTRAIL_EMU_CONNECTING;
    j->most = event->socket > j->most ? event->socket : j->most;
    j->most = event->from > j->most ? event->from : j->most;
  }
  j->all = calloc(connects + 1, sizeof *j->all);
  j->of = calloc((size_t)j->most + 1, sizeof *j->of);
  return j->all != NULL && j->of != NULL;
}

static void begin(conntrail__journeys *j, const conntrail__event *event) {
  uint32_t current = j->of[event->socket];
  if (current == 0 || j->all[current].began == event->socket) { /* else a proxy continues it */
    j->all[++j->count] =
        (conntrail__journey){.destination = event->destination, .began = event->socket};
    j->of[event->socket] = (uint32_t)j->count;
  }
}

static void follow(conntrail__journeys *j, const conntrail__event *event) {
  switch (event->kind) {
  case CONNTRAIL_EMU_CONNECTING:
    begin(j, event);
    break;
  case CONNTRAIL_EMU_ACCEPTED:
  case CONNTRAIL_EMU_RECORDS_SET:
    if (j->of[event->from] != 0) {
      j->of[event->socket] = j->of[event->from];
    }
    break;
  case CONNTRAIL_EMU_DELIVERED:
    j->all[j->of[event->socket]].is_delivered = true;
    break;
  default:
    break;
  }
}

static bool is_lost_at(const conntrail__journey *journey, const conntrail__address *destination) {
  return !journey->is_delivered && conntrail__address_equal(&journey->destination, destination);
}

/* By destination, and of one destination the first one first. */
static int compare(const void *a, const void *b) {
  const conntrail__journey *one = *(conntrail__journey *const *)a;
  const conntrail__journey *other = *(conntrail__journey *const *)b;
  const int order = memcmp(&one->destination, &other->destination, sizeof one->destination);
  return order != 0 ? order : one < other ? -1 : one > other;
}

/* Sorted, because there may be as many destinations as events. False: no memory. */
static bool mark_repetitions(conntrail__journeys *j) {
  conntrail__journey **lost = malloc((j->count + 1) * sizeof(conntrail__journey *));
  size_t count = 0;
  if (lost == NULL) {
    return false;
  }
  for (size_t i = 1; i <= j->count; i++) {
    if (!j->all[i].is_delivered) {
      lost[count++] = &j->all[i];
    }
  }
  qsort(lost, count, sizeof(conntrail__journey *), compare);
  for (size_t i = 1; i < count; i++) {
    lost[i]->is_repetition =
        conntrail__address_equal(&lost[i]->destination, &lost[i - 1]->destination);
  }
  free(lost);
  return true;
}

bool conntrail__journeys_read(const conntrail_emu *emu, conntrail__journeys *journeys) {
  const conntrail__event *event;
  *journeys = (conntrail__journeys){.count = 0};
  if (!make_room(emu, journeys)) {
    return false;
  }
  for (uint64_t after = 0; (event = conntrail__trail_next(emu, after)) != NULL;
       after = event->number) {
    if (is_stream(event)) {
      follow(journeys, event);
    }
  }
  return mark_repetitions(journeys);
}

void conntrail__journeys_free(conntrail__journeys *journeys) {
  free(journeys->all);
  free(journeys->of);
}

size_t conntrail__journeys_unreached(const conntrail__journeys *journeys, size_t after) {
  for (size_t i = after + 1; i <= journeys->count; i++) {
    if (!journeys->all[i].is_delivered && !journeys->all[i].is_repetition) {
      return i;
    }
  }
  return 0;
}

uint64_t conntrail__journeys_lost(const conntrail__journeys *journeys,
                                  const conntrail__address *destination) {
  uint64_t count = 0;
  for (size_t i = 1; i <= journeys->count; i++) {
    count += is_lost_at(&journeys->all[i], destination);
  }
  return count;
}

uint64_t conntrail__journeys_entered(const conntrail_emu *emu, const conntrail__journeys *journeys,
                                     const conntrail__address *destination,
                                     const conntrail_emu_service *service) {
  const conntrail__event *event;
  uint64_t count = 0;
  for (uint64_t after = 0; (event = conntrail__trail_next(emu, after)) != NULL;
       after = event->number) {
    count += event->kind == CONNTRAIL_EMU_REDIRECTED && is_stream(event) &&
             conntrail__event_service(emu, event) == service &&
             is_lost_at(&journeys->all[journeys->of[event->socket]], destination);
  }
  return count;
}
