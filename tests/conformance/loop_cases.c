/* SPDX-License-Identifier: MIT */
/* Several services one behind the other, and what a proxy that does not transfer gets (R6, R7). */
#include <string.h>

#include "cases.h"
#include "chain.h"

static const unsigned in_order[CHAIN_MOST_HOPS] = {0, 1, 2, 3, 4};

static uint64_t redirects_by(const conntrail_emu_service *service) {
  conntrail_emu_event event;
  uint64_t count = 0;
  memset(&event, 0, sizeof event);
  event.struct_size = sizeof event;
  while (conntrail_emu_next_event(fixture_emulation(), event.number, &event)) {
    if (event.kind == CONNTRAIL_EMU_REDIRECTED && event.service == service) {
      count += 1;
    }
  }
  return count;
}

static void expect_each_inspected_once(const chain *c) {
  conntrail_socket none = CONNTRAIL_INVALID_SOCKET;
  for (unsigned hop = 0; hop < c->count; ++hop) {
    const scenario_pair *pair = &c->hops[hop].pair;
    expect_number(redirects_by(pair->service), 1);
    expect_result(net_make_nonblocking(pair->listener), NET_OK);
    expect_result(net_accept(pair->listener, &none, NULL), NET_WOULD_BLOCK);
  }
  expect_number(scenario_count(CONNTRAIL_EMU_REDIRECTED), c->count);
  expect_number(scenario_count(CONNTRAIL_EMU_DELIVERED), 1);
  expect_number(scenario_count(CONNTRAIL_EMU_LOOP), 0);
}

static void all_transfer(net_kind kind, unsigned count, const unsigned *order) {
  chain c;
  chain_open(&c, kind, count, order);
  conntrail_socket client = chain_start(&c);
  for (unsigned hop = 0; hop < count; ++hop) {
    expect_result(chain_forward(&c, hop), NET_OK);
  }
  chain_expect_data(&c, client);
  expect_each_inspected_once(&c);
  scenario_close(client);
  for (unsigned hop = 0; hop < count; ++hop) {
    scenario_close(c.hops[hop].pair.accepted);
    c.hops[hop].pair.accepted = CONNTRAIL_INVALID_SOCKET;
  }
  expect_number(scenario_count(CONNTRAIL_EMU_MISUSE), 0);
  chain_close(&c);
}

/* Heap's method: every order of the services. */
static void every_order(net_kind kind, unsigned *order, unsigned count, unsigned fixed) {
  if (fixed == 1) {
    all_transfer(kind, count, order);
    return;
  }
  for (unsigned index = 0; index < fixed; ++index) {
    every_order(kind, order, count, fixed - 1);
    unsigned other = fixed % 2 == 0 ? index : 0;
    unsigned kept = order[fixed - 1];
    order[fixed - 1] = order[other];
    order[other] = kept;
  }
}

static void in_every_order(net_kind kind, unsigned count) {
  unsigned order[CHAIN_MOST_HOPS];
  memcpy(order, in_order, sizeof order);
  every_order(kind, order, count, count);
}

void case_chain_of_one(void) {
  in_every_order(NET_TCP4, 1);
}

void case_chain_of_two(void) {
  in_every_order(NET_TCP4, 2);
}

void case_chain_of_three(void) {
  in_every_order(NET_TCP4, 3);
}

void case_chain_of_five(void) {
  in_every_order(NET_TCP4, 5);
}

void case_chain_of_three_v6(void) {
  in_every_order(NET_TCP6, 3);
}

static const char *loop_line(void) {
  static char text[65536];
  size_t size =
      conntrail_emu_trail_text(fixture_emulation(), CONNTRAIL_EMU_TEXT_PLAIN, text, sizeof text);
  expect_true(size < sizeof text);
  char *line = strstr(text, "LOOP");
  expect_true(line != NULL);
  line[strcspn(line, "\n")] = '\0';
  return line;
}

/* Who, which sockets, which call. */
static void expect_loop_named(const chain *c, unsigned hop) {
  const chain_hop *h = &c->hops[hop];
  expect_number(scenario_count(CONNTRAIL_EMU_LOOP), 1);
  conntrail_emu_event event = scenario_event(CONNTRAIL_EMU_LOOP, 1);
  expect_number(event.from, scenario_number(h->pair.accepted));
  expect_number(event.socket, scenario_number(h->outbound));
  expect_number(event.native, 10061);
  expect_address(&event.destination, &c->destination);
  expect_part(loop_line(), conntrail_emu_service_name(h->pair.service));
  expect_part(loop_line(), "conntrail_transfer_records");
}

/* The hops before that proxy transfer; it is refused at its first connect. */
static void one_forgets(net_kind kind, unsigned count, unsigned forgetful) {
  chain c;
  chain_open(&c, kind, count, in_order);
  c.hops[forgetful].forgets = true;
  conntrail_socket client = chain_start(&c);
  for (unsigned hop = 0; hop < forgetful; ++hop) {
    expect_result(chain_forward(&c, hop), NET_OK);
  }
  expect_result(chain_forward(&c, forgetful), NET_REFUSED);
  expect_loop_named(&c, forgetful);
  expect_number(scenario_count(CONNTRAIL_EMU_REDIRECTED), forgetful + 1);
  expect_number(scenario_count(CONNTRAIL_EMU_DELIVERED), 0);
  scenario_close(client);
  chain_close(&c);
}

static void each_forgets(net_kind kind, unsigned count) {
  for (unsigned forgetful = 0; forgetful < count; ++forgetful) {
    one_forgets(kind, count, forgetful);
  }
}

void case_loop_of_one(void) {
  each_forgets(NET_TCP4, 1);
}

void case_loop_among_two(void) {
  each_forgets(NET_TCP4, 2);
}

void case_loop_among_three(void) {
  each_forgets(NET_TCP4, 3);
}

void case_loop_among_five(void) {
  each_forgets(NET_TCP4, 5);
}

void case_loop_among_two_v6(void) {
  each_forgets(NET_TCP6, 2);
}

void case_loop_event_service(void) {
  chain c;
  chain_open(&c, NET_TCP4, 1, in_order);
  c.hops[0].forgets = true;
  conntrail_socket client = chain_start(&c);
  expect_result(chain_forward(&c, 0), NET_REFUSED);
  conntrail_emu_event event = scenario_event(CONNTRAIL_EMU_LOOP, 1);
  expect_true(event.service == c.hops[0].pair.service);
  expect_number(event.state, CONNTRAIL_EMU_NOT_REDIRECTED);
  expect_number(event.hops, 0);
  scenario_close(client);
  chain_close(&c);
}

/* As the system refuses a connect that does not block: not before it was waited for. */
void case_loop_nonblocking(void) {
  chain c;
  chain_open(&c, NET_TCP4, 1, in_order);
  conntrail_socket client = chain_start(&c);
  conntrail_socket accepted = scenario_accept(c.hops[0].pair.listener);
  conntrail_socket outbound = scenario_socket(NET_TCP4);
  expect_result(net_make_nonblocking(outbound), NET_OK);
  expect_result(t_connect(outbound, &c.destination), NET_UNDERWAY);
  expect_number(scenario_count(CONNTRAIL_EMU_LOOP), 1);
  expect_result(net_finish_connect(outbound), NET_REFUSED);
  expect_number(scenario_count(CONNTRAIL_EMU_LOOP), 1);
  scenario_close(outbound);
  scenario_close(accepted);
  scenario_close(client);
  chain_close(&c);
}

/* Records that were asked for and kept in a drawer are as good as none. */
void case_loop_queried_but_never_set(void) {
  static uint8_t records[BLOB_ROOM];
  chain c;
  chain_open(&c, NET_TCP4, 1, in_order);
  conntrail_socket client = chain_start(&c);
  conntrail_socket accepted = scenario_accept(c.hops[0].pair.listener);
  size_t size = scenario_records(accepted, records);
  conntrail_socket outbound = scenario_socket(NET_TCP4);
  expect_result(t_connect(outbound, &c.destination), NET_REFUSED);
  expect_part(loop_line(), "never set");
  /* Mended in the same connection. */
  conntrail_socket mended = scenario_socket(NET_TCP4);
  expect_status(t_set_records(mended, records, size), CONNTRAIL_OK);
  expect_result(t_connect(mended, &c.destination), NET_OK);
  expect_number(scenario_count(CONNTRAIL_EMU_LOOP), 1);
  expect_number(scenario_count(CONNTRAIL_EMU_DELIVERED), 1);
  scenario_close(mended);
  scenario_close(outbound);
  scenario_close(accepted);
  scenario_close(client);
  chain_close(&c);
}

/* The proxy asks nothing that has to do with redirection. */
void case_loop_of_unasked(void) {
  struct sockaddr_storage peer;
  chain c;
  chain_open(&c, NET_TCP4, 1, in_order);
  conntrail_socket client = chain_start(&c);
  conntrail_socket accepted = scenario_accept(c.hops[0].pair.listener);
  conntrail_socket outbound = scenario_socket(NET_TCP4);
  expect_number(scenario_count(CONNTRAIL_EMU_ACCEPTED), 1);
  expect_result(net_peer(accepted, &peer), NET_OK);
  expect_result(net_connect(accepted, &c.destination), NET_IS_CONNECTED);
  expect_result(t_connect(outbound, &c.destination), NET_REFUSED);
  expect_number(scenario_event(CONNTRAIL_EMU_LOOP, 1).from, scenario_number(accepted));
  scenario_close(outbound);
  scenario_close(accepted);
  scenario_close(client);
  chain_close(&c);
}

/* Other clients of the same destination, meanwhile, are no loop. */
void case_second_client_is_no_loop(void) {
  chain c;
  chain_open(&c, NET_TCP4, 1, in_order);
  conntrail_socket first = chain_start(&c);
  conntrail_socket accepted = scenario_accept(c.hops[0].pair.listener);
  conntrail_socket second = chain_start(&c);
  conntrail_socket third = chain_start(&c);
  expect_number(scenario_count(CONNTRAIL_EMU_LOOP), 0);
  expect_number(scenario_count(CONNTRAIL_EMU_REDIRECTED), 3);
  scenario_close(third);
  scenario_close(second);
  scenario_close(accepted);
  scenario_close(first);
  chain_close(&c);
}

/* The net under the exact finding: connections wait without a transfer, one after the other. */
void case_loop_limit(void) {
  enum { LIMIT = 4 };
  conntrail_emu_options options = CONNTRAIL_EMU_OPTIONS_INIT;
  conntrail_socket clients[LIMIT];
  conntrail_socket accepted[LIMIT];
  options.loop_limit = LIMIT;
  fixture_open(&options);
  struct sockaddr_storage destination = scenario_destination4();
  scenario_pair pair = scenario_service("acme", FIXTURE_USUAL_RULE, NET_TCP4);
  for (size_t index = 0; index < LIMIT; ++index) {
    clients[index] = scenario_client(NET_TCP4, &destination);
    accepted[index] = scenario_accept(pair.listener);
  }
  fixture_client_begin();
  conntrail_socket last = scenario_socket(NET_TCP4);
  expect_result(t_connect(last, &destination), NET_REFUSED);
  fixture_client_end();
  expect_number(scenario_count(CONNTRAIL_EMU_LOOP), 1);
  expect_number(scenario_event(CONNTRAIL_EMU_LOOP, 1).from, 0);
  expect_part(loop_line(), "conntrail_transfer_records");
  scenario_close(last);
  for (size_t index = 0; index < LIMIT; ++index) {
    scenario_close(accepted[index]);
    scenario_close(clients[index]);
  }
  scenario_close_pair(&pair);
}
