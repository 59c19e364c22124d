/* SPDX-License-Identifier: MIT */
#include "datagrams.h"

#include <string.h>

struct sockaddr_storage datagram_destination4(unsigned n) {
  return net_v4(93, 184, 216, n, 53);
}

struct sockaddr_storage datagram_destination6(void) {
  static const uint16_t words[8] = {0x2606, 0x2800, 0x220, 1, 0, 0, 0, 1};
  return net_v6(words, 53);
}

conntrail_socket datagram_socket(net_kind kind) {
  conntrail_socket socket = scenario_socket(kind);
  expect_result(net_limit_receives(socket), NET_OK);
  return socket;
}

conntrail_socket datagram_client(net_kind kind) {
  fixture_client_begin();
  conntrail_socket client = datagram_socket(kind);
  fixture_client_end();
  return client;
}

conntrail_socket datagram_bound(net_kind kind, struct sockaddr_storage *address) {
  struct sockaddr_storage wanted = net_loopback(kind, 0);
  conntrail_socket socket = datagram_socket(kind);
  expect_result(net_bind(socket, &wanted), NET_OK);
  expect_result(net_local(socket, address), NET_OK);
  return socket;
}

conntrail_socket datagram_proxy(conntrail_emu_service *service, const char *rule, net_kind kind) {
  struct sockaddr_storage address;
  conntrail_socket proxy = datagram_bound(kind, &address);
  expect_status(t_enable_messages(proxy), CONNTRAIL_OK);
  expect_status(conntrail_emu_redirect(service, rule, (struct sockaddr *)&address), CONNTRAIL_OK);
  return proxy;
}

conntrail_socket datagram_server(const char *destination) {
  struct sockaddr_storage address;
  conntrail_socket server = datagram_bound(NET_UDP4, &address);
  expect_status(conntrail_emu_route(fixture_emulation(), destination, (struct sockaddr *)&address),
                CONNTRAIL_OK);
  return server;
}

void datagram_send(conntrail_socket socket, const char *text, const struct sockaddr_storage *to) {
  expect_result(t_send_to(socket, text, strlen(text), to, NET_PLAIN), NET_OK);
}

void datagram_send_as_client(conntrail_socket socket, const char *text,
                             const struct sockaddr_storage *to) {
  fixture_client_begin();
  datagram_send(socket, text, to);
  fixture_client_end();
}

struct sockaddr_storage datagram_expect(conntrail_socket socket, const char *text) {
  char bytes[DATAGRAM_ROOM];
  struct sockaddr_storage from;
  size_t size = 0;
  expect_result(t_receive_from(socket, bytes, sizeof bytes - 1, &size, &from, NET_PLAIN), NET_OK);
  bytes[size] = '\0';
  expect_text(bytes, text);
  return from;
}

void datagram_expect_from(conntrail_socket socket, const char *text,
                          const struct sockaddr_storage *from) {
  struct sockaddr_storage sender = datagram_expect(socket, text);
  expect_address(&sender, from);
}

void message_clear(test_message *l) {
  memset(l, UNTOUCHED, sizeof *l);
  l->message = (conntrail_message)CONNTRAIL_MESSAGE_INIT;
  l->piece = (conntrail_buffer){l->text, sizeof l->text - 1};
  l->message.payload = &l->piece;
  l->message.payload_count = 1;
  l->message.records = l->records;
  l->message.records_capacity = sizeof l->records;
  l->message.context = l->context;
  l->message.context_capacity = sizeof l->context;
  l->message.control = l->control;
  l->message.control_capacity = sizeof l->control;
}

conntrail_status message_receive(conntrail_socket socket, test_message *l) {
  message_clear(l);
  return t_recvmsg(socket, &l->message);
}

static void expect_message_text(test_message *l, const char *text) {
  expect_number(l->message.lost, 0);
  l->text[l->message.payload_size] = '\0';
  expect_text(l->text, text);
}

void message_expect_first(conntrail_socket socket, test_message *l, const char *text,
                          const struct sockaddr_storage *destination) {
  struct sockaddr_storage wanted;
  expect_status(message_receive(socket, l), CONNTRAIL_OK);
  expect_message_text(l, text);
  expect_true(l->message.records_size > 0);
  expect_filled(l->records + l->message.records_size, UNTOUCHED, 16);
  expect_status(conntrail_decode_context(l->context, l->message.context_size, &wanted),
                CONNTRAIL_OK);
  expect_address(&wanted, destination);
}

void message_expect_later(conntrail_socket socket, test_message *l, const char *text) {
  expect_status(message_receive(socket, l), CONNTRAIL_OK);
  expect_message_text(l, text);
  expect_number(l->message.records_size, 0);
  expect_number(l->message.context_size, 0);
  expect_filled(l->records, UNTOUCHED, 16);
}

conntrail_status message_send_on(test_message *l, conntrail_socket outbound,
                                 const struct sockaddr_storage *destination) {
  conntrail_message message = CONNTRAIL_MESSAGE_INIT;
  conntrail_buffer piece = {l->text, l->message.payload_size};
  message.peer = *destination;
  message.payload = &piece;
  message.payload_count = 1;
  message.records = l->records;
  message.records_size = l->message.records_size;
  return t_sendmsg(outbound, &message);
}

exchange exchange_open(void) {
  exchange e;
  fixture_open(NULL);
  e.destination = datagram_destination4(34);
  e.service = conntrail_emu_add_service(fixture_emulation(), "acme", NULL);
  e.proxy = datagram_proxy(e.service, DATAGRAM_RULE, NET_UDP4);
  e.client = datagram_client(NET_UDP4);
  return e;
}

void exchange_begin(const exchange *e, test_message *l) {
  datagram_send(e->client, "one", &e->destination);
  message_expect_first(e->proxy, l, "one", &e->destination);
}

void exchange_close(exchange *e) {
  scenario_close(e->client);
  scenario_close(e->proxy);
}
