/* SPDX-License-Identifier: MIT */
/* Which status wins where several apply (Q16): argument, descriptor, kind, state, answer. */
#include <string.h>

#include "cases.h"
#include "scenario.h"

static uint8_t blob[BLOB_ROOM];

static void expect_query(conntrail_socket socket, conntrail_status status) {
  size_t size = UNTOUCHED_SIZE;
  expect_status(t_query_records(socket, blob, sizeof blob, &size), status);
  expect_status(t_query_context(socket, blob, sizeof blob, &size), status);
  expect_status(t_query_records(socket, blob, 2, &size), status);
  expect_number(size, UNTOUCHED_SIZE);
}

static void expect_query_fault(conntrail_socket socket) {
  size_t size = UNTOUCHED_SIZE;
  expect_status(t_query_records(socket, blob, sizeof blob, NULL), CONNTRAIL_FAULT);
  expect_status(t_query_context(socket, NULL, 4, &size), CONNTRAIL_FAULT);
}

void case_precedence_argument_first(void) {
  static uint8_t large[CONNTRAIL_LARGEST_BLOB + 1];
  fixture_open(NULL);
  conntrail_socket fresh = scenario_socket(NET_TCP4);
  conntrail_socket udp = scenario_socket(NET_UDP4);
  const conntrail_socket sockets[] = {CONNTRAIL_INVALID_SOCKET, fresh, udp};
  for (size_t index = 0; index < sizeof sockets / sizeof sockets[0]; ++index) {
    expect_query_fault(sockets[index]);
    expect_status(t_set_records(sockets[index], NULL, 4), CONNTRAIL_FAULT);
    expect_status(t_set_records(sockets[index], blob, 0), CONNTRAIL_INVALID);
    expect_status(t_set_records(sockets[index], large, sizeof large), CONNTRAIL_LIMIT);
    expect_status(t_original_destination(sockets[index], NULL), CONNTRAIL_FAULT);
  }
  scenario_close(udp);
  scenario_close(fresh);
}

void case_precedence_descriptor_before_answer(void) {
  struct sockaddr_storage found;
  conntrail_emu_options options = CONNTRAIL_EMU_OPTIONS_INIT;
  options.unprivileged = true;
  fixture_open(&options);
  conntrail_emu_fault fault = scenario_fault(CONNTRAIL_EMU_ANY_CODE, 10050);
  scenario_add_fault(&fault);
  conntrail_socket closed = scenario_socket(NET_TCP4);
  scenario_close(closed);
  expect_query(closed, CONNTRAIL_NOT_SOCKET);
  expect_status(t_set_records(closed, "altered", 7), CONNTRAIL_NOT_SOCKET);
  expect_status(t_original_destination(closed, &found), CONNTRAIL_NOT_SOCKET);
  expect_status(t_transfer_records(closed, closed), CONNTRAIL_NOT_SOCKET);
}

/* Neither connected nor of the right kind: the kind is reported. */
void case_precedence_kind_before_state(void) {
  struct sockaddr_storage found;
  fixture_open(NULL);
  conntrail_socket odd = scenario_socket(NET_ODD);
  expect_query(odd, CONNTRAIL_INVALID);
  expect_status(t_original_destination(odd, &found), CONNTRAIL_INVALID);
  expect_status(t_set_records(odd, "altered", 7), CONNTRAIL_INVALID);
  expect_status(t_transfer_records(odd, odd), CONNTRAIL_INVALID);
  scenario_close(odd);
}

void case_precedence_state_before_answer(void) {
  struct sockaddr_storage found;
  fixture_open(NULL);
  conntrail_socket fresh = scenario_socket(NET_TCP4);
  conntrail_emu_fault fault = scenario_fault(CONNTRAIL_EMU_ANY_CODE, 10050);
  scenario_add_fault(&fault);
  expect_query(fresh, CONNTRAIL_NOT_CONNECTED);
  expect_status(t_original_destination(fresh, &found), CONNTRAIL_NOT_CONNECTED);
  expect_status(t_transfer_records(fresh, CONNTRAIL_INVALID_SOCKET), CONNTRAIL_NOT_CONNECTED);
  scenario_close(fresh);
}

/* Connected: too late, whatever else is wrong with the records or the right to set them. */
void case_precedence_set_state_before_answer(void) {
  conntrail_emu_options options = CONNTRAIL_EMU_OPTIONS_INIT;
  options.unprivileged = true;
  fixture_open(&options);
  scenario_pair pair = scenario_redirected_pair();
  size_t size = scenario_records(pair.accepted, blob);
  expect_status(t_set_records(pair.client, blob, size), CONNTRAIL_INVALID);
  expect_status(t_set_records(pair.listener, blob, size), CONNTRAIL_INVALID);
  scenario_close_pair(&pair);
}

/* The accepted socket of a transfer is judged wholly before the outbound one is looked at. */
void case_precedence_accepted_before_outbound(void) {
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  expect_status(t_transfer_records(CONNTRAIL_INVALID_SOCKET, CONNTRAIL_INVALID_SOCKET),
                CONNTRAIL_NOT_SOCKET);
  expect_status(t_transfer_records(pair.listener, CONNTRAIL_INVALID_SOCKET),
                CONNTRAIL_NOT_CONNECTED);
  expect_status(t_transfer_records(pair.listener, pair.client), CONNTRAIL_NOT_CONNECTED);
  expect_status(t_transfer_records(pair.accepted, CONNTRAIL_INVALID_SOCKET),
                CONNTRAIL_OUTBOUND_NOT_SOCKET);
  scenario_close_pair(&pair);
}
