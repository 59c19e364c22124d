/* SPDX-License-Identifier: MIT */
/* Several emulations, and several processes (E3, E6, E7). */
#include <string.h>

#include "cases.h"
#include "chain.h"

static uint8_t blob[BLOB_ROOM];

static conntrail_emu *open_second(void) {
  conntrail_emu_options options = CONNTRAIL_EMU_OPTIONS_INIT;
  options.profile = fixture_profile();
  conntrail_emu *second = conntrail_emu_create(&options);
  expect_true(second != NULL);
  return second;
}

/* A service of another emulation than the fixture's, and a client that it redirects. */
static scenario_pair pair_in(conntrail_emu *emu) {
  struct sockaddr_storage destination = scenario_destination4();
  scenario_pair pair;
  memset(&pair, 0, sizeof pair);
  pair.listener = scenario_listener(NET_TCP4, &pair.proxy);
  pair.service = conntrail_emu_add_service(emu, "borg", NULL);
  expect_status(conntrail_emu_redirect(pair.service, FIXTURE_USUAL_RULE,
                                       (const struct sockaddr *)&pair.proxy),
                CONNTRAIL_OK);
  scenario_connect(&pair, NET_TCP4, &destination);
  return pair;
}

void case_two_emulations(void) {
  fixture_open(NULL);
  scenario_pair first = scenario_redirected_pair();
  conntrail_emu *emu = open_second();
  conntrail_emu_enter(emu);
  scenario_pair second = pair_in(emu);
  expect_number(conntrail_emu_count(emu, CONNTRAIL_EMU_REDIRECTED), 1);
  expect_number(scenario_count(CONNTRAIL_EMU_REDIRECTED), 1);
  expect_text(conntrail_emu_service_name(scenario_event(CONNTRAIL_EMU_REDIRECTED, 1).service),
              "acme");
  size_t size = scenario_records(second.accepted, blob);
  conntrail_emu_enter(NULL);
  conntrail_socket outbound = scenario_socket(NET_TCP4);
  expect_status(t_set_records(outbound, blob, size), CONNTRAIL_INVALID);
  expect_status(t_transfer_records(second.accepted, outbound), CONNTRAIL_OUTBOUND_INVALID);
  expect_status(conntrail_emu_inspect(emu, outbound, NULL, NULL, NULL), CONNTRAIL_INVALID);
  expect_status(conntrail_emu_inspect(fixture_emulation(), second.accepted, NULL, NULL, NULL),
                CONNTRAIL_INVALID);
  scenario_close(outbound);
  scenario_close_pair(&second);
  conntrail_emu_destroy(emu);
  expect_true(scenario_records(first.accepted, blob) > 0);
  scenario_close_pair(&first);
}

/* A socket belongs to the emulation that was current when it was created, not when it is used. */
void case_socket_keeps_its_emulation(void) {
  fixture_open(NULL);
  struct sockaddr_storage destination = scenario_destination4();
  scenario_pair first = scenario_service("acme", FIXTURE_USUAL_RULE, NET_TCP4);
  conntrail_emu *emu = open_second();
  conntrail_socket client = scenario_socket(NET_TCP4);
  conntrail_emu_enter(emu);
  fixture_client_begin();
  expect_result(t_connect(client, &destination), NET_OK);
  fixture_client_end();
  conntrail_socket lost = scenario_socket(NET_TCP4);
  expect_result(t_connect(lost, &destination), NET_UNREACHABLE);
  first.accepted = scenario_accept(first.listener);
  conntrail_emu_enter(NULL);
  expect_true(scenario_records(first.accepted, blob) > 0);
  expect_number(scenario_count(CONNTRAIL_EMU_REFUSED), 0);
  expect_number(conntrail_emu_count(emu, CONNTRAIL_EMU_REFUSED), 1);
  expect_number(conntrail_emu_count(emu, CONNTRAIL_EMU_ACCEPTED), 0);
  scenario_close(lost);
  scenario_close(client);
  conntrail_emu_destroy(emu);
  scenario_close_pair(&first);
}

void case_destroyed_emulation_leaves_sockets(void) {
  char bytes[4];
  size_t size = UNTOUCHED_SIZE;
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  fixture_close();
  expect_status(t_query_records(pair.accepted, blob, sizeof blob, &size), CONNTRAIL_NOT_SUPPORTED);
  expect_result(net_send(pair.client, "ping", 4), NET_OK);
  expect_result(net_receive(pair.accepted, bytes, 4), NET_OK);
  expect_bytes(bytes, "ping", 4);
  fixture_open(NULL);
  expect_status(t_query_records(pair.accepted, blob, sizeof blob, &size), CONNTRAIL_NOT_REDIRECTED);
  scenario_close_pair(&pair);
}

void case_many_emulations(void) {
  enum { TIMES = 200 };
  for (int turn = 0; turn < TIMES; ++turn) {
    conntrail_emu *emu = open_second();
    expect_true(conntrail_emu_add_service(emu, "acme", NULL) != NULL);
    conntrail_emu_destroy(emu);
  }
  conntrail_emu_destroy(NULL);
}

static int ask_in_child(void *argument) {
  const scenario_pair *pair = argument;
  size_t size = 0;
  conntrail_status status = conntrail_query_records(pair->accepted, blob, sizeof blob, &size);
  return status == CONNTRAIL_NOT_SUPPORTED ? 0 : 1;
}

static int connect_in_child(void *argument) {
  const scenario_pair *pair = argument;
  conntrail_socket socket = net_socket(NET_TCP4);
  return net_connect(socket, &pair->destination) == NET_NOT_SUPPORTED ? 0 : 1;
}

/* The child gets an error by name, and no answer that looks like one. */
static void expect_told(int (*body)(void *), scenario_pair *pair) {
  static char text[4096];
  expect_number(fixture_in_child(body, pair, text, sizeof text), 0);
  expect_part(text, "conntrail");
  expect_part(text, "fork");
  expect_true(scenario_records(pair->accepted, blob) > 0);
}

void case_fork_query_is_told(void) {
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  expect_told(ask_in_child, &pair);
  scenario_close_pair(&pair);
}

void case_fork_connect_is_told(void) {
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  uint64_t before = scenario_count(CONNTRAIL_EMU_CONNECTING);
  expect_told(connect_in_child, &pair);
  expect_number(scenario_count(CONNTRAIL_EMU_CONNECTING), before);
  scenario_close_pair(&pair);
}

/* What needs no emulation goes on in the child. */
static int talk_in_child(void *argument) {
  const scenario_pair *pair = argument;
  char bytes[4];
  bool went = net_receive(pair->accepted, bytes, 4) == NET_OK &&
              net_send(pair->accepted, "pong", 4) == NET_OK && net_close(pair->accepted) == NET_OK;
  return went ? 0 : 1;
}

void case_fork_data_goes_on(void) {
  char bytes[4];
  static char text[4096];
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  expect_result(net_send(pair.client, "ping", 4), NET_OK);
  expect_number(fixture_in_child(talk_in_child, &pair, text, sizeof text), 0);
  expect_text(text, "");
  expect_result(net_receive(pair.client, bytes, 4), NET_OK);
  expect_bytes(bytes, "pong", 4);
  expect_true(scenario_records(pair.accepted, blob) > 0);
  scenario_close_pair(&pair);
}

/* An emulation of the child's own: the two processes do not see each other. */
static int emulate_in_child(void *argument) {
  const scenario_pair *pair = argument;
  conntrail_emu *emu = conntrail_emu_create(NULL);
  conntrail_socket socket = net_socket(NET_TCP4);
  net_result result = net_connect(socket, &pair->destination);
  bool alone = emu != NULL && result == NET_UNREACHABLE &&
               conntrail_emu_count(emu, CONNTRAIL_EMU_REFUSED) == 1 &&
               conntrail_emu_count(emu, CONNTRAIL_EMU_REDIRECTED) == 0;
  conntrail_emu_destroy(emu);
  return alone ? 0 : 1;
}

void case_two_processes(void) {
  static char text[4096];
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  expect_number(fixture_in_child(emulate_in_child, &pair, text, sizeof text), 0);
  expect_number(scenario_count(CONNTRAIL_EMU_REFUSED), 0);
  expect_number(scenario_count(CONNTRAIL_EMU_REDIRECTED), 1);
  expect_true(scenario_records(pair.accepted, blob) > 0);
  scenario_close_pair(&pair);
}

void case_unwatched_is_refused(void) {
  static char text[4096];
  expect_number(fixture_create_unwatched(text, sizeof text), 0);
  expect_part(text, "connect");
  expect_part(text, "link");
}
