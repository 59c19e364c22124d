/* SPDX-License-Identifier: MIT */
/* The first datagram of a redirected flow: what comes with it (M1), and what is named (X9, X10). */
#include <string.h>

#include "backend-emu/engine/blob.h"
#include "backend-emu/engine/datagram_flow.h"
#include "backend-emu/engine/flow.h"
#include "backend-emu/engine/socket.h"
#include "engine_world.h"
#include "src/control_message.h"
#include "unit_main.h"

enum { IP = 0, IPV6 = 41, RECORDS = 60, CONTEXT = 70, MOST_MESSAGES = 5, COMBINATIONS = 16 };

/* The four options, in the order of the bits of a combination. */
static const struct {
  int level;
  int type;
} options[] = {{IP, RECORDS}, {IP, CONTEXT}, {IPV6, RECORDS}, {IPV6, CONTEXT}};

static conntrail_emu_service *acme;
static conntrail__socket *client;
static conntrail__socket *proxy;

static conntrail__socket *datagram_of(uint32_t process) {
  conntrail__identity me = who(process);
  conntrail__socket *made = conntrail__socket_create(world, CONNTRAIL__DATAGRAM, &me, 0);
  ck_assert_ptr_nonnull(made);
  return made;
}

static void open_flow(const char *rule, const char *target, const char *remote, const char *own) {
  conntrail__identity me = who(1);
  conntrail__address to = at(remote);
  conntrail__address source = at(own);
  conntrail__address local = at(target);
  acme = service("acme", rule, target);
  client = datagram_of(1);
  proxy = datagram_of(2);
  conntrail__socket_bound(proxy, &local);
  conntrail__datagram_decision choice = conntrail__datagram_sending(client, &to, NULL, 0, &me);
  ck_assert_ptr_nonnull(choice.unsettled);
  ck_assert(conntrail__datagram_settle(&choice, &source));
}

static void open_ipv4(void) {
  open_flow("udp 93.184.216.0/24", "127.0.0.1:1001", "93.184.216.1:53", "127.0.0.1:40001");
}

static void open_ipv6(void) {
  open_flow("udp 2606:2800:220::/48", "[::1]:1001", "[2606:2800:220::1]:53", "[::1]:40001");
}

static void enable(unsigned combination) {
  for (unsigned i = 0; i < 4; i++) {
    ck_assert_uint_eq(conntrail__datagram_enable(proxy, options[i].level, options[i].type,
                                                 (combination >> i & 1) != 0),
                      0);
  }
}

typedef struct received {
  conntrail__received arrived;
  uint8_t control[4096];
  conntrail__control_item messages[MOST_MESSAGES];
  unsigned count;
} received;

static void receive(received *r, const char *from, bool is_ipv6_socket, uint32_t capacity) {
  conntrail__identity me = who(2);
  conntrail__control_item item;
  memset(r, 0, sizeof *r);
  r->arrived = (conntrail__received){
      .from = at(from), .is_ipv6 = is_ipv6_socket, .control = r->control, .capacity = capacity};
  conntrail__datagram_received(proxy, &me, &r->arrived);
  conntrail__control_reader reader =
      conntrail__control_read(CONNTRAIL__CONTROL_NATIVE, r->control, r->arrived.used);
  while (conntrail__control_next(&reader, &item)) {
    ck_assert_uint_lt(r->count, MOST_MESSAGES);
    r->messages[r->count++] = item;
  }
}

/* The combination that came. */
static unsigned came(const received *r) {
  unsigned combination = 0;
  for (unsigned m = 0; m < r->count; m++) {
    for (unsigned i = 0; i < 4; i++) {
      if (r->messages[m].level == options[i].level && r->messages[m].type == options[i].type) {
        ck_assert_msg((combination >> i & 1) == 0, "twice at level %d", options[i].level);
        combination |= 1U << i;
      }
    }
  }
  return combination;
}

/* What is enabled comes, and nothing else: each with its whole bytes. */
static void expect_what_is_enabled(const received *r, unsigned enabled) {
  ck_assert_uint_eq(came(r), enabled);
  ck_assert_uint_eq(r->arrived.is_control_cut, false);
  for (unsigned m = 0; m < r->count; m++) {
    if (r->messages[m].type == CONTEXT) {
      ck_assert_uint_eq(r->messages[m].size, 256);
    } else {
      ck_assert_uint_eq(r->messages[m].size, client->datagram->newest->flow->records->size);
    }
  }
}

static void expect_trail(unsigned due) {
  bool has_records = (due & 5) != 0;
  bool has_context = (due & 10) != 0;
  ck_assert_uint_eq(count(CONNTRAIL_EMU_RECORDS_RECEIVED), has_records);
  ck_assert_uint_eq(count(CONNTRAIL_EMU_CONTEXT_RECEIVED), has_context && !has_records);
  ck_assert_uint_eq(count(CONNTRAIL_EMU_MISUSE), due == 0);
  ck_assert_uint_eq(misuse(CONNTRAIL_EMU_MISUSE_MESSAGES_NOT_ENABLED), due == 0);
  if (has_records) {
    ck_assert_uint_eq(last(CONNTRAIL_EMU_RECORDS_RECEIVED)->size,
                      client->datagram->newest->flow->records->size);
  } else if (has_context) {
    ck_assert_uint_eq(last(CONNTRAIL_EMU_CONTEXT_RECEIVED)->size, 256);
  }
}

typedef struct kind {
  void (*open)(void);
  const char *from;
  bool is_ipv6_socket;
  unsigned usual;    /* of the combination, what comes */
  unsigned contrary; /* ... under that profile */
} kind;

static void try_every_combination(const kind *k, conntrail_emu_profile profile) {
  for (unsigned combination = 0; combination < COMBINATIONS; combination++) {
    received r;
    unsigned due = combination & (profile == CONNTRAIL_EMU_CONTRARY ? k->contrary : k->usual);
    world_end();
    world_begin();
    ck_assert(conntrail__engine_set_profile(world, profile, &why));
    k->open();
    enable(combination);
    receive(&r, k->from, k->is_ipv6_socket, sizeof r.control);
    expect_what_is_enabled(&r, due);
    expect_trail(due);
    receive(&r, k->from, k->is_ipv6_socket, sizeof r.control);
    ck_assert_uint_eq(r.count, 0);
  }
}

static void try_every_profile(const kind *k) {
  try_every_combination(k, CONNTRAIL_EMU_DOCUMENTED);
  try_every_combination(k, CONNTRAIL_EMU_MEASURED);
  try_every_combination(k, CONNTRAIL_EMU_CONTRARY);
}

START_TEST(m1_each_enabled_message_comes_over_ipv4) {
  try_every_profile(&(kind){open_ipv4, "127.0.0.1:40001", false, 3, 3});
}
END_TEST

START_TEST(m1_each_enabled_message_comes_over_ipv6) {
  try_every_profile(&(kind){open_ipv6, "[::1]:40001", true, 12, 12});
}
END_TEST

/* An IPv4 datagram on a dual-stack socket: one level, under contrary both. */
START_TEST(m1_each_enabled_message_comes_to_a_dual_stack_socket) {
  try_every_profile(&(kind){open_ipv4, "127.0.0.1:40001", true, 3, 15});
}
END_TEST

/* Under contrary it has no other level to come at: then it counts as cut. */
START_TEST(a_message_of_the_other_level_alone_is_no_copy) {
  received r;
  ck_assert(conntrail__engine_set_profile(world, CONNTRAIL_EMU_CONTRARY, &why));
  open_ipv4();
  enable(8);
  receive(&r, "127.0.0.1:40001", true, 32);
  ck_assert(r.arrived.is_control_cut);
  ck_assert_uint_eq(misuse(CONNTRAIL_EMU_MISUSE_CONTROL_TOO_SMALL), 1);
}
END_TEST

START_TEST(x11_context_alone_that_does_not_fit) {
  received r;
  open_ipv4();
  enable(2);
  receive(&r, "127.0.0.1:40001", false, 64);
  ck_assert(r.arrived.is_control_cut);
  ck_assert_uint_eq(r.arrived.used, 0);
  const conntrail__event *event = last(CONNTRAIL_EMU_CONTEXT_RECEIVED);
  ck_assert_uint_eq(event->native, 10040);
  ck_assert_uint_eq(event->capacity, 64);
  ck_assert_uint_eq(event->size, conntrail__control_space(CONNTRAIL__CONTROL_NATIVE, 256));
  ck_assert_uint_eq(misuse(CONNTRAIL_EMU_MISUSE_CONTROL_TOO_SMALL), 1);
}
END_TEST

/* Who wants the context alone, and there is none, did nothing wrong. */
START_TEST(no_context_and_nothing_else_enabled) {
  received r;
  open_ipv4();
  enable(2);
  client->datagram->newest->flow->layout = CONNTRAIL_EMU_CONTEXT_NONE;
  receive(&r, "127.0.0.1:40001", false, sizeof r.control);
  ck_assert_uint_eq(r.count, 0);
  ck_assert_uint_eq(count(CONNTRAIL_EMU_ACCEPTED), 1);
  ck_assert_uint_eq(count(CONNTRAIL_EMU_MISUSE), 0);
  ck_assert_uint_eq(count(CONNTRAIL_EMU_CONTEXT_RECEIVED), 0);
}
END_TEST

/* R7's sentence says whether the records were received: of these, they were not. */
START_TEST(context_alone_does_not_count_as_records) {
  received r;
  open_ipv4();
  enable(2);
  receive(&r, "127.0.0.1:40001", false, sizeof r.control);
  ck_assert_uint_eq(client->datagram->newest->flow->records_queried, 0);
}
END_TEST

START_TEST(x10_context_alone_and_a_plain_receive) {
  conntrail__identity me = who(2);
  open_ipv4();
  enable(2);
  conntrail__received arrived = {.from = at("127.0.0.1:40001"), .is_plain = true};
  conntrail__datagram_received(proxy, &me, &arrived);
  ck_assert_uint_eq(count(CONNTRAIL_EMU_MISUSE), 1);
  ck_assert_uint_eq(misuse(CONNTRAIL_EMU_MISUSE_RECORDS_NOT_RECEIVED), 1);
}
END_TEST

UNIT_MAIN("engine_received", world_begin, world_end, m1_each_enabled_message_comes_over_ipv4,
          m1_each_enabled_message_comes_over_ipv6,
          m1_each_enabled_message_comes_to_a_dual_stack_socket,
          a_message_of_the_other_level_alone_is_no_copy, x11_context_alone_that_does_not_fit,
          no_context_and_nothing_else_enabled, context_alone_does_not_count_as_records,
          x10_context_alone_and_a_plain_receive)
