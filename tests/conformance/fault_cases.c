/* SPDX-License-Identifier: MIT */
/* Faults that a test asks for (E4). */
#include "cases.h"
#include "scenario.h"

static uint8_t blob[BLOB_ROOM];

static conntrail_status ask(conntrail_socket socket) {
  size_t size = UNTOUCHED_SIZE;
  return t_query_records(socket, blob, sizeof blob, &size);
}

void case_fault_nth(void) {
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  conntrail_emu_fault fault = scenario_fault(CONNTRAIL_EMU_QUERY_RECORDS, 10050);
  fault.nth = 3;
  scenario_add_fault(&fault);
  for (int call = 1; call <= 6; ++call) {
    expect_status(ask(pair.accepted), call == 3 ? CONNTRAIL_NET_DOWN : CONNTRAIL_OK);
  }
  expect_number(scenario_count(CONNTRAIL_EMU_FAULT), 1);
  expect_number(scenario_event(CONNTRAIL_EMU_FAULT, 1).native, 10050);
  scenario_close_pair(&pair);
}

void case_fault_always_until_cleared(void) {
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  conntrail_emu_fault fault = scenario_fault(CONNTRAIL_EMU_QUERY_RECORDS, 10050);
  scenario_add_fault(&fault);
  for (int call = 0; call < ENOUGH_TURNS; ++call) {
    expect_status(ask(pair.accepted), CONNTRAIL_NET_DOWN);
  }
  conntrail_emu_clear_faults(fixture_emulation());
  expect_status(ask(pair.accepted), CONNTRAIL_OK);
  expect_number(scenario_count(CONNTRAIL_EMU_FAULT), ENOUGH_TURNS);
  scenario_close_pair(&pair);
}

/* 64 calls, a bit each: which of them failed by a fault with this probability. */
static uint64_t pattern(uint64_t seed, uint32_t per_million) {
  conntrail_emu_options options = CONNTRAIL_EMU_OPTIONS_INIT;
  uint64_t failed = 0;
  options.seed = seed;
  fixture_open(&options);
  scenario_pair pair = scenario_redirected_pair();
  conntrail_emu_fault fault = scenario_fault(CONNTRAIL_EMU_QUERY_RECORDS, 10050);
  fault.per_million = per_million;
  scenario_add_fault(&fault);
  for (int call = 0; call < 64; ++call) {
    failed = failed << 1 | (ask(pair.accepted) == CONNTRAIL_NET_DOWN ? 1u : 0u);
  }
  scenario_close_pair(&pair);
  fixture_close();
  return failed;
}

void case_fault_by_seed(void) {
  uint64_t first = pattern(1, 500000);
  expect_number(pattern(1, 500000), first);
  expect_true(first != 0 && first != UINT64_MAX);
  expect_true(pattern(2, 500000) != first);
  expect_number(pattern(1, 1000000), UINT64_MAX);
}

void case_fault_by_operation(void) {
  struct sockaddr_storage found;
  size_t size = UNTOUCHED_SIZE;
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  conntrail_socket outbound = scenario_socket(NET_TCP4);
  conntrail_emu_fault fault = scenario_fault(CONNTRAIL_EMU_QUERY_CONTEXT, 10050);
  scenario_add_fault(&fault);
  expect_status(t_query_context(pair.accepted, blob, sizeof blob, &size), CONNTRAIL_NET_DOWN);
  expect_status(t_original_destination(pair.accepted, &found), CONNTRAIL_NET_DOWN);
  expect_status(t_transfer_records(pair.accepted, outbound), CONNTRAIL_OK);
  scenario_close(outbound);
  scenario_close_pair(&pair);
}

void case_fault_by_socket(void) {
  fixture_open(NULL);
  struct sockaddr_storage destination = scenario_destination4();
  scenario_pair pair = scenario_redirected_pair();
  conntrail_socket client = scenario_client(NET_TCP4, &destination);
  conntrail_socket other = scenario_accept(pair.listener);
  conntrail_emu_fault fault = scenario_fault(CONNTRAIL_EMU_ANY_CODE, 10050);
  fault.socket = other;
  scenario_add_fault(&fault);
  expect_status(ask(pair.accepted), CONNTRAIL_OK);
  expect_status(ask(other), CONNTRAIL_NET_DOWN);
  scenario_close(other);
  scenario_close(client);
  /* The next socket may have the number of the closed one, and is another socket. */
  client = scenario_client(NET_TCP4, &destination);
  other = scenario_accept(pair.listener);
  expect_status(ask(other), CONNTRAIL_OK);
  scenario_close(other);
  scenario_close(client);
  scenario_close_pair(&pair);
}

void case_fault_by_service(void) {
  fixture_open(NULL);
  struct sockaddr_storage elsewhere = net_v4(198, 51, 100, 7, 443);
  scenario_pair acme = scenario_redirected_pair();
  scenario_pair borg = scenario_service("borg", "tcp 198.51.100.0/24 port 443", NET_TCP4);
  scenario_connect(&borg, NET_TCP4, &elsewhere);
  conntrail_emu_fault fault = scenario_fault(CONNTRAIL_EMU_QUERY_RECORDS, 10050);
  fault.service = borg.service;
  scenario_add_fault(&fault);
  expect_status(ask(acme.accepted), CONNTRAIL_OK);
  expect_status(ask(borg.accepted), CONNTRAIL_NET_DOWN);
  scenario_close_pair(&borg);
  scenario_close_pair(&acme);
}

void case_fault_in_connect(void) {
  static const struct {
    uint32_t native;
    net_result result;
  } rows[] = {{10061, NET_REFUSED}, {10051, NET_UNREACHABLE}, {10013, NET_DENIED}};
  struct sockaddr_storage destination = scenario_destination4();
  fixture_open(NULL);
  scenario_pair pair = scenario_service("acme", FIXTURE_USUAL_RULE, NET_TCP4);
  for (size_t index = 0; index < sizeof rows / sizeof rows[0]; ++index) {
    conntrail_emu_fault fault = scenario_fault(CONNTRAIL_EMU_CONNECT, rows[index].native);
    fault.nth = 1;
    scenario_add_fault(&fault);
    conntrail_socket socket = scenario_socket(NET_TCP4);
    expect_result(t_connect(socket, &destination), rows[index].result);
    scenario_close(socket);
    /* A socket whose connect the system refused is of no more use on some systems. */
    socket = scenario_socket(NET_TCP4);
    expect_result(t_connect(socket, &destination), NET_OK);
    scenario_close(socket);
  }
  expect_number(scenario_count(CONNTRAIL_EMU_FAULT), 3);
  scenario_close_pair(&pair);
}

static void expect_fault_refused(const conntrail_emu_fault *fault) {
  expect_status(conntrail_emu_add_fault(fixture_emulation(), fault), CONNTRAIL_INVALID);
  expect_true(conntrail_emu_refusal()[0] != '\0');
}

void case_fault_refused(void) {
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  conntrail_emu_fault fault = scenario_fault(CONNTRAIL_EMU_QUERY_RECORDS, 10050);
  fault.nth = 1;
  fault.per_million = 1;
  expect_fault_refused(&fault);
  fault = scenario_fault(CONNTRAIL_EMU_QUERY_RECORDS, 10050);
  fault.per_million = 1000001;
  expect_fault_refused(&fault);
  fault = scenario_fault(CONNTRAIL_EMU_QUERY_RECORDS, 0);
  expect_fault_refused(&fault);
  fault = scenario_fault((conntrail_emu_operation)99, 10050);
  expect_fault_refused(&fault);
  fault = scenario_fault(CONNTRAIL_EMU_QUERY_RECORDS, 10050);
  fault.struct_size = 1;
  expect_fault_refused(&fault);
  expect_status(ask(pair.accepted), CONNTRAIL_OK);
  scenario_close_pair(&pair);
}
