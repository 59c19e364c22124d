/* SPDX-License-Identifier: MIT */
/* The trail, as data and as text (E2, E5), and where connections go (E8). */
#include <string.h>

#include "cases.h"
#include "chain.h"

static char text[65536];
static char again[65536];

static const unsigned in_order[] = {0, 1};

/* A story with a good part of all that can happen. */
static void write_trail(char *written, size_t capacity) {
  chain c;
  chain_open(&c, NET_TCP4, 2, in_order);
  struct sockaddr_storage stray = net_v4(203, 0, 113, 9, 25);
  conntrail_emu_fault fault = scenario_fault(CONNTRAIL_EMU_QUERY_CONTEXT, 10050);
  fault.nth = 3;
  scenario_add_fault(&fault);
  c.hops[1].forgets = true;
  conntrail_socket client = chain_start(&c);
  expect_result(chain_forward(&c, 0), NET_OK);
  expect_result(chain_forward(&c, 1), NET_REFUSED);
  size_t size = 0;
  expect_status(t_query_context(c.hops[0].pair.accepted, again, sizeof again, &size),
                CONNTRAIL_NET_DOWN);
  scenario_close(c.hops[1].outbound);
  c.hops[1].outbound = scenario_socket(NET_TCP4);
  expect_status(t_transfer_records(c.hops[1].pair.accepted, c.hops[1].outbound), CONNTRAIL_OK);
  expect_result(t_connect(c.hops[1].outbound, &c.destination), NET_OK);
  conntrail_socket lost = scenario_socket(NET_TCP4);
  expect_result(t_connect(lost, &stray), NET_UNREACHABLE);
  scenario_close(lost);
  scenario_close(client);
  size_t length = conntrail_emu_trail_text(fixture_emulation(), CONNTRAIL_EMU_TEXT_NORMALISED,
                                           written, capacity);
  expect_true(length > 0 && length < capacity);
  expect_number(strlen(written), length);
  chain_close(&c);
}

void case_trail_is_deterministic(void) {
  static char first[65536];
  write_trail(first, sizeof first);
  transcript_line("%s", first);
  for (int turn = 0; turn < 3; ++turn) {
    write_trail(text, sizeof text);
    expect_text(text, first);
  }
}

/* Ephemeral ports and process ids are in the plain text, and nowhere in the normalised one. */
void case_trail_normalised(void) {
  char port[16];
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  char address[NET_ADDRESS_TEXT];
  net_address_text(&pair.proxy, address);
  memcpy(port, strrchr(address, ':'), strlen(strrchr(address, ':')) + 1);
  (void)conntrail_emu_trail_text(fixture_emulation(), CONNTRAIL_EMU_TEXT_PLAIN, text, sizeof text);
  expect_part(text, address);
  (void)conntrail_emu_trail_text(fixture_emulation(), CONNTRAIL_EMU_TEXT_NORMALISED, text,
                                 sizeof text);
  expect_true(strstr(text, port) == NULL);
  expect_true(strchr(text, '\033') == NULL);
  expect_part(text, "93.184.216.34:80");
  (void)conntrail_emu_trail_text(fixture_emulation(),
                                 CONNTRAIL_EMU_TEXT_NORMALISED | CONNTRAIL_EMU_TEXT_COLOUR, text,
                                 sizeof text);
  expect_true(strchr(text, '\033') != NULL);
  scenario_close_pair(&pair);
}

static conntrail_emu_summary summary_of_world(void) {
  conntrail_emu_summary summary = CONNTRAIL_EMU_SUMMARY_INIT;
  expect_status(conntrail_emu_summarise(fixture_emulation(), &summary), CONNTRAIL_OK);
  return summary;
}

/* The first proxy transfers, and continues its client's connection. The second forgets: what it
 * begins is a connection of its own, which is a loop; then it does its work. */
void case_summary_counts(void) {
  chain c;
  conntrail_emu_unreached unreached = CONNTRAIL_EMU_UNREACHED_INIT;
  chain_open(&c, NET_TCP4, 2, in_order);
  c.hops[1].forgets = true;
  conntrail_socket client = chain_start(&c);
  expect_result(chain_forward(&c, 0), NET_OK);
  expect_number(summary_of_world().connections, 1);
  expect_number(summary_of_world().undelivered, 1);
  expect_true(conntrail_emu_unreached_destination(fixture_emulation(), 0, &unreached));
  expect_number(unreached.connections, 1);
  expect_address(&unreached.destination, &c.destination);
  const struct sockaddr *wanted = (const struct sockaddr *)&c.destination;
  for (unsigned i = 0; i < 2; ++i) {
    expect_number(conntrail_emu_entered(fixture_emulation(), wanted, c.hops[i].pair.service), 1);
    expect_number(conntrail_emu_service_count(c.hops[i].pair.service, CONNTRAIL_EMU_REDIRECTED), 1);
  }
  expect_result(chain_forward(&c, 1), NET_REFUSED);
  expect_number(summary_of_world().connections, 2);
  expect_number(summary_of_world().loops, 1);
  expect_number(conntrail_emu_service_count(c.hops[0].pair.service, CONNTRAIL_EMU_LOOP), 1);
  scenario_close(c.hops[1].outbound);
  c.hops[1].outbound = scenario_socket(NET_TCP4);
  expect_status(t_transfer_records(c.hops[1].pair.accepted, c.hops[1].outbound), CONNTRAIL_OK);
  expect_result(t_connect(c.hops[1].outbound, &c.destination), NET_OK);
  const conntrail_emu_summary summary = summary_of_world();
  expect_number(summary.connections, 2);
  expect_number(summary.delivered, 1);
  expect_number(summary.undelivered, 1);
  expect_number(summary.lost_events, 0);
  expect_true(!conntrail_emu_unreached_destination(fixture_emulation(), 1, &unreached));
  expect_number(conntrail_emu_entered(fixture_emulation(), wanted, c.hops[0].pair.service), 0);
  scenario_close(client);
  chain_close(&c);
}

void case_summary_capacity(void) {
  fixture_open(NULL);
  expect_number(conntrail_emu_summary_text(fixture_emulation(), text, sizeof text), 0);
  expect_text(text, "");
  scenario_pair pair = scenario_redirected_pair();
  const size_t whole = conntrail_emu_summary_text(fixture_emulation(), NULL, 0);
  expect_number(conntrail_emu_summary_text(fixture_emulation(), text, sizeof text), whole);
  expect_number(strlen(text), whole);
  expect_part(text, "1 TCP connection, 0 delivered\n");
  expect_number(conntrail_emu_summary_text(fixture_emulation(), again, 6), whole);
  expect_text(again, "1 TCP");
  scenario_close_pair(&pair);
}

/* As snprintf: cut at the room that there is, ended with NUL, and the whole size returned. */
void case_trail_text_capacity(void) {
  fixture_open(NULL);
  expect_number(conntrail_emu_trail_text(fixture_emulation(), 0, NULL, 0), 0);
  scenario_pair pair = scenario_redirected_pair();
  size_t whole = conntrail_emu_trail_text(fixture_emulation(), 0, NULL, 0);
  expect_number(conntrail_emu_trail_text(fixture_emulation(), 0, text, sizeof text), whole);
  expect_number(strlen(text), whole);
  for (size_t capacity = 1; capacity <= whole + 1; ++capacity) {
    memset(again, UNTOUCHED, sizeof again);
    expect_number(conntrail_emu_trail_text(fixture_emulation(), 0, again, capacity), whole);
    expect_number(strlen(again), capacity - 1);
    expect_bytes(again, text, capacity - 1);
    expect_filled(again + capacity, UNTOUCHED, sizeof again - capacity);
  }
  scenario_close_pair(&pair);
}

static void expect_event(conntrail_emu_event *event, conntrail_emu_event_kind kind,
                         conntrail_socket socket) {
  uint64_t number = event->number;
  event->struct_size = sizeof *event;
  expect_true(conntrail_emu_next_event(fixture_emulation(), event->number, event));
  expect_text(conntrail_emu_event_word(event->kind), conntrail_emu_event_word(kind));
  expect_number(event->number, number + 1);
  expect_number(event->socket, scenario_number(socket));
}

/* One connection through one proxy, event by event. */
void case_trail_events(void) {
  conntrail_emu_event event;
  chain c;
  chain_open(&c, NET_TCP4, 1, in_order);
  chain_hop *hop = &c.hops[0];
  conntrail_socket client = chain_start(&c);
  expect_result(chain_forward(&c, 0), NET_OK);
  memset(&event, 0, sizeof event);
  expect_event(&event, CONNTRAIL_EMU_CONNECTING, client);
  expect_address(&event.destination, &c.destination);
  expect_true(event.process != net_process());
  expect_event(&event, CONNTRAIL_EMU_REDIRECTED, client);
  expect_true(event.service == hop->pair.service);
  expect_address(&event.target, &hop->pair.proxy);
  expect_event(&event, CONNTRAIL_EMU_ACCEPTED, hop->pair.accepted);
  expect_number(event.from, scenario_number(client));
  expect_number(event.process, net_process());
  expect_event(&event, CONNTRAIL_EMU_CONTEXT_QUERIED, hop->pair.accepted);
  expect_number(event.size, 256);
  expect_event(&event, CONNTRAIL_EMU_RECORDS_QUERIED, hop->pair.accepted);
  uint32_t size = event.size;
  /* What a set counts on Windows is not known. */
  if (fixture_profile() == CONNTRAIL_EMU_MEASURED) {
    expect_event(&event, CONNTRAIL_EMU_ASSUMED, hop->outbound);
    expect_number(event.state, CONNTRAIL_EMU_SITUATION_SET_DONE);
    expect_number(event.from, CONNTRAIL_EMU_DOCUMENTED);
  }
  expect_event(&event, CONNTRAIL_EMU_RECORDS_SET, hop->outbound);
  expect_number(event.size, size);
  expect_number(event.from, scenario_number(hop->pair.accepted));
  expect_event(&event, CONNTRAIL_EMU_CONNECTING, hop->outbound);
  expect_number(event.hops, 1);
  expect_event(&event, CONNTRAIL_EMU_PERMITTED, hop->outbound);
  expect_number(event.state, CONNTRAIL_EMU_REDIRECTED_BY_SELF);
  expect_event(&event, CONNTRAIL_EMU_DELIVERED, hop->outbound);
  expect_address(&event.destination, &c.destination);
  expect_address(&event.target, &c.address);
  expect_true(!conntrail_emu_next_event(fixture_emulation(), event.number, &event));
  scenario_close(client);
  chain_close(&c);
}

void case_trail_capacity(void) {
  conntrail_emu_options options = CONNTRAIL_EMU_OPTIONS_INIT;
  conntrail_emu_event event;
  static uint8_t records[BLOB_ROOM];
  options.trail_capacity = 4;
  fixture_open(&options);
  scenario_pair pair = scenario_redirected_pair();
  for (int turn = 0; turn < 10; ++turn) {
    (void)scenario_records(pair.accepted, records);
  }
  expect_number(scenario_count(CONNTRAIL_EMU_RECORDS_QUERIED), 10);
  expect_number(scenario_count(CONNTRAIL_EMU_CONNECTING), 1);
  memset(&event, 0, sizeof event);
  event.struct_size = sizeof event;
  for (unsigned kept = 0; kept < 4; ++kept) {
    expect_true(conntrail_emu_next_event(fixture_emulation(), event.number, &event));
    /* 3 events of the connection and 10 queries: the last four are kept. */
    expect_number(event.number, 10 + kept);
  }
  expect_true(!conntrail_emu_next_event(fixture_emulation(), event.number, &event));
  scenario_close_pair(&pair);
}

/* Every kind and every misuse has a word. */
void case_trail_words(void) {
#define EXPECT_WORD(name, number, word)                                                            \
  expect_text(conntrail_emu_event_word(CONNTRAIL_EMU_##name), word);
  CONNTRAIL_EMU_EVENT_MAP(EXPECT_WORD)
#undef EXPECT_WORD
#define EXPECT_TEXT(name, number, sentence)                                                        \
  expect_text(conntrail_emu_misuse_text(CONNTRAIL_EMU_MISUSE_##name), sentence);
  CONNTRAIL_EMU_MISUSE_MAP(EXPECT_TEXT)
#undef EXPECT_TEXT
  expect_text(conntrail_emu_event_word((conntrail_emu_event_kind)99), "?");
  expect_text(conntrail_emu_misuse_text((conntrail_emu_misuse)99), "?");
  expect_text(conntrail_emu_service_name(NULL), "");
}

void case_route_missing(void) {
  fixture_open(NULL);
  struct sockaddr_storage destination = scenario_destination4();
  conntrail_socket socket = scenario_socket(NET_TCP4);
  expect_result(t_connect(socket, &destination), NET_UNREACHABLE);
  expect_number(scenario_count(CONNTRAIL_EMU_REFUSED), 1);
  conntrail_emu_event event = scenario_event(CONNTRAIL_EMU_REFUSED, 1);
  expect_address(&event.destination, &destination);
  (void)conntrail_emu_trail_text(fixture_emulation(), 0, text, sizeof text);
  expect_part(text, "93.184.216.34:80");
  expect_part(text, "conntrail_emu_route");
  scenario_close(socket);
}

static void expect_served(net_kind kind, const struct sockaddr_storage *destination,
                          conntrail_socket server) {
  struct sockaddr_storage peer;
  conntrail_socket socket = scenario_socket(kind);
  expect_result(t_connect(socket, destination), NET_OK);
  expect_result(net_peer(socket, &peer), NET_OK);
  expect_address(&peer, destination);
  scenario_close(scenario_accept(server));
  scenario_close(socket);
}

void case_route_replaced(void) {
  struct sockaddr_storage first;
  struct sockaddr_storage second;
  fixture_open(NULL);
  struct sockaddr_storage destination = scenario_destination4();
  conntrail_socket one = scenario_listener(NET_TCP4, &first);
  conntrail_socket other = scenario_listener(NET_TCP4, &second);
  const char *name = "93.184.216.34:80";
  expect_status(conntrail_emu_route(fixture_emulation(), name, (struct sockaddr *)&first),
                CONNTRAIL_OK);
  expect_served(NET_TCP4, &destination, one);
  expect_status(conntrail_emu_route(fixture_emulation(), name, (struct sockaddr *)&second),
                CONNTRAIL_OK);
  expect_served(NET_TCP4, &destination, other);
  expect_number(scenario_count(CONNTRAIL_EMU_DELIVERED), 2);
  scenario_close(other);
  scenario_close(one);
}

void case_route_v6_over_v4(void) {
  struct sockaddr_storage address;
  fixture_open(NULL);
  struct sockaddr_storage destination = scenario_destination6();
  conntrail_socket server = scenario_listener(NET_TCP4, &address);
  expect_status(conntrail_emu_route(fixture_emulation(), "[2606:2800:220:1::1]:80",
                                    (struct sockaddr *)&address),
                CONNTRAIL_OK);
  expect_served(NET_DUAL, &destination, server);
  scenario_close(server);
}

/* A destination on loopback is where it says it is. */
void case_route_not_needed_on_loopback(void) {
  fixture_open(NULL);
  scenario_pair pair = scenario_direct_pair();
  expect_number(scenario_count(CONNTRAIL_EMU_REFUSED), 0);
  expect_number(scenario_count(CONNTRAIL_EMU_REDIRECTED), 0);
  scenario_close_pair(&pair);
}
