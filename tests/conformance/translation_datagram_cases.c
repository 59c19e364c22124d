/* SPDX-License-Identifier: MIT */
/* A real Linux that redirects UDP by netfilter (K4, K11 to K15). */
#include <string.h>

#include "cases.h"
#include "conntrail/datagram.h"
#include "datagrams.h"

static const char usual_rule[] = "udp 93.184.216.0/24 port 53";
static const char usual_rule6[] = "udp 2606:2800::/32 port 53";

static struct sockaddr_storage any_address(net_kind kind) {
  return kind == NET_UDP4 ? net_v4(0, 0, 0, 0, 0) : net_v6((const uint16_t[8]){0}, 0);
}

/* A proxy's socket, enabled before it is bound. */
static conntrail_socket open_proxy(net_kind kind, unsigned flags,
                                   struct sockaddr_storage *address) {
  const struct sockaddr_storage any = any_address(kind);
  conntrail_socket proxy = datagram_socket(kind);
  expect_status(conntrail_prepare_listener(proxy, flags), CONNTRAIL_OK);
  expect_status(conntrail_enable_messages(proxy), CONNTRAIL_OK);
  expect_result(net_bind(proxy, &any), NET_OK);
  expect_result(net_local(proxy, address), NET_OK);
  return proxy;
}

static void expect_first(conntrail_socket proxy, test_message *l, const char *text) {
  message_expect_later(proxy, l, text);
  expect_number(l->message.control_size, 0);
  expect_true(l->message.local.ss_family != AF_UNSPEC);
}

static void expect_destination(conntrail_socket proxy, const test_message *first,
                               conntrail_flow *flow, const struct sockaddr_storage *expected) {
  expect_status(conntrail_datagram_destination(proxy, &first->message, NULL, NULL, flow),
                CONNTRAIL_OK);
  expect_address(&flow->destination, expected);
  expect_address(&flow->peer, &first->message.peer);
}

static void reply(conntrail_socket proxy, conntrail_flow *flow, const char *text) {
  char copy[16];
  conntrail_buffer piece = {copy, strlen(text)};
  memcpy(copy, text, strlen(text));
  expect_status(conntrail_reply(proxy, flow, &piece, 1), CONNTRAIL_OK);
}

/* Sent to the proxy itself. Tracked: it was not redirected. */
void case_translation_datagram_direct(void) {
  test_message l;
  struct sockaddr_storage address;
  conntrail_flow flow = CONNTRAIL_FLOW_INIT;
  fixture_open(NULL);
  conntrail_socket proxy = open_proxy(NET_UDP4, 0, &address);
  conntrail_socket client = datagram_client(NET_UDP4);
  struct sockaddr_storage to = net_loopback(NET_UDP4, net_port(&address));
  datagram_send(client, "own", &to);
  expect_first(proxy, &l, "own");
  expect_address(&l.message.local, &to);
  expect_status(conntrail_datagram_destination(proxy, &l.message, NULL, NULL, &flow),
                CONNTRAIL_NOT_REDIRECTED);
  expect_number(flow.peer.ss_family, AF_UNSPEC);
  fixture_forget_flows();
  expect_status(conntrail_datagram_destination(proxy, &l.message, NULL, NULL, &flow),
                CONNTRAIL_DESTINATION_UNKNOWN);
  scenario_close(client);
  scenario_close(proxy);
}

static void redirect_and_answer(net_kind kind, const char *rule,
                                const struct sockaddr_storage *destination) {
  test_message l;
  struct sockaddr_storage address;
  conntrail_flow flow = CONNTRAIL_FLOW_INIT;
  fixture_open(NULL);
  conntrail_socket proxy = open_proxy(kind, 0, &address);
  (void)fixture_redirect("acme", rule, &address);
  conntrail_socket client = datagram_client(kind);
  datagram_send(client, "ask", destination);
  expect_first(proxy, &l, "ask");
  expect_number(net_port(&l.message.local), net_port(&address));
  expect_destination(proxy, &l, &flow, destination);
  reply(proxy, &flow, "one");
  datagram_expect_from(client, "one", destination);
  reply(proxy, &flow, "two");
  datagram_expect_from(client, "two", destination);
  conntrail_flow_end(&flow);
  scenario_close(client);
  scenario_close(proxy);
}

void case_translation_datagram_redirect(void) {
  const struct sockaddr_storage destination = datagram_destination4(34);
  redirect_and_answer(NET_UDP4, usual_rule, &destination);
}

void case_translation_datagram_redirect_v6(void) {
  const struct sockaddr_storage destination = datagram_destination6();
  redirect_and_answer(NET_UDP6, usual_rule6, &destination);
}

void case_translation_datagram_without_privilege(void) {
  test_message l;
  struct sockaddr_storage address;
  const struct sockaddr_storage destination = datagram_destination4(34);
  conntrail_flow flow = CONNTRAIL_FLOW_INIT;
  fixture_open(NULL);
  conntrail_socket proxy = open_proxy(NET_UDP4, 0, &address);
  (void)fixture_redirect("acme", usual_rule, &address);
  conntrail_socket client = datagram_client(NET_UDP4);
  datagram_send(client, "ask", &destination);
  expect_first(proxy, &l, "ask");
  fixture_drop_rights();
  expect_status(conntrail_datagram_destination(proxy, &l.message, NULL, NULL, &flow),
                CONNTRAIL_DESTINATION_ACCESS);
  scenario_close(client);
  scenario_close(proxy);
}

static void tproxy_and_answer(net_kind kind, const struct sockaddr_storage *destination) {
  test_message l;
  struct sockaddr_storage address;
  conntrail_flow flow = CONNTRAIL_FLOW_INIT;
  conntrail_socket proxy = open_proxy(kind, CONNTRAIL_LISTEN_TRANSPARENT, &address);
  fixture_tproxy(&address);
  fixture_other_host_begin();
  conntrail_socket client = datagram_client(kind);
  fixture_other_host_end();
  datagram_send(client, "ask", destination);
  expect_first(proxy, &l, "ask");
  expect_address(&l.message.local, destination);
  expect_destination(proxy, &l, &flow, destination);
  reply(proxy, &flow, "one");
  datagram_expect_from(client, "one", destination);
  reply(proxy, &flow, "two");
  datagram_expect_from(client, "two", destination);
  conntrail_flow_end(&flow);
  /* What comes now still reaches the proxy. */
  datagram_send(client, "more", destination);
  message_expect_later(proxy, &l, "more");
  scenario_close(client);
  scenario_close(proxy);
}

void case_translation_datagram_tproxy(void) {
  const struct sockaddr_storage destination = net_v4(10, 0, 9, 9, 53);
  tproxy_and_answer(NET_UDP4, &destination);
}

void case_translation_datagram_tproxy_v6(void) {
  const struct sockaddr_storage destination =
      net_v6((const uint16_t[8]){0xfd00, 9, 0, 0, 0, 0, 0, 9}, 53);
  tproxy_and_answer(NET_UDP6, &destination);
}

/* The kernel would send it without them. */
void case_translation_datagram_records(void) {
  unsigned char records[48] = {0};
  struct sockaddr_storage address;
  conntrail_message message = CONNTRAIL_MESSAGE_INIT;
  conntrail_buffer piece = {records, 3};
  conntrail_socket server = datagram_bound(NET_UDP4, &address);
  conntrail_socket client = datagram_client(NET_UDP4);
  message.peer = address;
  message.payload = &piece;
  message.payload_count = 1;
  message.records = records;
  message.records_size = sizeof records;
  expect_status(conntrail_sendmsg(client, &message), CONNTRAIL_NOT_SUPPORTED);
  message.records_size = 0;
  memcpy(records, "yes", 3);
  expect_status(conntrail_sendmsg(client, &message), CONNTRAIL_OK);
  (void)datagram_expect(server, "yes");
  scenario_close(client);
  scenario_close(server);
}

/* The caller asked for the packet's address by itself, and gets that alone. */
void case_translation_datagram_control(void) {
  test_message l;
  struct sockaddr_storage address;
  struct sockaddr_storage destination;
  fixture_open(NULL);
  conntrail_socket proxy = open_proxy(NET_UDP4, 0, &address);
  conntrail_socket client = datagram_client(NET_UDP4);
  struct sockaddr_storage to = net_loopback(NET_UDP4, net_port(&address));
  expect_result(net_enable_packet_info(proxy), NET_OK);
  datagram_send(client, "one", &to);
  expect_status(message_receive(proxy, &l), CONNTRAIL_OK);
  expect_true(net_packet_address(l.control, l.message.control_size, &destination));
  size_t alone = l.message.control_size;
  l.message.flags = CONNTRAIL_MESSAGE_KEEP_LOCAL;
  datagram_send(client, "two", &to);
  l.message.control_capacity = sizeof l.control;
  expect_status(conntrail_recvmsg(proxy, &l.message), CONNTRAIL_OK);
  expect_true(l.message.control_size > alone);
  expect_address(&l.message.local, &to);
  scenario_close(client);
  scenario_close(proxy);
}
