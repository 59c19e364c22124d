/* SPDX-License-Identifier: MIT */
/* UDP flows: what is one, how long, and who sees what address (M2, M7, M9, M11). */
#include <stdio.h>
#include <string.h>

#include "cases.h"
#include "datagrams.h"

static size_t flows(void) {
  return conntrail_emu_datagram_flows(fixture_emulation());
}

void case_flow_per_destination(void) {
  test_message l;
  exchange e = exchange_open();
  struct sockaddr_storage other = datagram_destination4(35);
  datagram_send(e.client, "one", &e.destination);
  datagram_send(e.client, "two", &other);
  datagram_send(e.client, "three", &e.destination);
  message_expect_first(e.proxy, &l, "one", &e.destination);
  message_expect_first(e.proxy, &l, "two", &other);
  message_expect_later(e.proxy, &l, "three");
  expect_number(flows(), 2);
  exchange_close(&e);
}

/* The same address at another port is another destination. */
void case_flow_per_port(void) {
  test_message l;
  exchange e = exchange_open();
  struct sockaddr_storage other = net_v4(93, 184, 216, 34, 5353);
  struct sockaddr_storage address;
  expect_result(net_local(e.proxy, &address), NET_OK);
  expect_status(conntrail_emu_redirect(e.service, "udp 93.184.216.0/24 port 5353",
                                       (struct sockaddr *)&address),
                CONNTRAIL_OK);
  datagram_send(e.client, "one", &e.destination);
  datagram_send(e.client, "two", &other);
  message_expect_first(e.proxy, &l, "one", &e.destination);
  message_expect_first(e.proxy, &l, "two", &other);
  exchange_close(&e);
}

void case_flow_two_clients(void) {
  test_message l;
  test_message m;
  exchange e = exchange_open();
  scenario_usual(CONNTRAIL_EMU_BEHAVIOUR_REPLY_SOURCE);
  conntrail_socket second = datagram_client(NET_UDP4);
  datagram_send(e.client, "one", &e.destination);
  datagram_send(second, "two", &e.destination);
  message_expect_first(e.proxy, &l, "one", &e.destination);
  message_expect_first(e.proxy, &m, "two", &e.destination);
  expect_true(!net_address_equal(&l.message.peer, &m.message.peer));
  datagram_send(e.proxy, "to two", &m.message.peer);
  datagram_send(e.proxy, "to one", &l.message.peer);
  datagram_expect_from(e.client, "to one", &e.destination);
  datagram_expect_from(second, "to two", &e.destination);
  scenario_close(second);
  exchange_close(&e);
}

void case_flow_idle(void) {
  test_message l;
  conntrail_emu_options options = CONNTRAIL_EMU_OPTIONS_INIT;
  options.idle_limit = 100;
  fixture_open(&options);
  struct sockaddr_storage destination = datagram_destination4(34);
  conntrail_emu_service *acme = conntrail_emu_add_service(fixture_emulation(), "acme", NULL);
  conntrail_socket proxy = datagram_proxy(acme, DATAGRAM_RULE, NET_UDP4);
  conntrail_socket client = datagram_client(NET_UDP4);
  datagram_send(client, "one", &destination);
  message_expect_first(proxy, &l, "one", &destination);
  conntrail_emu_advance(fixture_emulation(), 99);
  expect_number(flows(), 1);
  datagram_send(client, "two", &destination);
  message_expect_later(proxy, &l, "two");
  conntrail_emu_advance(fixture_emulation(), 99);
  expect_number(flows(), 1);
  expect_number(scenario_count(CONNTRAIL_EMU_IDLE), 0);
  conntrail_emu_advance(fixture_emulation(), 1);
  expect_number(flows(), 0);
  expect_number(scenario_count(CONNTRAIL_EMU_IDLE), 1);
  datagram_send(client, "three", &destination);
  message_expect_first(proxy, &l, "three", &destination);
  scenario_close(client);
  scenario_close(proxy);
}

void case_flow_kept_by_replies(void) {
  test_message l;
  exchange e = exchange_open();
  scenario_usual(CONNTRAIL_EMU_BEHAVIOUR_REPLY_SOURCE);
  exchange_begin(&e, &l);
  for (int turn = 0; turn < 3; ++turn) {
    conntrail_emu_advance(fixture_emulation(), 59999);
    datagram_send(e.proxy, "reply", &l.message.peer);
    datagram_expect_from(e.client, "reply", &e.destination);
  }
  expect_number(flows(), 1);
  exchange_close(&e);
}

void case_flow_of_closed_client(void) {
  test_message l;
  struct sockaddr_storage address;
  exchange e = exchange_open();
  exchange_begin(&e, &l);
  expect_result(net_local(e.client, &address), NET_OK);
  scenario_close(e.client);
  expect_number(flows(), 0);
  /* A new socket with the same address begins a new flow. */
  e.client = datagram_client(NET_UDP4);
  expect_result(net_bind(e.client, &address), NET_OK);
  datagram_send(e.client, "two", &e.destination);
  message_expect_first(e.proxy, &l, "two", &e.destination);
  exchange_close(&e);
}

void case_flow_looked_at(void) {
  test_message l;
  exchange e = exchange_open();
  datagram_send(e.client, "one", &e.destination);
  for (int turn = 0; turn < 2; ++turn) {
    message_clear(&l);
    l.message.flags = CONNTRAIL_MESSAGE_PEEK;
    expect_status(t_recvmsg(e.proxy, &l.message), CONNTRAIL_OK);
    expect_true(l.message.records_size > 0);
    expect_number(l.message.context_size, 256);
  }
  expect_number(scenario_count(CONNTRAIL_EMU_ACCEPTED), 0);
  message_expect_first(e.proxy, &l, "one", &e.destination);
  expect_number(scenario_count(CONNTRAIL_EMU_ACCEPTED), 1);
  exchange_close(&e);
}

void case_flow_of_connected_client(void) {
  test_message l;
  struct sockaddr_storage peer;
  exchange e = exchange_open();
  scenario_usual(CONNTRAIL_EMU_BEHAVIOUR_REPLY_SOURCE);
  scenario_usual(CONNTRAIL_EMU_BEHAVIOUR_CONNECTED_DATAGRAMS);
  expect_result(t_connect(e.client, &e.destination), NET_OK);
  expect_result(net_peer(e.client, &peer), NET_OK);
  expect_address(&peer, &e.destination);
  datagram_send(e.client, "one", NULL);
  message_expect_first(e.proxy, &l, "one", &e.destination);
  datagram_send(e.proxy, "back", &l.message.peer);
  datagram_expect_from(e.client, "back", &e.destination);
  conntrail_emu_advance(fixture_emulation(), 1000000);
  expect_number(flows(), 1);
  datagram_send(e.client, "two", NULL);
  message_expect_later(e.proxy, &l, "two");
  expect_result(net_dissolve(e.client), NET_OK);
  conntrail_emu_advance(fixture_emulation(), 60000);
  expect_number(flows(), 0);
  exchange_close(&e);
}

void case_flow_sent_by_each_call(void) {
  test_message l;
  exchange e = exchange_open();
  for (net_way way = NET_PLAIN; way < NET_WAYS; ++way) {
    struct sockaddr_storage destination = datagram_destination4(40 + (unsigned)way);
    expect_result(t_send_to(e.client, "call", 4, &destination, way), NET_OK);
    message_expect_first(e.proxy, &l, "call", &destination);
  }
  exchange_close(&e);
}

void case_flow_reply_by_each_call(void) {
  test_message l;
  exchange e = exchange_open();
  scenario_usual(CONNTRAIL_EMU_BEHAVIOUR_REPLY_SOURCE);
  exchange_begin(&e, &l);
  for (net_way sent = NET_PLAIN; sent < NET_WAYS; ++sent) {
    for (net_way way = NET_PLAIN; way < NET_WAYS; ++way) {
      char bytes[16];
      size_t size = 0;
      struct sockaddr_storage from;
      expect_result(t_send_to(e.proxy, "back", 4, &l.message.peer, sent), NET_OK);
      expect_result(t_receive_from(e.client, bytes, sizeof bytes, &size, &from, way), NET_OK);
      expect_number(size, 4);
      expect_address(&from, &e.destination);
    }
  }
  test_message m;
  datagram_send(e.proxy, "message", &l.message.peer);
  message_expect_later(e.client, &m, "message");
  expect_address(&m.message.peer, &e.destination);
  exchange_close(&e);
}

/* A reply that does not fit is the client's own affair, and the next one is whole. */
void case_flow_reply_truncated(void) {
  test_message l;
  char bytes[2];
  size_t size = 0;
  struct sockaddr_storage from;
  exchange e = exchange_open();
  scenario_usual(CONNTRAIL_EMU_BEHAVIOUR_REPLY_SOURCE);
  exchange_begin(&e, &l);
  for (net_way way = NET_PLAIN; way < NET_WAYS; ++way) {
    datagram_send(e.proxy, "too long", &l.message.peer);
    expect_result(t_receive_from(e.client, bytes, sizeof bytes, &size, &from, way), NET_TOO_LARGE);
  }
  datagram_send(e.proxy, "next", &l.message.peer);
  datagram_expect_from(e.client, "next", &e.destination);
  exchange_close(&e);
}

void case_flow_own_address(void) {
  test_message l;
  struct sockaddr_storage own;
  exchange e = exchange_open();
  exchange_begin(&e, &l);
  expect_result(net_local(e.client, &own), NET_OK);
  struct sockaddr_storage seen = net_loopback(NET_UDP4, net_port(&own));
  expect_address(&l.message.peer, &seen);
  exchange_close(&e);
}

enum { DESTINATIONS = 5 };

/* Several destinations of one client socket are never confused, whatever the order. */
void case_flow_interleaved(void) {
  static test_message messages[DESTINATIONS];
  exchange e = exchange_open();
  scenario_usual(CONNTRAIL_EMU_BEHAVIOUR_REPLY_SOURCE);
  for (unsigned n = 0; n < DESTINATIONS; ++n) {
    char text[16];
    struct sockaddr_storage destination = datagram_destination4(50 + n);
    (void)snprintf(text, sizeof text, "to %u", n);
    datagram_send(e.client, text, &destination);
    message_expect_first(e.proxy, &messages[n], text, &destination);
    for (unsigned other = 0; other < n; ++other) {
      expect_true(!net_address_equal(&messages[n].message.peer, &messages[other].message.peer));
    }
  }
  for (unsigned turn = 0; turn < 2 * DESTINATIONS; ++turn) {
    unsigned n = (turn * 3) % DESTINATIONS;
    char text[16];
    test_message l;
    struct sockaddr_storage destination = datagram_destination4(50 + n);
    (void)snprintf(text, sizeof text, "from %u", n);
    datagram_send(e.proxy, text, &messages[n].message.peer);
    datagram_expect_from(e.client, text, &destination);
    datagram_send(e.client, text, &destination);
    message_expect_later(e.proxy, &l, text);
    expect_address(&l.message.peer, &messages[n].message.peer);
  }
  exchange_close(&e);
}

/* A connected client has its own address, even if another flow had it. */
void case_flow_connect_takes_address(void) {
  test_message l;
  test_message m;
  exchange e = exchange_open();
  scenario_usual(CONNTRAIL_EMU_BEHAVIOUR_REPLY_SOURCE);
  scenario_usual(CONNTRAIL_EMU_BEHAVIOUR_CONNECTED_DATAGRAMS);
  struct sockaddr_storage other = datagram_destination4(35);
  exchange_begin(&e, &l);
  expect_result(t_connect(e.client, &other), NET_OK);
  expect_number(flows(), 1);
  datagram_send(e.client, "two", NULL);
  message_expect_first(e.proxy, &m, "two", &other);
  expect_address(&m.message.peer, &l.message.peer);
  datagram_send(e.proxy, "back", &m.message.peer);
  datagram_expect_from(e.client, "back", &other);
  exchange_close(&e);
}

void case_flow_queried_when_connected(void) {
  static uint8_t blob[BLOB_ROOM];
  test_message l;
  size_t size = UNTOUCHED_SIZE;
  exchange e = exchange_open();
  exchange_begin(&e, &l);
  expect_status(t_query_records(e.proxy, blob, sizeof blob, &size), CONNTRAIL_NOT_CONNECTED);
  expect_result(t_connect(e.proxy, &l.message.peer), NET_OK);
  expect_status(t_query_records(e.proxy, blob, sizeof blob, &size), CONNTRAIL_OK);
  expect_number(size, l.message.records_size);
  expect_bytes(blob, l.records, size);
  expect_status(t_query_records(e.proxy, blob, size - 1, &size), CONNTRAIL_BUFFER_TOO_SMALL);
  expect_number(size, l.message.records_size);
  expect_status(t_query_context(e.proxy, blob, sizeof blob, &size), CONNTRAIL_OK);
  expect_bytes(blob, l.context, size);
  struct sockaddr_storage destination;
  expect_status(t_original_destination(e.proxy, &destination), CONNTRAIL_OK);
  expect_address(&destination, &e.destination);
  /* The client's own end has none (Q12). */
  expect_result(t_connect(e.client, &e.destination), NET_OK);
  expect_status(t_query_records(e.client, blob, sizeof blob, &size), CONNTRAIL_NOT_REDIRECTED);
  exchange_close(&e);
}

void case_flow_routed(void) {
  exchange e = exchange_open();
  struct sockaddr_storage elsewhere = net_v4(198, 51, 100, 7, 53);
  struct sockaddr_storage second = net_v4(198, 51, 100, 8, 53);
  struct sockaddr_storage address;
  conntrail_socket server = datagram_server("198.51.100.7:53");
  expect_result(net_local(server, &address), NET_OK);
  expect_status(
      conntrail_emu_route(fixture_emulation(), "198.51.100.8:53", (struct sockaddr *)&address),
      CONNTRAIL_OK);
  datagram_send(e.client, "one", &elsewhere);
  struct sockaddr_storage from = datagram_expect(server, "one");
  datagram_send(e.client, "two", &second);
  struct sockaddr_storage other = datagram_expect(server, "two");
  expect_true(!net_address_equal(&from, &other));
  datagram_send(server, "to two", &other);
  datagram_expect_from(e.client, "to two", &second);
  datagram_send(server, "to one", &from);
  datagram_expect_from(e.client, "to one", &elsewhere);
  expect_number(scenario_count(CONNTRAIL_EMU_DELIVERED), 2);
  scenario_close(server);
  exchange_close(&e);
}

/* A loopback destination without a service is the test's own affair. */
void case_flow_untraced(void) {
  struct sockaddr_storage address;
  exchange e = exchange_open();
  conntrail_socket server = datagram_bound(NET_UDP4, &address);
  datagram_send(e.client, "one", &address);
  struct sockaddr_storage from = datagram_expect(server, "one");
  datagram_send(server, "back", &from);
  datagram_expect_from(e.client, "back", &address);
  expect_number(flows(), 0);
  expect_number(scenario_count(CONNTRAIL_EMU_CONNECTING), 0);
  scenario_close(server);
  exchange_close(&e);
}

/* TCP and UDP of the same numbers have nothing to do with each other. */
void case_flow_beside_tcp(void) {
  test_message l;
  exchange e = exchange_open();
  scenario_pair pair = scenario_service("beta", "tcp 93.184.216.0/24 port 53", NET_TCP4);
  scenario_connect(&pair, NET_TCP4, &e.destination);
  exchange_begin(&e, &l);
  expect_number(scenario_count(CONNTRAIL_EMU_REDIRECTED), 2);
  expect_number(scenario_event(CONNTRAIL_EMU_REDIRECTED, 1).protocol, 6);
  expect_number(scenario_event(CONNTRAIL_EMU_REDIRECTED, 2).protocol, 17);
  expect_true(scenario_event(CONNTRAIL_EMU_REDIRECTED, 1).service == pair.service);
  expect_true(scenario_event(CONNTRAIL_EMU_REDIRECTED, 2).service == e.service);
  scenario_close_pair(&pair);
  exchange_close(&e);
}

/* Sockets of another emulation, or of none, are left alone (E3). */
void case_flow_of_one_emulation(void) {
  test_message l;
  exchange e = exchange_open();
  conntrail_emu *second = conntrail_emu_create(NULL);
  conntrail_emu_enter(second);
  conntrail_socket untracked = datagram_socket(NET_UDP4);
  conntrail_emu_enter(NULL);
  expect_result(t_send_to(untracked, "x", 1, &e.destination, NET_PLAIN), NET_UNREACHABLE);
  expect_number(conntrail_emu_count(second, CONNTRAIL_EMU_REFUSED), 1);
  exchange_begin(&e, &l);
  conntrail_emu_destroy(second);
  scenario_close(untracked);
  exchange_close(&e);
}

static char trails[2][4096];

void case_flow_same_trail_twice(void) {
  for (int turn = 0; turn < 2; ++turn) {
    test_message l;
    exchange e = exchange_open();
    struct sockaddr_storage other = datagram_destination4(35);
    datagram_send(e.client, "one", &e.destination);
    datagram_send(e.client, "two", &other);
    message_expect_first(e.proxy, &l, "one", &e.destination);
    message_expect_first(e.proxy, &l, "two", &other);
    conntrail_emu_advance(fixture_emulation(), 60000);
    size_t size = conntrail_emu_trail_text(fixture_emulation(), CONNTRAIL_EMU_TEXT_NORMALISED,
                                           trails[turn], sizeof trails[turn]);
    expect_true(size < sizeof trails[turn]);
    exchange_close(&e);
    fixture_close();
  }
  expect_text(trails[0], trails[1]);
  expect_part(trails[0], "first udp datagram to 93.184.216.34:53");
  expect_part(trails[0], "records received");
  expect_part(trails[0], "idle: its udp flow to 93.184.216.35:53");
}
