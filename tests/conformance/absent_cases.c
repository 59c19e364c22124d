/* SPDX-License-Identifier: MIT */
/* Queries that find nothing, or ask the wrong thing (Q5 to Q11). */
#include <string.h>

#include "cases.h"
#include "scenario.h"

static uint8_t buffer[BLOB_ROOM];

/* Both queries, often enough, with small and large buffers: one status, and nothing written. */
static void expect_both(conntrail_socket socket, conntrail_status records,
                        conntrail_status context) {
  static const size_t capacities[] = {0, 1, 3, 4, 1024, BLOB_ROOM};
  for (int turn = 0; turn < ENOUGH_TURNS; ++turn) {
    for (size_t index = 0; index < sizeof capacities / sizeof capacities[0]; ++index) {
      size_t size = UNTOUCHED_SIZE;
      memset(buffer, UNTOUCHED, sizeof buffer);
      expect_status(t_query_records(socket, buffer, capacities[index], &size), records);
      expect_number(size, UNTOUCHED_SIZE);
      expect_status(t_query_context(socket, buffer, capacities[index], &size), context);
      expect_number(size, UNTOUCHED_SIZE);
      expect_filled(buffer, UNTOUCHED, sizeof buffer);
    }
  }
}

void case_query_not_redirected(void) {
  fixture_open(NULL);
  scenario_pair pair = scenario_direct_pair();
  expect_both(pair.accepted, CONNTRAIL_NOT_REDIRECTED, CONNTRAIL_NOT_REDIRECTED);
  scenario_close_pair(&pair);
}

/* The client's own end of a redirected connection has no record either. */
void case_query_client_end(void) {
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  expect_both(pair.client, CONNTRAIL_NOT_REDIRECTED, CONNTRAIL_NOT_REDIRECTED);
  scenario_close_pair(&pair);
}

static void expect_no_context(scenario_pair *pair) {
  struct sockaddr_storage destination = scenario_destination4();
  scenario_connect(pair, NET_TCP4, &destination);
  size_t size = 0;
  for (int turn = 0; turn < ENOUGH_TURNS; ++turn) {
    (void)scenario_records(pair->accepted, buffer);
    for (size_t capacity = 0; capacity < 8; ++capacity) {
      size = UNTOUCHED_SIZE;
      expect_status(t_query_context(pair->accepted, buffer, capacity, &size), CONNTRAIL_NO_CONTEXT);
      expect_number(size, UNTOUCHED_SIZE);
    }
    expect_status(t_query_context(pair->accepted, buffer, sizeof buffer, &size),
                  CONNTRAIL_NO_CONTEXT);
  }
  scenario_close(pair->client);
  scenario_close(pair->accepted);
}

void case_query_no_context(void) {
  fixture_open(NULL);
  scenario_pair pair = scenario_service("acme", FIXTURE_USUAL_RULE, NET_TCP4);
  expect_status(conntrail_emu_set_context_layout(pair.service, CONNTRAIL_EMU_CONTEXT_NONE),
                CONNTRAIL_OK);
  expect_no_context(&pair);
  /* A context of no bytes is no context. */
  expect_status(conntrail_emu_set_context_layout(pair.service, CONNTRAIL_EMU_CONTEXT_ONE_ADDRESS),
                CONNTRAIL_OK);
  expect_status(conntrail_emu_set_context(pair.service, "", 0), CONNTRAIL_OK);
  expect_no_context(&pair);
  scenario_close(pair.listener);
}

void case_query_not_socket(void) {
  fixture_open(NULL);
  for (int kind = 0; kind < NET_UNTRACKED_COUNT; ++kind) {
    conntrail_socket untracked = net_untracked_open((net_untracked)kind);
    expect_both(untracked, CONNTRAIL_NOT_SOCKET, CONNTRAIL_NOT_SOCKET);
    net_untracked_close((net_untracked)kind, untracked);
  }
  conntrail_socket socket = scenario_socket(NET_TCP4);
  scenario_close(socket);
  expect_both(socket, CONNTRAIL_NOT_SOCKET, CONNTRAIL_NOT_SOCKET);
}

static void expect_not_connected(net_kind kind) {
  struct sockaddr_storage address = net_loopback(kind, 0);
  conntrail_socket socket = scenario_socket(kind);
  expect_both(socket, CONNTRAIL_NOT_CONNECTED, CONNTRAIL_NOT_CONNECTED);
  expect_result(net_bind(socket, &address), NET_OK);
  expect_both(socket, CONNTRAIL_NOT_CONNECTED, CONNTRAIL_NOT_CONNECTED);
  scenario_close(socket);
}

void case_query_not_connected(void) {
  fixture_open(NULL);
  expect_not_connected(NET_TCP4);
  expect_not_connected(NET_UDP4);
}

void case_query_not_connected_v6(void) {
  fixture_open(NULL);
  expect_not_connected(NET_TCP6);
  expect_not_connected(NET_DUAL);
  expect_not_connected(NET_UDP6);
}

void case_query_refused_socket(void) {
  fixture_open(NULL);
  struct sockaddr_storage closed;
  conntrail_socket bound = scenario_socket(NET_TCP4);
  struct sockaddr_storage address = net_loopback(NET_TCP4, 0);
  expect_result(net_bind(bound, &address), NET_OK);
  expect_result(net_local(bound, &closed), NET_OK);
  conntrail_socket socket = scenario_socket(NET_TCP4);
  expect_result(t_connect(socket, &closed), NET_REFUSED);
  expect_both(socket, CONNTRAIL_NOT_CONNECTED, CONNTRAIL_NOT_CONNECTED);
  scenario_close(socket);
  scenario_close(bound);
}

void case_query_listener(void) {
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  expect_both(pair.listener, CONNTRAIL_NOT_CONNECTED, CONNTRAIL_NOT_CONNECTED);
  scenario_close_pair(&pair);
}

void case_query_odd_socket(void) {
  fixture_open(NULL);
  conntrail_socket socket = scenario_socket(NET_ODD);
  expect_both(socket, CONNTRAIL_INVALID, CONNTRAIL_INVALID);
  scenario_close(socket);
}

void case_query_raw_socket(void) {
  fixture_open(NULL);
  conntrail_socket socket = scenario_socket(NET_RAW4);
  expect_both(socket, CONNTRAIL_INVALID, CONNTRAIL_INVALID);
  scenario_close(socket);
}

/* Connected UDP is a socket that may be asked; no filter for it exists before messages do. */
void case_query_connected_udp(void) {
  fixture_open(NULL);
  struct sockaddr_storage address = net_loopback(NET_UDP4, 0);
  conntrail_socket server = scenario_socket(NET_UDP4);
  expect_result(net_bind(server, &address), NET_OK);
  expect_result(net_local(server, &address), NET_OK);
  conntrail_socket socket = scenario_socket(NET_UDP4);
  expect_result(t_connect(socket, &address), NET_OK);
  expect_both(socket, CONNTRAIL_NOT_REDIRECTED, CONNTRAIL_NOT_REDIRECTED);
  scenario_close(socket);
  scenario_close(server);
}

static void expect_fault(query_kind kind, conntrail_socket socket) {
  size_t size = UNTOUCHED_SIZE;
  memset(buffer, UNTOUCHED, sizeof buffer);
  expect_status(t_query(kind, socket, buffer, sizeof buffer, NULL), CONNTRAIL_FAULT);
  expect_number(conntrail_native_error(), 10014);
  expect_status(t_query(kind, socket, NULL, 0, NULL), CONNTRAIL_FAULT);
  expect_status(t_query(kind, socket, NULL, 1, &size), CONNTRAIL_FAULT);
  expect_status(t_query(kind, socket, NULL, SIZE_MAX, &size), CONNTRAIL_FAULT);
  expect_number(conntrail_native_error(), 10014);
  expect_number(size, UNTOUCHED_SIZE);
  expect_filled(buffer, UNTOUCHED, sizeof buffer);
}

void case_query_null_pointers(void) {
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  expect_fault(QUERY_RECORDS, pair.accepted);
  expect_fault(QUERY_CONTEXT, pair.accepted);
  (void)scenario_records(pair.accepted, buffer);
  scenario_close_pair(&pair);
}

/* What the caller got wrong never reaches the system. */
void case_query_null_asks_nobody(void) {
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  expect_fault(QUERY_RECORDS, pair.accepted);
  expect_fault(QUERY_CONTEXT, pair.accepted);
  expect_number(scenario_count(CONNTRAIL_EMU_RECORDS_QUERIED), 0);
  expect_number(scenario_count(CONNTRAIL_EMU_CONTEXT_QUERIED), 0);
  scenario_close_pair(&pair);
}
