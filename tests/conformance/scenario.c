/* SPDX-License-Identifier: MIT */
#include "scenario.h"

#include <string.h>

enum { BACKLOG = 64 };

void scenario_expect_result(expect_place place, net_result actual, net_result expected) {
  expect_that(place, actual == expected, net_result_name(actual), net_result_name(expected));
}

void scenario_expect_address(expect_place place, const struct sockaddr_storage *actual,
                             const struct sockaddr_storage *expected) {
  char found[NET_ADDRESS_TEXT];
  char wanted[NET_ADDRESS_TEXT];
  net_address_text(actual, found);
  net_address_text(expected, wanted);
  expect_that(place, net_address_equal(actual, expected), found, wanted);
}

struct sockaddr_storage scenario_destination4(void) {
  return net_v4(93, 184, 216, 34, 80);
}

struct sockaddr_storage scenario_destination6(void) {
  static const uint16_t words[8] = {0x2606, 0x2800, 0x220, 1, 0, 0, 0, 1};
  return net_v6(words, 80);
}

conntrail_socket scenario_socket(net_kind kind) {
  conntrail_socket socket = net_socket(kind);
  expect_true(socket != CONNTRAIL_INVALID_SOCKET);
  return socket;
}

conntrail_socket scenario_listener(net_kind kind, struct sockaddr_storage *address) {
  struct sockaddr_storage wanted = net_loopback(kind, 0);
  conntrail_socket listener = scenario_socket(kind);
  expect_result(net_bind(listener, &wanted), NET_OK);
  expect_result(net_listen(listener, BACKLOG), NET_OK);
  expect_result(net_local(listener, address), NET_OK);
  return listener;
}

conntrail_socket scenario_client(net_kind kind, const struct sockaddr_storage *destination) {
  fixture_client_begin();
  conntrail_socket client = scenario_socket(kind);
  net_result result = t_connect(client, destination);
  fixture_client_end();
  expect_result(result, NET_OK);
  return client;
}

conntrail_socket scenario_accept(conntrail_socket listener) {
  conntrail_socket accepted = CONNTRAIL_INVALID_SOCKET;
  expect_result(net_accept(listener, &accepted, NULL), NET_OK);
  return accepted;
}

void scenario_close(conntrail_socket socket) {
  expect_result(net_close(socket), NET_OK);
}

scenario_pair scenario_service(const char *name, const char *rule, net_kind kind) {
  scenario_pair pair;
  memset(&pair, 0, sizeof pair);
  pair.client = CONNTRAIL_INVALID_SOCKET;
  pair.accepted = CONNTRAIL_INVALID_SOCKET;
  pair.listener = scenario_listener(kind, &pair.proxy);
  pair.service = fixture_redirect(name, rule, &pair.proxy);
  return pair;
}

void scenario_connect(scenario_pair *pair, net_kind kind,
                      const struct sockaddr_storage *destination) {
  pair->destination = *destination;
  pair->client = scenario_client(kind, destination);
  pair->accepted = scenario_accept(pair->listener);
}

scenario_pair scenario_redirected_pair(void) {
  struct sockaddr_storage destination = scenario_destination4();
  scenario_pair pair = scenario_service("acme", FIXTURE_USUAL_RULE, NET_TCP4);
  scenario_connect(&pair, NET_TCP4, &destination);
  return pair;
}

scenario_pair scenario_direct_pair(void) {
  scenario_pair pair;
  memset(&pair, 0, sizeof pair);
  pair.listener = scenario_listener(NET_TCP4, &pair.proxy);
  struct sockaddr_storage destination = pair.proxy;
  scenario_connect(&pair, NET_TCP4, &destination);
  return pair;
}

static void close_if_open(conntrail_socket *socket) {
  if (*socket != CONNTRAIL_INVALID_SOCKET) {
    scenario_close(*socket);
    *socket = CONNTRAIL_INVALID_SOCKET;
  }
}

void scenario_close_pair(scenario_pair *pair) {
  close_if_open(&pair->client);
  close_if_open(&pair->accepted);
  close_if_open(&pair->listener);
}

size_t scenario_records(conntrail_socket accepted, void *records) {
  size_t size = 0;
  expect_status(t_query_records(accepted, records, BLOB_ROOM, &size), CONNTRAIL_OK);
  return size;
}

uint64_t scenario_count(conntrail_emu_event_kind kind) {
  uint64_t count = conntrail_emu_count(fixture_emulation(), kind);
  transcript_line("count %s = %lu", conntrail_emu_event_word(kind), (unsigned long)count);
  return count;
}

uint64_t scenario_misuse(conntrail_emu_misuse misuse) {
  uint64_t count = conntrail_emu_misuse_count(fixture_emulation(), misuse);
  transcript_line("misuse %d = %lu", (int)misuse, (unsigned long)count);
  return count;
}

conntrail_emu_state scenario_state(conntrail_socket socket, const conntrail_emu_service *service) {
  conntrail_emu_state state = CONNTRAIL_EMU_NOT_REDIRECTED;
  expect_status(conntrail_emu_inspect(fixture_emulation(), socket, service, NULL, &state),
                CONNTRAIL_OK);
  transcript_line("state socket=%s service=%s = %d", transcript_socket(socket),
                  conntrail_emu_service_name(service), (int)state);
  return state;
}

uint32_t scenario_number(conntrail_socket socket) {
  uint32_t number = 0;
  expect_status(conntrail_emu_inspect(fixture_emulation(), socket, NULL, &number, NULL),
                CONNTRAIL_OK);
  return number;
}

conntrail_emu_event scenario_event(conntrail_emu_event_kind kind, unsigned nth) {
  conntrail_emu_event event;
  memset(&event, 0, sizeof event);
  event.struct_size = sizeof event;
  unsigned seen = 0;
  while (seen < nth && conntrail_emu_next_event(fixture_emulation(), event.number, &event)) {
    seen += event.kind == kind ? 1 : 0;
  }
  expect_number(seen, nth);
  return event;
}

conntrail_emu_fault scenario_fault(conntrail_emu_operation operation, uint32_t native) {
  conntrail_emu_fault fault = CONNTRAIL_EMU_FAULT_INIT;
  fault.operation = operation;
  fault.native = native;
  return fault;
}

void scenario_add_fault(const conntrail_emu_fault *fault) {
  conntrail_status status = conntrail_emu_add_fault(fixture_emulation(), fault);
  expect_that(EXPECT_PLACE(conntrail_emu_add_fault), status == CONNTRAIL_OK,
              conntrail_emu_refusal(), "OK");
}

static void set_behaviour(conntrail_emu_behaviour behaviour, uint8_t value) {
  static conntrail_emu_table table;
  if (table.struct_size == 0) {
    table = *conntrail_emu_builtin_table(fixture_profile());
  }
  table.behaviour[behaviour] = value;
  expect_status(conntrail_emu_use_table(fixture_emulation(), &table), CONNTRAIL_OK);
}

void scenario_usual(conntrail_emu_behaviour behaviour) {
  set_behaviour(behaviour, 1);
}

void scenario_unusual(conntrail_emu_behaviour behaviour) {
  set_behaviour(behaviour, 2);
}
