/* SPDX-License-Identifier: MIT */
/* Transfer in one call (T1 to T3). */
#include "cases.h"
#include "scenario.h"

void case_transfer_usual(void) {
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  conntrail_socket outbound = scenario_socket(NET_TCP4);
  expect_status(t_transfer_records(pair.accepted, outbound), CONNTRAIL_OK);
  expect_number(scenario_state(outbound, pair.service), CONNTRAIL_EMU_REDIRECTED_BY_SELF);
  expect_number(scenario_count(CONNTRAIL_EMU_RECORDS_QUERIED), 1);
  expect_number(scenario_count(CONNTRAIL_EMU_RECORDS_SET), 1);
  expect_number(scenario_event(CONNTRAIL_EMU_RECORDS_SET, 1).from, scenario_number(pair.accepted));
  expect_number(scenario_event(CONNTRAIL_EMU_RECORDS_SET, 1).socket, scenario_number(outbound));
  scenario_close(outbound);
  scenario_close_pair(&pair);
}

/* What is no fault of the emulation holds at every place: the transfer and its repetition. */
void case_transfer_repeated(void) {
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  for (int turn = 0; turn < ENOUGH_TURNS; ++turn) {
    conntrail_socket outbound = scenario_socket(turn % 2 == 0 ? NET_TCP4 : NET_TCP6);
    expect_status(t_transfer_records(pair.accepted, outbound), CONNTRAIL_OK);
    expect_status(t_transfer_records(pair.accepted, outbound), CONNTRAIL_OK);
    scenario_close(outbound);
  }
  scenario_close_pair(&pair);
}

static void transfer_padded(scenario_pair *pair, size_t padding, uint64_t most_queries) {
  struct sockaddr_storage destination = scenario_destination4();
  expect_status(conntrail_emu_set_record_padding(pair->service, padding), CONNTRAIL_OK);
  scenario_connect(pair, NET_TCP4, &destination);
  for (int turn = 0; turn < ENOUGH_TURNS; ++turn) {
    uint64_t before = scenario_count(CONNTRAIL_EMU_RECORDS_QUERIED);
    uint64_t sets = scenario_count(CONNTRAIL_EMU_RECORDS_SET);
    conntrail_socket outbound = scenario_socket(NET_TCP4);
    expect_status(t_transfer_records(pair->accepted, outbound), CONNTRAIL_OK);
    expect_number(scenario_state(outbound, pair->service), CONNTRAIL_EMU_REDIRECTED_BY_SELF);
    expect_number(scenario_count(CONNTRAIL_EMU_RECORDS_QUERIED), before + most_queries);
    expect_number(scenario_count(CONNTRAIL_EMU_RECORDS_SET), sets + 1);
    scenario_close(outbound);
  }
  scenario_close(pair->client);
  scenario_close(pair->accepted);
}

void case_transfer_query_count(void) {
  static uint8_t records[BLOB_ROOM];
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  size_t usual = scenario_records(pair.accepted, records);
  scenario_close(pair.client);
  scenario_close(pair.accepted);
  transfer_padded(&pair, CONNTRAIL_USUAL_BLOB - usual, 1);
  transfer_padded(&pair, CONNTRAIL_USUAL_BLOB - usual + 1, 2);
  transfer_padded(&pair, CONNTRAIL_LARGEST_BLOB - usual, 2);
  scenario_close(pair.listener);
}

void case_transfer_nothing(void) {
  fixture_open(NULL);
  scenario_pair pair = scenario_direct_pair();
  for (int turn = 0; turn < ENOUGH_TURNS; ++turn) {
    conntrail_socket outbound = scenario_socket(NET_TCP4);
    conntrail_status status = t_transfer_records(pair.accepted, outbound);
    expect_status(status, CONNTRAIL_OK_NOTHING_TO_TRANSFER);
    expect_true(status > 0);
    expect_result(t_connect(outbound, &pair.proxy), NET_OK);
    scenario_close(outbound);
    outbound = scenario_accept(pair.listener);
    scenario_close(outbound);
  }
  scenario_close_pair(&pair);
}

void case_transfer_nothing_sets_nothing(void) {
  fixture_open(NULL);
  scenario_pair redirected = scenario_redirected_pair();
  conntrail_socket direct = scenario_client(NET_TCP4, &redirected.proxy);
  conntrail_socket accepted = scenario_accept(redirected.listener);
  conntrail_socket outbound = scenario_socket(NET_TCP4);
  expect_status(t_transfer_records(redirected.accepted, outbound), CONNTRAIL_OK);
  expect_status(t_transfer_records(accepted, outbound), CONNTRAIL_OK_NOTHING_TO_TRANSFER);
  expect_number(scenario_state(outbound, redirected.service), CONNTRAIL_EMU_REDIRECTED_BY_SELF);
  expect_number(scenario_count(CONNTRAIL_EMU_RECORDS_SET), 1);
  scenario_close(outbound);
  scenario_close(accepted);
  scenario_close(direct);
  scenario_close_pair(&redirected);
}

/* One failing transfer: the status names the half, and the outbound socket stays as it was. */
static void expect_half(const scenario_pair *pair, conntrail_socket accepted,
                        conntrail_status status) {
  conntrail_socket outbound = scenario_socket(NET_TCP4);
  expect_status(t_transfer_records(accepted, outbound), status);
  expect_number(scenario_state(outbound, pair->service), CONNTRAIL_EMU_NOT_REDIRECTED);
  scenario_close(outbound);
}

void case_transfer_accepted_half_fails(void) {
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  conntrail_socket fresh = scenario_socket(NET_TCP4);
  conntrail_socket closed = net_untracked_open(NET_CLOSED);
  expect_half(&pair, pair.listener, CONNTRAIL_NOT_CONNECTED);
  expect_half(&pair, fresh, CONNTRAIL_NOT_CONNECTED);
  expect_half(&pair, CONNTRAIL_INVALID_SOCKET, CONNTRAIL_NOT_SOCKET);
  net_untracked_close(NET_CLOSED, closed);
  conntrail_emu_fault fault = scenario_fault(CONNTRAIL_EMU_QUERY_RECORDS, 10050);
  scenario_add_fault(&fault);
  expect_half(&pair, pair.accepted, CONNTRAIL_NET_DOWN);
  expect_number(conntrail_native_error(), 10050);
  scenario_close(fresh);
  scenario_close_pair(&pair);
}

void case_transfer_above_limit(void) {
  static uint8_t records[BLOB_ROOM];
  struct sockaddr_storage destination = scenario_destination4();
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  size_t usual = scenario_records(pair.accepted, records);
  scenario_close(pair.client);
  scenario_close(pair.accepted);
  expect_status(conntrail_emu_set_record_padding(pair.service, CONNTRAIL_LARGEST_BLOB + 1 - usual),
                CONNTRAIL_OK);
  scenario_connect(&pair, NET_TCP4, &destination);
  for (int turn = 0; turn < ENOUGH_TURNS; ++turn) {
    expect_half(&pair, pair.accepted, CONNTRAIL_LIMIT);
  }
  scenario_close_pair(&pair);
}

static void expect_outbound_half(conntrail_socket accepted, conntrail_socket outbound,
                                 conntrail_status status) {
  conntrail_status found = t_transfer_records(accepted, outbound);
  expect_status(found, (conntrail_status)(status - CONNTRAIL_OUTBOUND_OFFSET));
  expect_status(conntrail_status_cause(found), status);
}

void case_transfer_outbound_half_fails(void) {
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  conntrail_socket udp = scenario_socket(NET_UDP4);
  conntrail_socket fresh = scenario_socket(NET_TCP4);
  expect_outbound_half(pair.accepted, CONNTRAIL_INVALID_SOCKET, CONNTRAIL_NOT_SOCKET);
  expect_outbound_half(pair.accepted, pair.client, CONNTRAIL_INVALID);
  expect_outbound_half(pair.accepted, pair.accepted, CONNTRAIL_INVALID);
  expect_outbound_half(pair.accepted, pair.listener, CONNTRAIL_INVALID);
  expect_outbound_half(pair.accepted, udp, CONNTRAIL_INVALID);
  conntrail_emu_set_privileged(fixture_emulation(), false);
  expect_outbound_half(pair.accepted, fresh, CONNTRAIL_ACCESS);
  expect_number(conntrail_native_error(), 10013);
  conntrail_emu_set_privileged(fixture_emulation(), true);
  conntrail_emu_fault fault = scenario_fault(CONNTRAIL_EMU_SET_RECORDS, 10050);
  scenario_add_fault(&fault);
  expect_outbound_half(pair.accepted, fresh, CONNTRAIL_NET_DOWN);
  expect_number(scenario_state(fresh, pair.service), CONNTRAIL_EMU_NOT_REDIRECTED);
  scenario_close(fresh);
  scenario_close(udp);
  scenario_close_pair(&pair);
}
