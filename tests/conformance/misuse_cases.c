/* SPDX-License-Identifier: MIT */
/* Mistakes that Windows would punish on a customer's machine, named with their cure (X1 to X8). */
#include <string.h>

#include "cases.h"
#include "chain.h"

static uint8_t blob[BLOB_ROOM];

static const unsigned in_order[] = {0, 1};

/* This misuse was noticed so often, and no other; the trail's text says it in words. */
static void expect_misuse(conntrail_emu_misuse misuse, uint64_t times) {
  static char text[65536];
  expect_number(scenario_misuse(misuse), times);
  expect_number(scenario_count(CONNTRAIL_EMU_MISUSE), times);
  (void)conntrail_emu_trail_text(fixture_emulation(), 0, text, sizeof text);
  if (times > 0) {
    expect_number(scenario_event(CONNTRAIL_EMU_MISUSE, 1).misuse, misuse);
    expect_part(text, conntrail_emu_misuse_text(misuse));
  }
}

void case_misuse_listener_queried(void) {
  size_t size = UNTOUCHED_SIZE;
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  expect_status(t_query_records(pair.listener, blob, sizeof blob, &size), CONNTRAIL_NOT_CONNECTED);
  expect_misuse(CONNTRAIL_EMU_MISUSE_LISTENER_QUERIED, 1);
  expect_number(scenario_event(CONNTRAIL_EMU_MISUSE, 1).socket, scenario_number(pair.listener));
  expect_status(t_query_context(pair.listener, blob, sizeof blob, &size), CONNTRAIL_NOT_CONNECTED);
  expect_misuse(CONNTRAIL_EMU_MISUSE_LISTENER_QUERIED, 2);
  scenario_close_pair(&pair);
}

void case_misuse_set_after_connect(void) {
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  size_t size = scenario_records(pair.accepted, blob);
  expect_status(t_set_records(pair.client, blob, size), CONNTRAIL_INVALID);
  expect_misuse(CONNTRAIL_EMU_MISUSE_SET_AFTER_CONNECT, 1);
  expect_number(scenario_event(CONNTRAIL_EMU_MISUSE, 1).socket, scenario_number(pair.client));
  scenario_close_pair(&pair);
}

void case_misuse_set_after_bind(void) {
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  size_t size = scenario_records(pair.accepted, blob);
  struct sockaddr_storage address = net_loopback(NET_TCP4, 0);
  conntrail_socket outbound = scenario_socket(NET_TCP4);
  expect_result(net_bind(outbound, &address), NET_OK);
  expect_status(t_set_records(outbound, blob, size), CONNTRAIL_OK);
  expect_misuse(CONNTRAIL_EMU_MISUSE_SET_AFTER_BIND, 1);
  scenario_close(outbound);
  scenario_close_pair(&pair);
}

/* S2: an accepted socket that is dissolved is a fresh one, and then a bound one. */
void case_misuse_set_after_bind_anew(void) {
  struct sockaddr_storage local;
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  size_t size = scenario_records(pair.accepted, blob);
  expect_result(net_dissolve(pair.accepted), NET_OK);
  expect_result(net_local(pair.accepted, &local), NET_OK);
  if (net_port(&local) == 0) { /* else the system kept it bound */
    struct sockaddr_storage address = net_loopback(NET_TCP4, 0);
    expect_result(net_bind(pair.accepted, &address), NET_OK);
  }
  expect_status(t_set_records(pair.accepted, blob, size), CONNTRAIL_OK);
  expect_misuse(CONNTRAIL_EMU_MISUSE_SET_AFTER_BIND, 1);
  scenario_close_pair(&pair);
}

/* An outbound connection was made all the same: here, because the proxy is exempt. With a second
 * service it comes back; without one nothing breaks. */
static void close_accepted_after(unsigned services, bool forgets, uint64_t misuses,
                                 uint64_t hints) {
  chain c;
  chain_open(&c, NET_TCP4, services, in_order);
  c.hops[0].forgets = forgets;
  c.hops[0].process = HOP_PROCESS;
  expect_status(conntrail_emu_exempt_process(c.hops[0].pair.service, HOP_PROCESS), CONNTRAIL_OK);
  conntrail_socket client = chain_start(&c);
  expect_result(chain_forward(&c, 0), NET_OK);
  uint32_t number = scenario_number(c.hops[0].pair.accepted);
  expect_number(scenario_count(CONNTRAIL_EMU_MISUSE), 0);
  scenario_close(c.hops[0].pair.accepted);
  c.hops[0].pair.accepted = CONNTRAIL_INVALID_SOCKET;
  expect_number(scenario_misuse(CONNTRAIL_EMU_MISUSE_NOT_TRANSFERRED), misuses);
  expect_number(scenario_count(CONNTRAIL_EMU_HINT), hints);
  expect_number(scenario_event(CONNTRAIL_EMU_CLOSED, 1).socket, number);
  scenario_close(client);
  chain_close(&c);
}

void case_misuse_hint(void) {
  close_accepted_after(1, true, 0, 1);
}

void case_misuse_not_transferred(void) {
  close_accepted_after(2, true, 1, 0);
}

void case_misuse_none_when_transferred(void) {
  close_accepted_after(1, false, 0, 0);
}

/* A proxy that answers by itself and connects nowhere has nothing to transfer. */
void case_misuse_none_without_outbound(void) {
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  (void)scenario_records(pair.accepted, blob);
  scenario_close_pair(&pair);
  expect_number(scenario_count(CONNTRAIL_EMU_MISUSE), 0);
  expect_number(scenario_count(CONNTRAIL_EMU_CLOSED), 1);
}

void case_misuse_layout(void) {
  struct sockaddr_storage found;
  fixture_open(NULL);
  struct sockaddr_storage destination = scenario_destination4();
  scenario_pair pair = scenario_service("acme", FIXTURE_USUAL_RULE, NET_TCP4);
  expect_status(conntrail_emu_set_context(pair.service, "twenty bytes of acme", 20), CONNTRAIL_OK);
  scenario_connect(&pair, NET_TCP4, &destination);
  expect_status(t_original_destination(pair.accepted, &found), CONNTRAIL_UNKNOWN_LAYOUT);
  expect_misuse(CONNTRAIL_EMU_MISUSE_LAYOUT_DID_NOT_FIT, 1);
  expect_number(scenario_event(CONNTRAIL_EMU_MISUSE, 1).size, 20);
  expect_number(scenario_event(CONNTRAIL_EMU_MISUSE, 1).socket, scenario_number(pair.accepted));
  scenario_close_pair(&pair);
}

/* In every profile the first answer to a small buffer is 122 with the size. */
static void ask_with_small_buffer(bool asks_again) {
  size_t size = UNTOUCHED_SIZE;
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  expect_status(t_query_records(pair.accepted, blob, 8, &size), CONNTRAIL_BUFFER_TOO_SMALL);
  if (asks_again) {
    expect_status(t_query_records(pair.accepted, blob, size, &size), CONNTRAIL_OK);
  }
  expect_number(scenario_count(CONNTRAIL_EMU_MISUSE), 0);
  scenario_close_pair(&pair);
  expect_misuse(CONNTRAIL_EMU_MISUSE_BUFFER_ASSUMED, asks_again ? 0 : 1);
}

void case_misuse_buffer_assumed(void) {
  ask_with_small_buffer(false);
}

void case_misuse_none_when_asked_again(void) {
  ask_with_small_buffer(true);
}

/* To ask for the size alone assumes nothing. */
void case_misuse_none_for_size_alone(void) {
  size_t size = UNTOUCHED_SIZE;
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  expect_status(t_query_records(pair.accepted, NULL, 0, &size), CONNTRAIL_BUFFER_TOO_SMALL);
  scenario_close_pair(&pair);
  expect_number(scenario_count(CONNTRAIL_EMU_MISUSE), 0);
}

void case_misuse_socket_from_before(void) {
  struct sockaddr_storage address;
  size_t size = UNTOUCHED_SIZE;
  conntrail_socket listener = scenario_listener(NET_TCP4, &address);
  conntrail_socket fresh = scenario_socket(NET_TCP4);
  fixture_open(NULL);
  (void)fixture_redirect("acme", FIXTURE_USUAL_RULE, &address);
  struct sockaddr_storage destination = scenario_destination4();
  conntrail_socket client = scenario_client(NET_TCP4, &destination);
  conntrail_socket accepted = scenario_accept(listener);
  uint64_t before = scenario_misuse(CONNTRAIL_EMU_MISUSE_OUTSIDE);
  expect_status(t_query_records(accepted, blob, sizeof blob, &size), CONNTRAIL_NOT_REDIRECTED);
  expect_true(scenario_misuse(CONNTRAIL_EMU_MISUSE_OUTSIDE) > before);
  before = scenario_misuse(CONNTRAIL_EMU_MISUSE_OUTSIDE);
  expect_status(t_set_records(fresh, "records", 7), CONNTRAIL_INVALID);
  expect_true(scenario_misuse(CONNTRAIL_EMU_MISUSE_OUTSIDE) > before);
  scenario_close(accepted);
  scenario_close(client);
  scenario_close(fresh);
  scenario_close(listener);
}

void case_misuse_nobody_listens(void) {
  fixture_open(NULL);
  struct sockaddr_storage destination = scenario_destination4();
  struct sockaddr_storage proxy = net_loopback(NET_TCP4, 0);
  conntrail_socket bound = scenario_socket(NET_TCP4);
  expect_result(net_bind(bound, &proxy), NET_OK);
  expect_result(net_local(bound, &proxy), NET_OK);
  (void)fixture_redirect("acme", FIXTURE_USUAL_RULE, &proxy);
  conntrail_socket client = scenario_socket(NET_TCP4);
  expect_result(t_connect(client, &destination), NET_REFUSED);
  expect_misuse(CONNTRAIL_EMU_MISUSE_NOBODY_LISTENS, 1);
  conntrail_emu_event event = scenario_event(CONNTRAIL_EMU_FAILED, 1);
  expect_number(event.native, 10061);
  expect_address(&event.target, &proxy);
  scenario_close(client);
  scenario_close(bound);
}
