/* SPDX-License-Identifier: MIT */
/* Queries of a redirected connection: bytes, sizes, and every way to say "too small" (Q1 to Q4). */
#include <string.h>

#include "cases.h"
#include "scenario.h"

static uint8_t first[BLOB_ROOM];
static uint8_t again[BLOB_ROOM];

static size_t query_all(query_kind kind, conntrail_socket socket, uint8_t *buffer) {
  size_t size = UNTOUCHED_SIZE;
  memset(buffer, UNTOUCHED, BLOB_ROOM);
  expect_status(t_query(kind, socket, buffer, BLOB_ROOM, &size), CONNTRAIL_OK);
  expect_true(size > 0 && size < BLOB_ROOM);
  expect_filled(buffer + size, UNTOUCHED, BLOB_ROOM - size);
  return size;
}

static void query_exact(query_kind kind, conntrail_socket socket) {
  size_t whole = query_all(kind, socket, first);
  for (int turn = 0; turn < ENOUGH_TURNS; ++turn) {
    size_t size = UNTOUCHED_SIZE;
    memset(again, UNTOUCHED, sizeof again);
    expect_status(t_query(kind, socket, again, whole, &size), CONNTRAIL_OK);
    expect_number(size, whole);
    expect_bytes(again, first, whole);
    expect_filled(again + whole, UNTOUCHED, sizeof again - whole);
  }
}

void case_query_exact_bytes(void) {
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  query_exact(QUERY_RECORDS, pair.accepted);
  query_exact(QUERY_CONTEXT, pair.accepted);
  scenario_close_pair(&pair);
}

void case_query_does_not_consume(void) {
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  static uint8_t context[BLOB_ROOM];
  size_t records_size = query_all(QUERY_RECORDS, pair.accepted, first);
  size_t context_size = query_all(QUERY_CONTEXT, pair.accepted, context);
  for (int turn = 0; turn < ENOUGH_TURNS; ++turn) {
    query_kind kind = turn % 3 == 0 ? QUERY_CONTEXT : QUERY_RECORDS;
    size_t size = query_all(kind, pair.accepted, again);
    expect_number(size, kind == QUERY_RECORDS ? records_size : context_size);
    expect_bytes(again, kind == QUERY_RECORDS ? first : context, size);
  }
  scenario_close_pair(&pair);
}

static void query_size_only(query_kind kind, conntrail_socket socket) {
  size_t whole = query_all(kind, socket, first);
  for (int turn = 0; turn < ENOUGH_TURNS; ++turn) {
    size_t size = UNTOUCHED_SIZE;
    expect_status(t_query(kind, socket, NULL, 0, &size), CONNTRAIL_BUFFER_TOO_SMALL);
    expect_number(size, whole);
    size = UNTOUCHED_SIZE;
    memset(again, UNTOUCHED, sizeof again);
    expect_status(t_query(kind, socket, again, 0, &size), CONNTRAIL_BUFFER_TOO_SMALL);
    expect_number(size, whole);
    expect_filled(again, UNTOUCHED, sizeof again);
  }
}

void case_query_size_only(void) {
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  query_size_only(QUERY_RECORDS, pair.accepted);
  query_size_only(QUERY_CONTEXT, pair.accepted);
  scenario_close_pair(&pair);
}

static void expect_too_small(query_kind kind, conntrail_socket socket, size_t capacity,
                             size_t whole) {
  for (int turn = 0; turn < ENOUGH_TURNS; ++turn) {
    size_t size = UNTOUCHED_SIZE;
    memset(again, UNTOUCHED, sizeof again);
    expect_status(t_query(kind, socket, again, capacity, &size), CONNTRAIL_BUFFER_TOO_SMALL);
    expect_number(size, whole);
    expect_filled(again, UNTOUCHED, sizeof again);
  }
}

static void query_too_small(query_kind kind, conntrail_socket socket) {
  size_t whole = query_all(kind, socket, first);
  const size_t capacities[] = {1, 2, 3, 4, 5, whole / 2, whole - 1};
  for (size_t index = 0; index < sizeof capacities / sizeof capacities[0]; ++index) {
    expect_too_small(kind, socket, capacities[index], whole);
  }
}

void case_query_too_small(void) {
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  query_too_small(QUERY_RECORDS, pair.accepted);
  query_too_small(QUERY_CONTEXT, pair.accepted);
  scenario_close_pair(&pair);
}

/* Above the usual size, where the library's own first buffer does not do either. */
void case_query_large_too_small(void) {
  fixture_open(NULL);
  struct sockaddr_storage destination = scenario_destination4();
  scenario_pair pair = scenario_service("acme", FIXTURE_USUAL_RULE, NET_TCP4);
  memset(first, 'c', CONNTRAIL_EMU_LARGEST_CONTEXT);
  expect_status(conntrail_emu_set_record_padding(pair.service, 30000), CONNTRAIL_OK);
  expect_status(conntrail_emu_set_context(pair.service, first, CONNTRAIL_EMU_LARGEST_CONTEXT),
                CONNTRAIL_OK);
  scenario_connect(&pair, NET_TCP4, &destination);
  query_too_small(QUERY_RECORDS, pair.accepted);
  query_size_only(QUERY_RECORDS, pair.accepted);
  query_too_small(QUERY_CONTEXT, pair.accepted);
  query_size_only(QUERY_CONTEXT, pair.accepted);
  scenario_close_pair(&pair);
}

/* A second connection to the same proxy, with this padding. Returns the size of its records. */
static size_t padded_size(scenario_pair *pair, size_t padding) {
  struct sockaddr_storage destination = scenario_destination4();
  expect_status(conntrail_emu_set_record_padding(pair->service, padding), CONNTRAIL_OK);
  scenario_connect(pair, NET_TCP4, &destination);
  size_t size = query_all(QUERY_RECORDS, pair->accepted, first);
  scenario_close(pair->client);
  scenario_close(pair->accepted);
  return size;
}

void case_query_variable_length(void) {
  static const size_t paddings[] = {1, 100, 900, 1024, 4096, 20000, 60000};
  fixture_open(NULL);
  scenario_pair pair = scenario_service("acme", FIXTURE_USUAL_RULE, NET_TCP4);
  size_t usual = padded_size(&pair, 0);
  for (size_t index = 0; index < sizeof paddings / sizeof paddings[0]; ++index) {
    expect_number(padded_size(&pair, paddings[index]), usual + paddings[index]);
  }
  expect_number(padded_size(&pair, CONNTRAIL_LARGEST_BLOB - usual), CONNTRAIL_LARGEST_BLOB);
  scenario_close(pair.listener);
}

static void expect_limit(conntrail_socket socket, size_t capacity, size_t whole) {
  for (int turn = 0; turn < ENOUGH_TURNS; ++turn) {
    size_t size = UNTOUCHED_SIZE;
    memset(again, UNTOUCHED, sizeof again);
    expect_status(t_query_records(socket, again, capacity, &size), CONNTRAIL_LIMIT);
    expect_number(size, whole);
    expect_filled(again, UNTOUCHED, sizeof again);
  }
}

void case_query_limit(void) {
  fixture_open(NULL);
  struct sockaddr_storage destination = scenario_destination4();
  scenario_pair pair = scenario_service("acme", FIXTURE_USUAL_RULE, NET_TCP4);
  size_t usual = padded_size(&pair, 0);
  expect_status(conntrail_emu_set_record_padding(pair.service, CONNTRAIL_LARGEST_BLOB + 1 - usual),
                CONNTRAIL_OK);
  scenario_connect(&pair, NET_TCP4, &destination);
  expect_limit(pair.accepted, 0, CONNTRAIL_LARGEST_BLOB + 1);
  expect_limit(pair.accepted, 2, CONNTRAIL_LARGEST_BLOB + 1);
  expect_limit(pair.accepted, 1024, CONNTRAIL_LARGEST_BLOB + 1);
  expect_limit(pair.accepted, CONNTRAIL_LARGEST_BLOB, CONNTRAIL_LARGEST_BLOB + 1);
  scenario_close_pair(&pair);
}

/* A capacity that no blob and no 32-bit count reaches is a large buffer like any other. */
void case_query_huge_capacity(void) {
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  size_t whole = query_all(QUERY_RECORDS, pair.accepted, first);
  size_t size = UNTOUCHED_SIZE;
  memset(again, UNTOUCHED, sizeof again);
  expect_status(t_query_records(pair.accepted, again, SIZE_MAX / 2, &size), CONNTRAIL_OK);
  expect_number(size, whole);
  expect_bytes(again, first, whole);
  expect_filled(again + whole, UNTOUCHED, sizeof again - whole);
  scenario_close_pair(&pair);
}

void case_query_redirected_v6(void) {
  fixture_open(NULL);
  struct sockaddr_storage destination = scenario_destination6();
  scenario_pair pair = scenario_service("acme", "tcp 2606:2800:220:1::/64 port 80", NET_TCP6);
  scenario_connect(&pair, NET_TCP6, &destination);
  query_exact(QUERY_RECORDS, pair.accepted);
  query_exact(QUERY_CONTEXT, pair.accepted);
  scenario_close_pair(&pair);
}

/* An IPv4 client at a dual-stack proxy, and a dual-stack client at an IPv4 proxy. */
void case_query_redirected_dual_stack(void) {
  fixture_open(NULL);
  scenario_usual(CONNTRAIL_EMU_BEHAVIOUR_MAPPED_ADDRESSES);
  struct sockaddr_storage any = net_v6((const uint16_t[8]){0}, 0);
  struct sockaddr_storage proxy;
  scenario_pair pair = {.listener = scenario_socket(NET_DUAL)};
  expect_result(net_bind(pair.listener, &any), NET_OK);
  expect_result(net_listen(pair.listener, 4), NET_OK);
  expect_result(net_local(pair.listener, &proxy), NET_OK);
  pair.proxy = net_loopback(NET_TCP4, net_port(&proxy));
  pair.service = fixture_redirect("acme", FIXTURE_USUAL_RULE, &pair.proxy);
  struct sockaddr_storage destination = scenario_destination4();
  scenario_connect(&pair, NET_TCP4, &destination);
  query_exact(QUERY_RECORDS, pair.accepted);
  scenario_close(pair.client);
  scenario_close(pair.accepted);
  struct sockaddr_storage mapped = net_mapped(&destination);
  scenario_connect(&pair, NET_DUAL, &mapped);
  query_exact(QUERY_RECORDS, pair.accepted);
  query_exact(QUERY_CONTEXT, pair.accepted);
  scenario_close_pair(&pair);
}
