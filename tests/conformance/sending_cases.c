/* SPDX-License-Identifier: MIT */
/* Records that are sent on: what services make of it, and loops (M3, M10). */
#include <stdio.h>
#include <string.h>

#include "cases.h"
#include "datagrams.h"

void case_sending_delivers(void) {
  test_message l;
  exchange e = exchange_open();
  scenario_usual(CONNTRAIL_EMU_BEHAVIOUR_REPLY_SOURCE);
  conntrail_socket server = datagram_server("93.184.216.34:53");
  conntrail_socket outbound = datagram_socket(NET_UDP4);
  exchange_begin(&e, &l);
  expect_status(message_send_on(&l, outbound, &e.destination), CONNTRAIL_OK);
  struct sockaddr_storage from = datagram_expect(server, "one");
  expect_number(scenario_state(outbound, e.service), CONNTRAIL_EMU_REDIRECTED_BY_SELF);
  /* Later datagrams need none. */
  datagram_send(outbound, "two", &e.destination);
  (void)datagram_expect(server, "two");
  datagram_send(server, "back", &from);
  datagram_expect_from(outbound, "back", &e.destination);
  datagram_send(e.proxy, "back", &l.message.peer);
  datagram_expect_from(e.client, "back", &e.destination);
  expect_number(scenario_count(CONNTRAIL_EMU_DELIVERED), 1);
  expect_number(scenario_count(CONNTRAIL_EMU_RECORDS_SET), 1);
  expect_number(scenario_event(CONNTRAIL_EMU_RECORDS_SET, 1).from, scenario_number(e.proxy));
  expect_number(scenario_event(CONNTRAIL_EMU_DELIVERED, 1).hops, 1);
  scenario_close(outbound);
  scenario_close(server);
  exchange_close(&e);
  expect_number(scenario_count(CONNTRAIL_EMU_MISUSE), 0);
}

enum { MOST_SERVICES = 3, MOST_CIRCLES = 10 };

typedef struct relay {
  conntrail_emu_service *service;
  conntrail_socket proxy;
  conntrail_socket outbound;
} relay;

/* The i-th to be added decides at place order[i]: each inspects once, in any order (R6). */
static void run_chain(unsigned count, const unsigned *order) {
  static const char *const names[MOST_SERVICES] = {"acme", "beta", "gama"};
  relay relays[MOST_SERVICES];
  test_message l;
  fixture_open(NULL);
  struct sockaddr_storage destination = datagram_destination4(34);
  for (unsigned i = 0; i < count; ++i) {
    char rule[64];
    relay *added = &relays[order[i]];
    (void)snprintf(rule, sizeof rule, "%s weight %u", DATAGRAM_RULE, 10 - order[i]);
    added->service = conntrail_emu_add_service(fixture_emulation(), names[i], NULL);
    added->proxy = datagram_proxy(added->service, rule, NET_UDP4);
  }
  conntrail_socket server = datagram_server("93.184.216.34:53");
  conntrail_socket client = datagram_client(NET_UDP4);
  datagram_send(client, "one", &destination);
  for (unsigned i = 0; i < count; ++i) {
    message_expect_first(relays[i].proxy, &l, "one", &destination);
    relays[i].outbound = datagram_socket(NET_UDP4);
    expect_status(message_send_on(&l, relays[i].outbound, &destination), CONNTRAIL_OK);
  }
  (void)datagram_expect(server, "one");
  expect_number(scenario_count(CONNTRAIL_EMU_REDIRECTED), count);
  expect_number(scenario_event(CONNTRAIL_EMU_DELIVERED, 1).hops, count);
  expect_number(scenario_count(CONNTRAIL_EMU_LOOP), 0);
  expect_number(scenario_count(CONNTRAIL_EMU_MISUSE), 0);
  for (unsigned i = 0; i < count; ++i) {
    scenario_close(relays[i].outbound);
    scenario_close(relays[i].proxy);
  }
  scenario_close(client);
  scenario_close(server);
  fixture_close();
}

void case_sending_chain_of_two(void) {
  run_chain(2, (const unsigned[]){0, 1});
  run_chain(2, (const unsigned[]){1, 0});
}

void case_sending_chain_of_three(void) {
  static const unsigned orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                        {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
  for (unsigned i = 0; i < 6; ++i) {
    run_chain(3, orders[i]);
  }
}

/* The states that R1 names, as the second service sees them. */
void case_sending_states(void) {
  test_message l;
  exchange e = exchange_open();
  conntrail_emu_service *beta = conntrail_emu_add_service(fixture_emulation(), "beta", NULL);
  conntrail_socket second = datagram_proxy(beta, DATAGRAM_RULE " by-other redirect", NET_UDP4);
  conntrail_socket server = datagram_server("93.184.216.34:53");
  conntrail_socket outbound = datagram_socket(NET_UDP4);
  exchange_begin(&e, &l);
  expect_status(message_send_on(&l, outbound, &e.destination), CONNTRAIL_OK);
  expect_number(scenario_state(outbound, e.service), CONNTRAIL_EMU_REDIRECTED_BY_SELF);
  expect_number(scenario_state(outbound, beta), CONNTRAIL_EMU_REDIRECTED_BY_OTHER);
  message_expect_first(second, &l, "one", &e.destination);
  conntrail_socket last = datagram_socket(NET_UDP4);
  expect_status(message_send_on(&l, last, &e.destination), CONNTRAIL_OK);
  expect_number(scenario_state(last, e.service), CONNTRAIL_EMU_PREVIOUSLY_REDIRECTED_BY_SELF);
  expect_number(scenario_state(last, beta), CONNTRAIL_EMU_REDIRECTED_BY_SELF);
  (void)datagram_expect(server, "one");
  scenario_close(last);
  scenario_close(outbound);
  scenario_close(server);
  scenario_close(second);
  exchange_close(&e);
}

/* Records are records: those of a TCP connection open a UDP flow. */
void case_sending_records_of_tcp(void) {
  exchange e = exchange_open();
  test_message l;
  scenario_pair pair = scenario_service("beta", "tcp 93.184.216.0/24 port 53", NET_TCP4);
  scenario_connect(&pair, NET_TCP4, &e.destination);
  conntrail_socket outbound = datagram_socket(NET_UDP4);
  message_clear(&l);
  size_t size = 0;
  expect_status(t_query_records(pair.accepted, l.records, sizeof l.records, &size), CONNTRAIL_OK);
  l.message.records_size = size;
  l.message.payload_size = 4;
  memcpy(l.text, "mine", 4);
  expect_status(message_send_on(&l, outbound, &e.destination), CONNTRAIL_OK);
  expect_number(scenario_state(outbound, pair.service), CONNTRAIL_EMU_REDIRECTED_BY_SELF);
  message_expect_first(e.proxy, &l, "mine", &e.destination);
  expect_number(scenario_event(CONNTRAIL_EMU_RECORDS_RECEIVED, 1).hops, 2);
  scenario_close(outbound);
  scenario_close_pair(&pair);
  exchange_close(&e);
}

void case_sending_foreign_records(void) {
  test_message l;
  exchange e = exchange_open();
  conntrail_socket outbound = datagram_socket(NET_UDP4);
  exchange_begin(&e, &l);
  l.records[l.message.records_size / 2] ^= 1;
  expect_status(message_send_on(&l, outbound, &e.destination), CONNTRAIL_INVALID);
  expect_number(conntrail_native_error(), 10022);
  l.records[l.message.records_size / 2] ^= 1;
  l.message.records_size--;
  expect_status(message_send_on(&l, outbound, &e.destination), CONNTRAIL_INVALID);
  l.message.records_size++;
  expect_number(scenario_count(CONNTRAIL_EMU_RECORDS_SET), 0);
  expect_number(conntrail_emu_datagram_flows(fixture_emulation()), 1);
  conntrail_socket server = datagram_server("93.184.216.34:53");
  expect_status(message_send_on(&l, outbound, &e.destination), CONNTRAIL_OK);
  (void)datagram_expect(server, "one");
  scenario_close(server);
  scenario_close(outbound);
  exchange_close(&e);
}

void case_sending_without_privilege(void) {
  test_message l;
  exchange e = exchange_open();
  conntrail_socket outbound = datagram_socket(NET_UDP4);
  exchange_begin(&e, &l);
  conntrail_emu_set_privileged(fixture_emulation(), false);
  expect_status(message_send_on(&l, outbound, &e.destination), CONNTRAIL_ACCESS);
  expect_number(scenario_count(CONNTRAIL_EMU_RECORDS_SET), 0);
  scenario_close(outbound);
  exchange_close(&e);
}

/* The decision falls at the first datagram: later records are too late, and are named. */
void case_sending_late(void) {
  test_message l;
  exchange e = exchange_open();
  conntrail_socket outbound = datagram_client(NET_UDP4);
  exchange_begin(&e, &l);
  datagram_send_as_client(outbound, "early", &e.destination);
  expect_status(message_send_on(&l, outbound, &e.destination), CONNTRAIL_OK);
  expect_number(scenario_misuse(CONNTRAIL_EMU_MISUSE_RECORDS_SENT_LATE), 1);
  expect_number(scenario_count(CONNTRAIL_EMU_DELIVERED), 0);
  expect_number(scenario_count(CONNTRAIL_EMU_REDIRECTED), 2);
  scenario_close(outbound);
  exchange_close(&e);
}

void case_sending_more_does_no_harm(void) {
  test_message l;
  exchange e = exchange_open();
  conntrail_socket server = datagram_server("93.184.216.34:53");
  conntrail_socket outbound = datagram_socket(NET_UDP4);
  exchange_begin(&e, &l);
  for (int turn = 0; turn < 3; ++turn) {
    expect_status(message_send_on(&l, outbound, &e.destination), CONNTRAIL_OK);
    (void)datagram_expect(server, "one");
  }
  expect_number(scenario_count(CONNTRAIL_EMU_DELIVERED), 1);
  expect_number(scenario_count(CONNTRAIL_EMU_MISUSE), 0);
  scenario_close(outbound);
  scenario_close(server);
  exchange_close(&e);
}

void case_sending_blocked(void) {
  test_message l;
  exchange e = exchange_open();
  struct sockaddr_storage blocked = net_v4(198, 51, 100, 7, 53);
  expect_status(conntrail_emu_block(e.service, "udp 198.51.100.0/24"), CONNTRAIL_OK);
  expect_result(t_send_to(e.client, "x", 1, &blocked, NET_PLAIN), NET_DENIED);
  expect_result(t_connect(e.client, &blocked), NET_DENIED);
  message_clear(&l);
  l.piece.size = 1;
  l.message.peer = blocked;
  l.message.records_size = 0;
  l.message.control_size = 0;
  expect_status(t_sendmsg(e.client, &l.message), CONNTRAIL_ACCESS);
  expect_number(scenario_count(CONNTRAIL_EMU_BLOCKED), 3);
  /* Rules for TCP say nothing about it. */
  expect_status(conntrail_emu_block(e.service, "tcp 93.184.216.0/24"), CONNTRAIL_OK);
  exchange_begin(&e, &l);
  exchange_close(&e);
}

void case_sending_stray(void) {
  exchange e = exchange_open();
  struct sockaddr_storage stray = net_v4(198, 51, 100, 7, 53);
  for (net_way way = NET_PLAIN; way < NET_WAYS; ++way) {
    expect_result(t_send_to(e.client, "x", 1, &stray, way), NET_UNREACHABLE);
  }
  expect_number(net_last_number() != 0, 1);
  expect_number(scenario_count(CONNTRAIL_EMU_REFUSED), 3);
  expect_number(conntrail_emu_datagram_flows(fixture_emulation()), 0);
  exchange_close(&e);
}

void case_sending_exempt_process(void) {
  exchange e = exchange_open();
  conntrail_socket server = datagram_server("93.184.216.34:53");
  conntrail_socket outbound = datagram_socket(NET_UDP4);
  expect_status(conntrail_emu_exempt_process(e.service, net_process()), CONNTRAIL_OK);
  datagram_send(outbound, "mine", &e.destination);
  (void)datagram_expect(server, "mine");
  expect_number(scenario_count(CONNTRAIL_EMU_EXEMPTED), 1);
  scenario_close(outbound);
  scenario_close(server);
  exchange_close(&e);
}

/* ---- Loops ---------------------------------------------------------------------------------- */

static void expect_loop(const exchange *e, conntrail_socket outbound) {
  expect_result(t_send_to(outbound, "one", 3, &e->destination, NET_PLAIN), NET_UNREACHABLE);
  expect_number(scenario_count(CONNTRAIL_EMU_LOOP), 1);
  conntrail_emu_event event = scenario_event(CONNTRAIL_EMU_LOOP, 1);
  expect_number(event.native, 10065);
  expect_number(event.from, scenario_number(e->proxy));
  expect_number(event.socket, scenario_number(outbound));
  expect_true(event.service == e->service);
  expect_true(event.untransferred_by == e->service);
}

void case_sending_loop(void) {
  static char text[4096];
  test_message l;
  exchange e = exchange_open();
  exchange_begin(&e, &l);
  conntrail_socket outbound = datagram_socket(NET_UDP4);
  expect_loop(&e, outbound);
  (void)conntrail_emu_trail_text(fixture_emulation(), CONNTRAIL_EMU_TEXT_NORMALISED, text,
                                 sizeof text);
  expect_part(text, "LOOP: acme would redirect this udp flow to 93.184.216.34:53 once more");
  expect_part(text, "by conntrail_sendmsg");
  scenario_close(outbound);
  exchange_close(&e);
  expect_number(scenario_misuse(CONNTRAIL_EMU_MISUSE_NOT_TRANSFERRED), 0);
}

/* A socket for all flows, older than they are. */
void case_sending_loop_of_shared_socket(void) {
  test_message l;
  exchange e = exchange_open();
  conntrail_socket outbound = datagram_socket(NET_UDP4);
  exchange_begin(&e, &l);
  expect_loop(&e, outbound);
  scenario_close(outbound);
  exchange_close(&e);
}

/* The records were lost by a plain receive: the loop is found all the same. */
void case_sending_loop_after_plain_receive(void) {
  exchange e = exchange_open();
  conntrail_socket outbound = datagram_socket(NET_UDP4);
  datagram_send(e.client, "one", &e.destination);
  (void)datagram_expect(e.proxy, "one");
  expect_loop(&e, outbound);
  scenario_close(outbound);
  exchange_close(&e);
}

/* A client and a proxy of one process; the proxy received "one" of it. */
static exchange open_in_one_process(test_message *l) {
  conntrail_emu_options options = CONNTRAIL_EMU_OPTIONS_INIT;
  exchange e = {.destination = datagram_destination4(34)};
  options.loop_limit = MOST_CIRCLES;
  fixture_open(&options);
  e.service = conntrail_emu_add_service(fixture_emulation(), "acme", NULL);
  e.proxy = datagram_proxy(e.service, DATAGRAM_RULE, NET_UDP4);
  e.client = datagram_socket(NET_UDP4);
  datagram_send(e.client, "one", &e.destination);
  message_expect_first(e.proxy, l, "one", &e.destination);
  return e;
}

/* PEEK gave the records, and they were sent on before the datagram was received. */
void case_sending_after_peek(void) {
  test_message l;
  exchange e = exchange_open();
  conntrail_socket server = datagram_server("93.184.216.34:53");
  conntrail_socket outbound = datagram_socket(NET_UDP4);
  conntrail_socket other = datagram_socket(NET_UDP4);
  datagram_send_as_client(e.client, "one", &e.destination);
  message_clear(&l);
  l.message.flags = CONNTRAIL_MESSAGE_PEEK;
  expect_status(t_recvmsg(e.proxy, &l.message), CONNTRAIL_OK);
  expect_status(message_send_on(&l, outbound, &e.destination), CONNTRAIL_OK);
  message_expect_first(e.proxy, &l, "one", &e.destination);
  expect_result(t_send_to(other, "two", 3, &e.destination, NET_PLAIN), NET_OK);
  expect_number(scenario_count(CONNTRAIL_EMU_LOOP), 0);
  scenario_close(other);
  scenario_close(outbound);
  scenario_close(server);
  exchange_close(&e);
  expect_number(scenario_misuse(CONNTRAIL_EMU_MISUSE_NOT_TRANSFERRED), 0);
}

void case_sending_loop_limit(void) {
  test_message l;
  exchange e = open_in_one_process(&l);
  for (int turn = 1; turn < MOST_CIRCLES; ++turn) {
    datagram_send(e.client, "more", &e.destination);
    message_expect_later(e.proxy, &l, "more");
  }
  expect_result(t_send_to(e.client, "more", 4, &e.destination, NET_PLAIN), NET_UNREACHABLE);
  expect_number(scenario_count(CONNTRAIL_EMU_LOOP), 1);
  exchange_close(&e);
}

/* Nothing goes in circles: the proxy receives no more, or answers. */
void case_sending_without_circles(void) {
  test_message l;
  exchange e = open_in_one_process(&l);
  for (int turn = 0; turn < 2 * MOST_CIRCLES; ++turn) {
    datagram_send(e.client, "more", &e.destination);
  }
  for (int turn = 0; turn < 2 * MOST_CIRCLES; ++turn) {
    message_expect_later(e.proxy, &l, "more");
    expect_result(t_send_to(e.proxy, "answer", 6, &l.message.peer, NET_PLAIN), NET_OK);
    (void)datagram_expect(e.client, "answer");
    datagram_send(e.client, "more", &e.destination);
  }
  expect_number(scenario_count(CONNTRAIL_EMU_LOOP), 0);
  exchange_close(&e);
}

/* A further client is none, nor is what was sent on. */
void case_sending_no_loop(void) {
  test_message l;
  exchange e = exchange_open();
  conntrail_socket server = datagram_server("93.184.216.34:53");
  conntrail_socket shared = datagram_socket(NET_UDP4);
  for (int turn = 0; turn < 3; ++turn) {
    conntrail_socket client = datagram_client(NET_UDP4);
    datagram_send(client, "one", &e.destination);
    message_expect_first(e.proxy, &l, "one", &e.destination);
    expect_status(message_send_on(&l, shared, &e.destination), CONNTRAIL_OK);
    (void)datagram_expect(server, "one");
    scenario_close(client);
  }
  conntrail_socket same_process = datagram_socket(NET_UDP4);
  datagram_send(same_process, "two", &e.destination);
  message_expect_first(e.proxy, &l, "two", &e.destination);
  expect_number(scenario_count(CONNTRAIL_EMU_LOOP), 0);
  expect_number(scenario_count(CONNTRAIL_EMU_MISUSE), 0);
  scenario_close(same_process);
  scenario_close(shared);
  scenario_close(server);
  exchange_close(&e);
}

/* connect is a first datagram without records; one with records before it decides for it. */
void case_sending_before_connect(void) {
  test_message l;
  struct sockaddr_storage peer;
  exchange e = exchange_open();
  conntrail_socket server = datagram_server("93.184.216.34:53");
  exchange_begin(&e, &l);
  conntrail_socket hasty = datagram_socket(NET_UDP4);
  expect_result(t_connect(hasty, &e.destination), NET_UNREACHABLE);
  expect_number(scenario_count(CONNTRAIL_EMU_LOOP), 1);
  conntrail_socket outbound = datagram_socket(NET_UDP4);
  expect_status(message_send_on(&l, outbound, &e.destination), CONNTRAIL_OK);
  expect_result(t_connect(outbound, &e.destination), NET_OK);
  expect_result(net_peer(outbound, &peer), NET_OK);
  expect_address(&peer, &e.destination);
  struct sockaddr_storage from = datagram_expect(server, "one");
  datagram_send(outbound, "two", NULL);
  (void)datagram_expect(server, "two");
  datagram_send(server, "back", &from);
  datagram_expect_from(outbound, "back", &e.destination);
  expect_number(scenario_count(CONNTRAIL_EMU_DELIVERED), 1);
  scenario_close(outbound);
  scenario_close(hasty);
  scenario_close(server);
  exchange_close(&e);
}

/* Sent by a connected socket, whose flow began at connect: too late. */
void case_sending_after_connect(void) {
  test_message l;
  struct sockaddr_storage unspecified;
  exchange e = exchange_open();
  scenario_usual(CONNTRAIL_EMU_BEHAVIOUR_REPLY_SOURCE);
  scenario_usual(CONNTRAIL_EMU_BEHAVIOUR_CONNECTED_DATAGRAMS);
  conntrail_socket outbound = datagram_client(NET_UDP4);
  memset(&unspecified, 0, sizeof unspecified);
  expect_result(t_connect(outbound, &e.destination), NET_OK);
  exchange_begin(&e, &l);
  expect_status(message_send_on(&l, outbound, &unspecified), CONNTRAIL_OK);
  expect_number(scenario_misuse(CONNTRAIL_EMU_MISUSE_RECORDS_SENT_LATE), 1);
  message_expect_first(e.proxy, &l, "one", &e.destination);
  scenario_close(outbound);
  exchange_close(&e);
}
