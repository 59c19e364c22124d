/* SPDX-License-Identifier: MIT */
/*
 * Where documents, products and measurements contradict each other about Windows itself, and not
 * only about a number: the profile contrary does it the inconvenient way, so that a product can
 * test that it copes (M7, M11, R11).
 */
#include <string.h>

#include "cases.h"
#include "datagrams.h"

static bool is_contrary(void) {
  return fixture_profile() == CONNTRAIL_EMU_CONTRARY;
}

/* ---- M7: who a reply comes from -------------------------------------------------------------- */

void case_contradiction_reply_source(void) {
  test_message l;
  struct sockaddr_storage proxy;
  exchange e = exchange_open();
  expect_result(net_local(e.proxy, &proxy), NET_OK);
  datagram_send(e.client, "question", &e.destination);
  message_expect_first(e.proxy, &l, "question", &e.destination);
  for (net_way way = NET_PLAIN; way < NET_WAYS; ++way) {
    char bytes[16];
    size_t size = 0;
    struct sockaddr_storage from;
    datagram_send(e.proxy, "answer", &l.message.peer);
    expect_result(t_receive_from(e.client, bytes, sizeof bytes, &size, &from, way), NET_OK);
    expect_number(size, 6);
    expect_address(&from, is_contrary() ? &proxy : &e.destination);
  }
  exchange_close(&e);
}

/* Two destinations, and so a relay socket for the second: also its replies come from the proxy. */
void case_contradiction_replies_are_told_apart_by_nobody(void) {
  test_message l;
  test_message m;
  struct sockaddr_storage proxy;
  struct sockaddr_storage other = datagram_destination4(35);
  exchange e = exchange_open();
  expect_result(net_local(e.proxy, &proxy), NET_OK);
  datagram_send(e.client, "one", &e.destination);
  datagram_send(e.client, "two", &other);
  message_expect_first(e.proxy, &l, "one", &e.destination);
  message_expect_first(e.proxy, &m, "two", &other);
  datagram_send(e.proxy, "to one", &l.message.peer);
  datagram_expect_from(e.client, "to one", is_contrary() ? &proxy : &e.destination);
  datagram_send(e.proxy, "to two", &m.message.peer);
  datagram_expect_from(e.client, "to two", is_contrary() ? &proxy : &other);
  /* What a client sends to where the reply came from, goes on with the flow. */
  if (is_contrary()) {
    datagram_send(e.client, "again", &proxy);
    message_expect_later(e.proxy, &l, "again");
  }
  exchange_close(&e);
}

/* What is behind a route is the destination itself: no proxy, and nothing to contradict. */
void case_contradiction_route_is_no_proxy(void) {
  exchange e = exchange_open();
  struct sockaddr_storage destination = net_v4(198, 51, 100, 7, 53);
  conntrail_socket server = datagram_server("198.51.100.7:53");
  datagram_send(e.client, "question", &destination);
  struct sockaddr_storage from = datagram_expect(server, "question");
  datagram_send(server, "answer", &from);
  datagram_expect_from(e.client, "answer", &destination);
  scenario_close(server);
  exchange_close(&e);
}

/* ---- M11: connected, and redirected -----------------------------------------------------------
 */

static void expect_nothing(conntrail_socket socket) {
  test_message l;
  expect_result(net_make_nonblocking(socket), NET_OK);
  expect_status(message_receive(socket, &l), CONNTRAIL_WOULD_BLOCK);
}

/* The client notices nothing but the silence. */
static void connect_and_send(const exchange *e, conntrail_socket client,
                             const struct sockaddr_storage *destination) {
  test_message l;
  struct sockaddr_storage peer;
  expect_result(t_connect(client, destination), NET_OK);
  expect_result(net_peer(client, &peer), NET_OK);
  expect_address(&peer, destination);
  datagram_send(client, "connected", NULL);
  datagram_send(client, "and with its address", destination);
  expect_number(scenario_count(CONNTRAIL_EMU_DROPPED), is_contrary());
  if (is_contrary()) {
    conntrail_emu_event event = scenario_event(CONNTRAIL_EMU_DROPPED, 1);
    expect_address(&event.destination, destination);
    expect_number(event.socket, scenario_number(client));
    expect_true(event.service == e->service);
    expect_nothing(e->proxy);
  } else {
    message_expect_first(e->proxy, &l, "connected", destination);
    message_expect_later(e->proxy, &l, "and with its address");
  }
}

void case_contradiction_connected(void) {
  test_message l;
  exchange e = exchange_open();
  connect_and_send(&e, e.client, &e.destination);
  /* Another client, that does not connect, is served. */
  conntrail_socket other = datagram_client(NET_UDP4);
  datagram_send_as_client(other, "unconnected", &e.destination);
  message_expect_first(e.proxy, &l, "unconnected", &e.destination);
  scenario_close(other);
  exchange_close(&e);
}

/* A flow that was there is dropped from connect on. */
void case_contradiction_connected_later(void) {
  test_message l;
  exchange e = exchange_open();
  datagram_send(e.client, "before", &e.destination);
  message_expect_first(e.proxy, &l, "before", &e.destination);
  expect_result(t_connect(e.client, &e.destination), NET_OK);
  datagram_send(e.client, "connected", NULL);
  expect_number(scenario_count(CONNTRAIL_EMU_DROPPED), is_contrary());
  if (is_contrary()) {
    expect_nothing(e.proxy);
  } else {
    message_expect_later(e.proxy, &l, "connected");
  }
  exchange_close(&e);
}

void case_contradiction_connected_v6(void) {
  exchange e = exchange_open();
  struct sockaddr_storage destination = datagram_destination6();
  scenario_close(e.proxy);
  e.proxy = datagram_proxy(e.service, "udp 2606:2800::/32", NET_UDP6);
  conntrail_socket client = datagram_client(NET_UDP6);
  connect_and_send(&e, client, &destination);
  scenario_close(client);
  exchange_close(&e);
}

/* ---- R11: an IPv4 destination of an IPv6 socket ------------------------------------------------
 */

typedef struct two_proxies {
  conntrail_socket four;
  conntrail_socket six;
} two_proxies;

/* One filter names IPv4, the other is for any destination of IPv6. */
static two_proxies open_proxies(conntrail_emu_service *service) {
  struct sockaddr_storage at4;
  struct sockaddr_storage at6;
  two_proxies p = {scenario_listener(NET_TCP4, &at4), scenario_listener(NET_TCP6, &at6)};
  expect_status(conntrail_emu_redirect(service, "tcp 93.184.216.0/24", (struct sockaddr *)&at4),
                CONNTRAIL_OK);
  expect_status(conntrail_emu_redirect(service, "tcp any port 81", (struct sockaddr *)&at6),
                CONNTRAIL_OK);
  return p;
}

static net_result connect_mapped(conntrail_socket *client, uint16_t port) {
  struct sockaddr_storage destination = net_v4(93, 184, 216, 34, port);
  struct sockaddr_storage mapped = net_mapped(&destination);
  fixture_client_begin();
  *client = scenario_socket(NET_DUAL);
  net_result result = t_connect(*client, &mapped);
  fixture_client_end();
  return result;
}

static void expect_accepted(conntrail_socket listener, conntrail_socket client) {
  conntrail_socket accepted = scenario_accept(listener);
  scenario_close(accepted);
  scenario_close(client);
}

void case_contradiction_mapped(void) {
  conntrail_socket client = CONNTRAIL_INVALID_SOCKET;
  fixture_open(NULL);
  conntrail_emu_service *service = conntrail_emu_add_service(fixture_emulation(), "acme", NULL);
  two_proxies p = open_proxies(service);
  /* A filter that names IPv4 does not take it. */
  expect_result(connect_mapped(&client, 80), is_contrary() ? NET_UNREACHABLE : NET_OK);
  if (is_contrary()) {
    expect_number(scenario_count(CONNTRAIL_EMU_REFUSED), 1);
    expect_number(scenario_count(CONNTRAIL_EMU_REDIRECTED), 0);
    scenario_close(client);
  } else {
    expect_accepted(p.four, client);
  }
  /* One of IPv6 does, and where it is not so, the one that names IPv4. */
  expect_result(connect_mapped(&client, 81), NET_OK);
  expect_accepted(is_contrary() ? p.six : p.four, client);
  /* An IPv4 socket is classified as ever. */
  struct sockaddr_storage destination = scenario_destination4();
  client = scenario_client(NET_TCP4, &destination);
  expect_accepted(p.four, client);
  scenario_close(p.four);
  scenario_close(p.six);
}

void case_contradiction_mapped_datagram(void) {
  test_message l;
  exchange e = exchange_open();
  struct sockaddr_storage mapped = net_mapped(&e.destination);
  conntrail_socket client = datagram_client(NET_UDP_DUAL);
  net_result sent = t_send_to(client, "mapped", 6, &mapped, NET_PLAIN);
  expect_result(sent, is_contrary() ? NET_UNREACHABLE : NET_OK);
  if (!is_contrary()) {
    message_expect_first(e.proxy, &l, "mapped", &e.destination);
  }
  scenario_close(client);
  exchange_close(&e);
}
