/* SPDX-License-Identifier: MIT */
#include "summary.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { TCP = 6, MOST_SERVICES = 256, MOST_SHOWN = 10, MOST_MISUSES = 64 };

/* ---- Journeys: a TCP connection from its client, through proxies, to its destination ----------
 */

typedef struct journey {
  conntrail__address destination;
  uint32_t began; /* the socket */
  bool is_delivered;
  bool is_shown;
} journey;

typedef struct journeys {
  journey *all; /* from 1 */
  size_t count;
  uint32_t *of; /* of a socket, by its number; 0: none */
  uint32_t most;
} journeys;

static bool is_stream(const conntrail__event *event) {
  return event->protocol == TCP && event->socket != 0;
}

/* Sizes first: neither sockets nor connects are more than the events. */
static bool make_room(const conntrail_emu *emu, journeys *j) {
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

static void begin(journeys *j, const conntrail__event *event) {
  uint32_t current = j->of[event->socket];
  if (current == 0 || j->all[current].began == event->socket) { /* else a proxy continues it */
    j->all[++j->count] = (journey){.destination = event->destination, .began = event->socket};
    j->of[event->socket] = (uint32_t)j->count;
  }
}

static void follow(journeys *j, const conntrail__event *event) {
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

/* False: no memory. */
static bool read_journeys(const conntrail_emu *emu, journeys *j) {
  const conntrail__event *event;
  *j = (journeys){.count = 0};
  if (!make_room(emu, j)) {
    return false;
  }
  for (uint64_t after = 0; (event = conntrail__trail_next(emu, after)) != NULL;
       after = event->number) {
    if (is_stream(event)) {
      follow(j, event);
    }
  }
  return true;
}

static void free_journeys(journeys *j) {
  free(j->all);
  free(j->of);
}

uint64_t conntrail__summary_undelivered(const conntrail_emu *emu) {
  journeys j;
  uint64_t count = 0;
  if (read_journeys(emu, &j)) {
    for (size_t i = 1; i <= j.count; i++) {
      count += !j.all[i].is_delivered;
    }
  }
  free_journeys(&j);
  return count;
}

/* ---- What was never delivered ---------------------------------------------------------------- */

static const char *times(uint64_t count) {
  return count == 1 ? "time" : "times";
}

/* Into which proxies the journeys to this destination went. A proxy that carries no records begins
 * a journey of its own each time. */
static void print_entries(FILE *out, const conntrail_emu *emu, const journeys *j,
                          const conntrail__address *destination) {
  uint64_t entered[MOST_SERVICES] = {0};
  const conntrail_emu_service *services[MOST_SERVICES] = {NULL};
  const conntrail__event *event;
  for (uint64_t after = 0; (event = conntrail__trail_next(emu, after)) != NULL;
       after = event->number) {
    const journey *of = is_stream(event) ? &j->all[j->of[event->socket]] : NULL;
    if (of != NULL && event->kind == CONNTRAIL_EMU_REDIRECTED && !of->is_delivered &&
        conntrail__address_equal(&of->destination, destination)) {
      entered[event->service]++;
      services[event->service] = conntrail__event_service(emu, event);
    }
  }
  for (int i = 0; i < MOST_SERVICES; i++) {
    if (entered[i] > 0) {
      fprintf(out, "; entered the proxy of %s %llu %s", conntrail__service_name(services[i]),
              (unsigned long long)entered[i], times(entered[i]));
    }
  }
}

static void print_destination(FILE *out, const conntrail_emu *emu, journeys *j, size_t first) {
  const conntrail__address *destination = &j->all[first].destination;
  char text[CONNTRAIL__ADDRESS_TEXT];
  uint64_t count = 0;
  for (size_t i = first; i <= j->count; i++) {
    if (!j->all[i].is_delivered && conntrail__address_equal(&j->all[i].destination, destination)) {
      j->all[i].is_shown = true;
      count++;
    }
  }
  conntrail__address_format(destination, text);
  fprintf(out, "  never delivered to %s: %llu %s", text, (unsigned long long)count,
          count == 1 ? "connection" : "connections");
  print_entries(out, emu, j, destination);
  fputc('\n', out);
}

static void print_undelivered(FILE *out, const conntrail_emu *emu, journeys *j) {
  size_t shown = 0;
  for (size_t i = 1; i <= j->count; i++) {
    if (!j->all[i].is_delivered && !j->all[i].is_shown) {
      if (++shown > MOST_SHOWN) {
        fprintf(out, "  and to other destinations; the trail has them all\n");
        return;
      }
      print_destination(out, emu, j, i);
    }
  }
}

/* ---- By service, and misuse ------------------------------------------------------------------ */

static const struct {
  conntrail_emu_event_kind kind;
  const char *word;
} decisions[] = {{CONNTRAIL_EMU_REDIRECTED, "redirected"},
                 {CONNTRAIL_EMU_PERMITTED, "permitted"},
                 {CONNTRAIL_EMU_EXEMPTED, "exempted"},
                 {CONNTRAIL_EMU_BLOCKED, "blocked"},
                 {CONNTRAIL_EMU_LOOP, "loops refused"}};
enum { DECISIONS = sizeof decisions / sizeof *decisions };

typedef struct counts {
  uint64_t by[MOST_SERVICES][DECISIONS];
  const conntrail_emu_service *services[MOST_SERVICES];
} counts;

static void count_decision(const conntrail_emu *emu, const conntrail__event *event, counts *c) {
  for (int i = 0; i < DECISIONS; i++) {
    if (event->kind == decisions[i].kind) {
      c->by[event->service][i]++;
      c->services[event->service] = conntrail__event_service(emu, event);
    }
  }
}

static void print_service(FILE *out, const counts *c, int service) {
  const char *before = "";
  fprintf(out, "  %s:", conntrail__service_name(c->services[service]));
  for (int i = 0; i < DECISIONS; i++) {
    if (c->by[service][i] > 0) {
      fprintf(out, "%s %s %llu", before, decisions[i].word, (unsigned long long)c->by[service][i]);
      before = ",";
    }
  }
  fputc('\n', out);
}

static void print_services(FILE *out, const conntrail_emu *emu) {
  const conntrail__event *event;
  counts *c = calloc(1, sizeof *c);
  for (uint64_t after = 0; c != NULL && (event = conntrail__trail_next(emu, after)) != NULL;
       after = event->number) {
    count_decision(emu, event, c);
  }
  for (int i = 0; c != NULL && i < MOST_SERVICES; i++) {
    if (c->services[i] != NULL) {
      print_service(out, c, i);
    }
  }
  free(c);
}

static void print_misuses(FILE *out, const conntrail_emu *emu) {
  for (int i = 1; i < MOST_MISUSES; i++) {
    uint64_t count = conntrail__trail_misuse_count(emu, (conntrail_emu_misuse)i);
    if (count > 0) {
      fprintf(out, "  misuse, %llu %s: %s\n", (unsigned long long)count, times(count),
              conntrail__misuse_text((conntrail_emu_misuse)i));
    }
  }
}

static uint64_t delivered(const journeys *j) {
  uint64_t count = 0;
  for (size_t i = 1; i <= j->count; i++) {
    count += j->all[i].is_delivered;
  }
  return count;
}

void conntrail__summary_print(FILE *out, const conntrail_emu *emu) {
  journeys j;
  if (!read_journeys(emu, &j)) {
    fprintf(out, "conntrail-emu: no memory for a summary\n");
  } else if (conntrail__trail_next(emu, 0) != NULL) {
    fprintf(out, "conntrail-emu: %zu TCP %s, %llu delivered\n", j.count,
            j.count == 1 ? "connection" : "connections", (unsigned long long)delivered(&j));
    print_services(out, emu);
    print_undelivered(out, emu, &j);
    print_misuses(out, emu);
  }
  free_journeys(&j);
}
