/* SPDX-License-Identifier: MIT */
/* Whose a record is, and how long (Q12, Q13); what one local port can do (E12). */
#include <string.h>

#include "cases.h"
#include "scenario.h"

static uint8_t context[BLOB_ROOM];
static uint8_t expected[BLOB_ROOM];

static void expect_context(conntrail_socket socket, size_t size) {
  size_t found = UNTOUCHED_SIZE;
  memset(context, UNTOUCHED, sizeof context);
  expect_status(t_query_context(socket, context, sizeof context, &found), CONNTRAIL_OK);
  expect_number(found, size);
  expect_bytes(context, expected, size);
  expect_filled(context + size, UNTOUCHED, sizeof context - size);
}

void case_context_byte_for_byte(void) {
  static const size_t sizes[] = {
      1, 3, 4, 20, 27, 128, 256, 656, 1024, 1025, CONNTRAIL_EMU_LARGEST_CONTEXT};
  fixture_open(NULL);
  struct sockaddr_storage destination = scenario_destination4();
  scenario_pair pair = scenario_service("acme", FIXTURE_USUAL_RULE, NET_TCP4);
  for (size_t index = 0; index < sizeof sizes / sizeof sizes[0]; ++index) {
    for (size_t at = 0; at < sizes[index]; ++at) {
      expected[at] = (uint8_t)(at * 31 + index);
    }
    expect_status(conntrail_emu_set_context(pair.service, expected, sizes[index]), CONNTRAIL_OK);
    scenario_connect(&pair, NET_TCP4, &destination);
    expect_context(pair.accepted, sizes[index]);
    scenario_close(pair.client);
    scenario_close(pair.accepted);
  }
  scenario_close(pair.listener);
}

void case_context_of_own_service(void) {
  fixture_open(NULL);
  struct sockaddr_storage destination = scenario_destination4();
  struct sockaddr_storage elsewhere = net_v4(198, 51, 100, 7, 443);
  scenario_pair acme = scenario_service("acme", FIXTURE_USUAL_RULE, NET_TCP4);
  scenario_pair borg = scenario_service("borg", "tcp 198.51.100.0/24 port 443", NET_TCP4);
  expect_status(conntrail_emu_set_context(acme.service, "of acme", 7), CONNTRAIL_OK);
  expect_status(conntrail_emu_set_context(borg.service, "borg's", 6), CONNTRAIL_OK);
  scenario_connect(&acme, NET_TCP4, &destination);
  scenario_connect(&borg, NET_TCP4, &elsewhere);
  memcpy(expected, "of acme", 7);
  expect_context(acme.accepted, 7);
  memcpy(expected, "borg's", 6);
  expect_context(borg.accepted, 6);
  scenario_close_pair(&acme);
  scenario_close_pair(&borg);
}

/* Several clients wait at one listener: each accepted socket has its own client's record. */
void case_record_of_own_connection(void) {
  enum { CLIENTS = 5 };
  fixture_open(NULL);
  scenario_pair pair = scenario_service("acme", FIXTURE_USUAL_RULE, NET_TCP4);
  conntrail_socket clients[CLIENTS];
  for (unsigned index = 0; index < CLIENTS; ++index) {
    struct sockaddr_storage destination = net_v4(93, 184, 216, index + 1, 80);
    clients[index] = scenario_client(NET_TCP4, &destination);
  }
  for (unsigned index = 0; index < CLIENTS; ++index) {
    struct sockaddr_storage peer;
    struct sockaddr_storage local;
    struct sockaddr_storage found;
    struct sockaddr_storage destination = net_v4(93, 184, 216, index + 1, 80);
    conntrail_socket accepted = CONNTRAIL_INVALID_SOCKET;
    expect_result(net_accept(pair.listener, &accepted, &peer), NET_OK);
    expect_result(net_local(clients[index], &local), NET_OK);
    expect_address(&peer, &local);
    expect_status(t_original_destination(accepted, &found), CONNTRAIL_OK);
    expect_address(&found, &destination);
    scenario_close(accepted);
    scenario_close(clients[index]);
  }
  scenario_close(pair.listener);
}

/* A direct connection between two redirected ones inherits nothing. */
void case_record_of_first_child_only(void) {
  size_t size = UNTOUCHED_SIZE;
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  conntrail_socket direct = scenario_client(NET_TCP4, &pair.proxy);
  conntrail_socket accepted = scenario_accept(pair.listener);
  expect_status(t_query_records(accepted, context, sizeof context, &size),
                CONNTRAIL_NOT_REDIRECTED);
  (void)scenario_records(pair.accepted, context);
  scenario_close(accepted);
  scenario_close(direct);
  scenario_close_pair(&pair);
}

static void expect_still_answers(conntrail_socket accepted, size_t size) {
  static uint8_t records[BLOB_ROOM];
  expect_number(scenario_records(accepted, records), size);
  expect_bytes(records, expected, size);
}

void case_record_outlives_data_and_client(void) {
  char bytes[4];
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  size_t size = scenario_records(pair.accepted, expected);
  expect_result(net_send(pair.client, "ping", 4), NET_OK);
  expect_result(net_receive(pair.accepted, bytes, 4), NET_OK);
  expect_still_answers(pair.accepted, size);
  expect_result(net_shutdown_send(pair.accepted), NET_OK);
  expect_still_answers(pair.accepted, size);
  scenario_close(pair.client);
  pair.client = CONNTRAIL_INVALID_SOCKET;
  expect_result(net_receive(pair.accepted, bytes, 1), NET_ENDED);
  expect_still_answers(pair.accepted, size);
  scenario_close(pair.listener);
  pair.listener = CONNTRAIL_INVALID_SOCKET;
  expect_still_answers(pair.accepted, size);
  scenario_close_pair(&pair);
}

/* As a client does that closes with unread data: the system has no peer any more. */
void case_record_outlives_reset(void) {
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  size_t size = scenario_records(pair.accepted, expected);
  expect_result(net_dissolve(pair.client), NET_OK);
  for (int turn = 0; turn < ENOUGH_TURNS; ++turn) {
    expect_still_answers(pair.accepted, size);
    for (size_t capacity = 0; capacity < 4; ++capacity) {
      size_t needed = 0;
      expect_status(t_query_records(pair.accepted, context, capacity, &needed),
                    CONNTRAIL_BUFFER_TOO_SMALL);
      expect_number(needed, size);
    }
  }
  scenario_close_pair(&pair);
}

void case_record_asked_after_client_closed(void) {
  fixture_open(NULL);
  struct sockaddr_storage destination = scenario_destination4();
  struct sockaddr_storage found;
  scenario_pair pair = scenario_service("acme", FIXTURE_USUAL_RULE, NET_TCP4);
  conntrail_socket client = scenario_client(NET_TCP4, &destination);
  scenario_close(client);
  pair.accepted = scenario_accept(pair.listener);
  expect_true(scenario_records(pair.accepted, context) > 0);
  expect_status(t_original_destination(pair.accepted, &found), CONNTRAIL_OK);
  expect_address(&found, &destination);
  scenario_close_pair(&pair);
}

/* POSIX gives the lowest free number to the next socket: it must not find the old record. */
void case_record_not_inherited_by_number(void) {
  size_t size = UNTOUCHED_SIZE;
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  (void)scenario_records(pair.accepted, context);
  scenario_close(pair.accepted);
  conntrail_socket fresh = scenario_socket(NET_TCP4);
  expect_status(t_query_records(fresh, context, sizeof context, &size), CONNTRAIL_NOT_CONNECTED);
  scenario_close(fresh);
  conntrail_socket direct = scenario_client(NET_TCP4, &pair.proxy);
  pair.accepted = scenario_accept(pair.listener);
  expect_status(t_query_records(pair.accepted, context, sizeof context, &size),
                CONNTRAIL_NOT_REDIRECTED);
  scenario_close(direct);
  scenario_close_pair(&pair);
}

void case_record_of_duplicate(void) {
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  size_t size = scenario_records(pair.accepted, expected);
  conntrail_socket copy = CONNTRAIL_INVALID_SOCKET;
  expect_result(net_duplicate(pair.accepted, &copy), NET_OK);
  expect_still_answers(copy, size);
  scenario_close(pair.accepted);
  pair.accepted = CONNTRAIL_INVALID_SOCKET;
  expect_still_answers(copy, size);
  scenario_close(copy);
  scenario_close_pair(&pair);
}

static conntrail_socket socket_at(struct sockaddr_storage *at) {
  conntrail_socket bound = scenario_socket(NET_TCP4);
  expect_result(net_share_port(bound), NET_OK);
  expect_result(net_bind(bound, at), NET_OK);
  expect_result(net_local(bound, at), NET_OK);
  return bound;
}

/* Without an emulation both connect: the destinations differ. */
void case_local_port_twice(void) {
  fixture_open(NULL);
  struct sockaddr_storage proxy;
  struct sockaddr_storage at = net_loopback(NET_TCP4, 0);
  struct sockaddr_storage one = scenario_destination4();
  struct sockaddr_storage other = net_v4(93, 184, 216, 35, 443);
  conntrail_socket listener = scenario_listener(NET_TCP4, &proxy);
  (void)fixture_redirect("acme", "tcp 93.184.216.0/24", &proxy);
  conntrail_socket first = socket_at(&at);
  conntrail_socket second = socket_at(&at);
  expect_result(t_connect(first, &one), NET_OK);
  expect_result(t_connect(second, &other), NET_ADDRESS_IN_USE);
  conntrail_emu_event event = scenario_event(CONNTRAIL_EMU_FAILED, 1);
  expect_number(event.native, 10048);
  expect_address(&event.target, &proxy);
  expect_address(&event.destination, &other);
  expect_number(
      conntrail_emu_misuse_count(fixture_emulation(), CONNTRAIL_EMU_MISUSE_NOBODY_LISTENS), 0);
  scenario_close(first);
  scenario_close(second);
  scenario_close(listener);
}
