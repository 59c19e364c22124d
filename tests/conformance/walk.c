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

conntrail_socket *walk_slot(walk *w) {
  return &w->sockets[walk_below(w, WALK_SOCKETS)];
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

void walk_begin(walk *w, uint64_t seed, net_kind kind,
                conntrail_socket (*place)(struct sockaddr_storage *address)) {
  struct sockaddr_storage server;
  unsigned port = kind == NET_TCP4 ? 80 : 53;
  memset(w, 0, sizeof *w);
  w->seed = seed;
  w->random = seed * UINT64_C(0x9E3779B97F4A7C15);
  w->kind = kind;
  for (size_t index = 0; index < WALK_SOCKETS; ++index) {
    w->sockets[index] = CONNTRAIL_INVALID_SOCKET;
  }
  fixture_open(NULL);
  open_services(w, place);
  w->places[2] = place(&server);
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

void walk_seeds(uint64_t count, uint64_t *first, uint64_t *last) {
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

void walk_along(walk *w, int turns, const walk_step *steps, size_t step_count) {
  for (int turn = 0; turn < turns; ++turn) {
    w->turn = turn;
    steps[walk_below(w, (unsigned)step_count)]();
  }
}

void walk_tell(walk *w) {
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

bool walk_is_loopback(const struct sockaddr_storage *address) {
  struct sockaddr_storage loopback = net_loopback(NET_TCP4, net_port(address));
  return net_address_equal(address, &loopback);
}

const char *walk_address_text(const struct sockaddr_storage *address) {
  return walk_is_loopback(address) ? "loopback" : transcript_address(address);
}

bool walk_close_one(walk *w) {
  conntrail_socket *slot = walk_slot(w);
  if (*slot == CONNTRAIL_INVALID_SOCKET) {
    return false;
  }
  transcript_line("close %s", transcript_socket(*slot));
  scenario_close(*slot);
  *slot = CONNTRAIL_INVALID_SOCKET;
  return true;
}

void walk_duplicate(walk *w) {
  conntrail_socket from = *walk_slot(w);
  conntrail_socket *to = walk_slot(w);
  if (from != CONNTRAIL_INVALID_SOCKET && *to == CONNTRAIL_INVALID_SOCKET) {
    expect_result(net_duplicate(from, to), NET_OK);
    transcript_line("duplicate %s -> %s", transcript_socket(from), transcript_socket(*to));
  }
}

void walk_inspect(walk *w) {
  conntrail_socket socket = *walk_slot(w);
  uint32_t number = 0;
  conntrail_emu_state state = CONNTRAIL_EMU_NOT_REDIRECTED;
  conntrail_status status = conntrail_emu_inspect(fixture_emulation(), socket,
                                                  w->services[walk_below(w, 2)], &number, &state);
  transcript_line("inspect %s -> %s number %u state %d", transcript_socket(socket),
                  conntrail_status_name(status), (unsigned)number, (int)state);
}

void walk_ask_peer(walk *w) {
  struct sockaddr_storage peer;
  conntrail_socket socket = *walk_slot(w);
  net_result result = net_peer(socket, &peer);
  transcript_line("peer of %s -> %s %s", transcript_socket(socket), net_result_name(result),
                  result == NET_OK ? walk_address_text(&peer) : "");
}

void walk_add_fault(walk *w, conntrail_emu_operation operation) {
  static const uint32_t natives[] = {10004, 10013, 10022, 10050, 10055};
  conntrail_emu_fault fault =
      scenario_fault(operation, natives[walk_below(w, sizeof natives / sizeof natives[0])]);
  fault.nth = 1 + walk_below(w, 4);
  scenario_add_fault(&fault);
  transcript_line("fault in %d at %u", (int)fault.operation, (unsigned)fault.nth);
}

void walk_change_world(walk *w) {
  if (walk_below(w, 2) == 0) {
    conntrail_emu_clear_faults(fixture_emulation());
  } else {
    conntrail_emu_set_privileged(fixture_emulation(), walk_below(w, 3) != 0);
  }
}
