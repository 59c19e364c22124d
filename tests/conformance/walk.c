/* SPDX-License-Identifier: MIT */
#include "walk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char text[262144];

/* xorshift64*: the same numbers everywhere. */
unsigned walk_below(walk *w, unsigned limit) {
  w->random ^= w->random >> 12;
  w->random ^= w->random << 25;
  w->random ^= w->random >> 27;
  return (unsigned)(((w->random * UINT64_C(2685821657736338717)) >> 33) % limit);
}

unsigned walk_pick(walk *w) {
  return walk_below(w, WALK_SOCKETS);
}

conntrail_socket *walk_slot(walk *w) {
  return &w->sockets[walk_pick(w)];
}

void walk_put(walk *w, unsigned slot, conntrail_socket socket, int model) {
  w->sockets[slot] = socket;
  w->modelled[slot] = model;
}

void walk_keep_records(walk *w, const uint8_t *records, size_t size, int flow) {
  if (size <= sizeof w->records) {
    memcpy(w->records, records, size);
    w->records_size = size;
    w->records_flow = flow;
  }
}

static void open_services(walk *w, conntrail_socket (*place)(struct sockaddr_storage *address)) {
  static const char *const names[] = {"acme", "bravo"};
  const char *rule = w->kind == NET_TCP4 ? FIXTURE_USUAL_RULE : "udp 93.184.216.0/24 port 53";
  for (size_t index = 0; index < 2; ++index) {
    struct sockaddr_storage proxy;
    w->places[index] = place(&proxy);
    w->services[index] = fixture_redirect(names[index], rule, &proxy);
  }
}

static void open_route(const char *destination, const struct sockaddr_storage *server) {
  expect_status(
      conntrail_emu_route(fixture_emulation(), destination, (const struct sockaddr *)server),
      CONNTRAIL_OK);
}

/* From fixture_open() on. */
static void begin(walk *w, uint64_t seed, const walk_plan *plan) {
  struct sockaddr_storage server;
  net_kind kind = plan->kind;
  unsigned port = kind == NET_TCP4 ? 80 : 53;
  memset(w, 0, sizeof *w);
  w->seed = seed;
  w->random = seed * UINT64_C(0x9E3779B97F4A7C15);
  w->kind = kind;
  w->records_flow = WALK_NOTHING;
  for (unsigned slot = 0; slot < WALK_SOCKETS; ++slot) {
    walk_put(w, slot, CONNTRAIL_INVALID_SOCKET, WALK_NOTHING);
  }
  fixture_open(NULL);
  open_services(w, plan->place);
  w->places[2] = plan->place(&server);
  for (unsigned index = 0; index < 3; ++index) {
    w->destinations[index] = net_v4(93, 184, 216, 34 + index, port);
  }
  w->destinations[3] = net_v4(198, 51, 100, 7, 7);
  w->destinations[4] = net_v4(203, 0, 113, 9, 25);
  w->destinations[5] = server;
  open_route(kind == NET_TCP4 ? "93.184.216.34:80" : "93.184.216.34:53", &server);
  open_route("198.51.100.7:7", &server);
}

static bool tell_trail(void) {
  size_t length = conntrail_emu_trail_text(fixture_emulation(), CONNTRAIL_EMU_TEXT_NORMALISED, text,
                                           sizeof text);
  transcript_line("%s", text);
  return length < sizeof text; /* a walk in which nothing happened has none */
}

/* The seeds to take: from *first to *last. */
static void choose_seeds(uint64_t count, uint64_t *first, uint64_t *last) {
  const char *asked = getenv("CONNTRAIL_WALK_SEEDS");
  char *end = NULL;
  *first = asked == NULL ? 1 : strtoull(asked, &end, 10);
  *last = *first + (asked == NULL ? count : strtoull(end, NULL, 10)) - 1;
}

void walk_judge(const walk *w, const char *step, const char *actual, const char *predicted) {
  char wanted[160];
  (void)snprintf(wanted, sizeof wanted, "%s (seed %" PRIu64 ", turn %d: %s)", predicted, w->seed,
                 w->turn, step);
  if (strcmp(actual, predicted) != 0) {
    tell_trail();
  }
  expect_that(EXPECT_PLACE(a walk), strcmp(actual, predicted) == 0, actual, wanted);
}

void walk_judge_count(const walk *w, const char *what, uint64_t actual, uint64_t predicted) {
  char found[32];
  char wanted[32];
  (void)snprintf(found, sizeof found, "%" PRIu64, actual);
  (void)snprintf(wanted, sizeof wanted, "%" PRIu64, predicted);
  walk_judge(w, what, found, wanted);
}

void walk_judge_event(const walk *w, const char *what, conntrail_emu_event_kind kind,
                      uint64_t predicted) {
  walk_judge_count(w, what, scenario_count(kind), predicted);
}

void walk_judge_misuse(const walk *w, const char *what, conntrail_emu_misuse misuse,
                       uint64_t predicted) {
  walk_judge_count(w, what, scenario_misuse(misuse), predicted);
}

void walk_judge_result(const walk *w, const char *step, net_result actual, net_result predicted) {
  walk_judge(w, step, net_result_name(actual), net_result_name(predicted));
}

void walk_judge_status(const walk *w, const char *step, conntrail_status actual,
                       conntrail_status predicted) {
  walk_judge(w, step, conntrail_status_name(actual), conntrail_status_name(predicted));
}

void walk_judge_address(const walk *w, const char *what, const struct sockaddr_storage *actual,
                        int destination) {
  walk_judge(w, what, walk_address_text(actual),
             destination == WALK_NOTHING ? "loopback"
                                         : walk_address_text(&w->destinations[destination]));
}

/* Closes what is open; writes the trail and the misuses to the transcript. */
static void tell(const walk *w) {
  for (size_t index = 0; index < WALK_SOCKETS; ++index) {
    if (w->sockets[index] != CONNTRAIL_INVALID_SOCKET) {
      scenario_close(w->sockets[index]);
    }
  }
  for (size_t index = 0; index < 3; ++index) {
    scenario_close(w->places[index]);
  }
  expect_true(tell_trail());
  for (int misuse = 1; misuse <= CONNTRAIL_EMU_MISUSE_RECORDS_SENT_LATE; ++misuse) {
    (void)scenario_misuse((conntrail_emu_misuse)misuse);
  }
}

static void walk_one(walk *w, uint64_t seed, const walk_plan *plan) {
  begin(w, seed, plan);
  if (plan->begin != NULL) {
    plan->begin();
  }
  for (w->turn = 0; w->turn < plan->turns; ++w->turn) {
    plan->steps[walk_below(w, (unsigned)plan->step_count)]();
  }
  tell(w);
  if (plan->judge != NULL) {
    plan->judge();
  }
  fixture_close();
}

void walk_all(walk *w, const walk_plan *plan) {
  uint64_t first;
  uint64_t last;
  choose_seeds(plan->seeds, &first, &last);
  for (uint64_t seed = first; seed <= last; ++seed) {
    walk_one(w, seed, plan);
  }
}

bool walk_is_loopback(const struct sockaddr_storage *address) {
  struct sockaddr_storage loopback = net_loopback(NET_TCP4, net_port(address));
  return net_address_equal(address, &loopback);
}

const char *walk_address_text(const struct sockaddr_storage *address) {
  return walk_is_loopback(address) ? "loopback" : transcript_address(address);
}
