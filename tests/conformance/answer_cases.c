/* SPDX-License-Identifier: MIT */
/* The system's own answers, word for word (Q5, Q14, Q15). */
#include <string.h>

#include "cases.h"
#include "scenario.h"

static uint8_t blob[BLOB_ROOM];

typedef struct answer_row {
  uint32_t native;
  conntrail_status query;
  conntrail_status set;
} answer_row;

/* What no document lists for these calls, or lists for all of Winsock. */
static const answer_row rows[] = {
    {10093, CONNTRAIL_NOT_INITIALISED, CONNTRAIL_NOT_INITIALISED},
    {10013, CONNTRAIL_ACCESS, CONNTRAIL_ACCESS},
    {10057, CONNTRAIL_NOT_CONNECTED, CONNTRAIL_NOT_CONNECTED},
    {10045, CONNTRAIL_NOT_SUPPORTED, CONNTRAIL_NOT_SUPPORTED},
    {10038, CONNTRAIL_NOT_SOCKET, CONNTRAIL_NOT_SOCKET},
    {10035, CONNTRAIL_WOULD_BLOCK, CONNTRAIL_WOULD_BLOCK},
    {10054, CONNTRAIL_UNREACHABLE, CONNTRAIL_UNREACHABLE},
    {10060, CONNTRAIL_TIMED_OUT, CONNTRAIL_TIMED_OUT},
    {10064, CONNTRAIL_UNKNOWN, CONNTRAIL_UNKNOWN},
    {5, CONNTRAIL_UNKNOWN, CONNTRAIL_UNKNOWN},
    {0xC0000225u, CONNTRAIL_UNKNOWN, CONNTRAIL_UNKNOWN},
    {UINT32_MAX, CONNTRAIL_UNKNOWN, CONNTRAIL_UNKNOWN},
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static void add_fault(conntrail_emu_operation operation, uint32_t native) {
  conntrail_emu_clear_faults(fixture_emulation());
  conntrail_emu_fault fault = scenario_fault(operation, native);
  scenario_add_fault(&fault);
}

void case_answer_each_number(void) {
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  conntrail_socket outbound = scenario_socket(NET_TCP4);
  size_t whole = scenario_records(pair.accepted, blob);
  size_t size = UNTOUCHED_SIZE;
  for (size_t index = 0; index < ROWS; ++index) {
    add_fault(CONNTRAIL_EMU_ANY_CODE, rows[index].native);
    expect_status(t_query_records(pair.accepted, blob, sizeof blob, &size), rows[index].query);
    expect_number(conntrail_native_error(), rows[index].native);
    expect_status(t_query_context(pair.accepted, blob, sizeof blob, &size), rows[index].query);
    expect_number(conntrail_native_error(), rows[index].native);
    expect_status(t_set_records(outbound, blob, whole), rows[index].set);
    expect_number(conntrail_native_error(), rows[index].native);
    expect_number(size, UNTOUCHED_SIZE);
  }
  scenario_close(outbound);
  scenario_close_pair(&pair);
}

/* "Not found" in each of its words; for the context it matters whether there are records. */
void case_answer_not_found(void) {
  static const uint32_t numbers[] = {1168, 0x80320008u, 10022};
  size_t size = UNTOUCHED_SIZE;
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  for (size_t index = 0; index < sizeof numbers / sizeof numbers[0]; ++index) {
    add_fault(CONNTRAIL_EMU_QUERY_CONTEXT, numbers[index]);
    expect_status(t_query_context(pair.accepted, blob, sizeof blob, &size), CONNTRAIL_NO_CONTEXT);
    add_fault(CONNTRAIL_EMU_QUERY_RECORDS, numbers[index]);
    expect_status(t_query_records(pair.accepted, blob, sizeof blob, &size),
                  CONNTRAIL_NOT_REDIRECTED);
    add_fault(CONNTRAIL_EMU_ANY_CODE, numbers[index]);
    expect_status(t_query_context(pair.accepted, blob, sizeof blob, &size),
                  CONNTRAIL_NOT_REDIRECTED);
    expect_number(size, UNTOUCHED_SIZE);
  }
  scenario_close_pair(&pair);
}

/* 10022 with 0 bytes, once: the largest buffer then finds what is there (Q5). */
void case_answer_invalid_is_asked_again(void) {
  size_t size = UNTOUCHED_SIZE;
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  size_t whole = scenario_records(pair.accepted, blob);
  conntrail_emu_fault fault = scenario_fault(CONNTRAIL_EMU_QUERY_RECORDS, 10022);
  fault.nth = 1;
  scenario_add_fault(&fault);
  expect_status(t_query_records(pair.accepted, blob, CONNTRAIL_USUAL_BLOB, &size), CONNTRAIL_OK);
  expect_number(size, whole);
  scenario_add_fault(&fault);
  expect_status(t_query_records(pair.accepted, blob, 4, &size), CONNTRAIL_BUFFER_TOO_SMALL);
  expect_number(size, whole);
  scenario_close_pair(&pair);
}

/* Every word for "too small", with the size beside it. */
void case_answer_too_small_words(void) {
  static const uint32_t numbers[] = {122, 10014, 10040, 10055};
  size_t size = UNTOUCHED_SIZE;
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  size_t whole = scenario_records(pair.accepted, blob);
  for (size_t index = 0; index < sizeof numbers / sizeof numbers[0]; ++index) {
    conntrail_emu_fault fault = scenario_fault(CONNTRAIL_EMU_QUERY_RECORDS, numbers[index]);
    fault.bytes = (uint32_t)whole;
    scenario_add_fault(&fault);
    size = UNTOUCHED_SIZE;
    memset(blob, UNTOUCHED, sizeof blob);
    expect_status(t_query_records(pair.accepted, blob, 8, &size), CONNTRAIL_BUFFER_TOO_SMALL);
    expect_number(size, whole);
    expect_filled(blob, UNTOUCHED, sizeof blob);
    conntrail_emu_clear_faults(fixture_emulation());
  }
  scenario_close_pair(&pair);
}

/* The same words without a size say what they say elsewhere. */
void case_answer_words_without_size(void) {
  static const answer_row plain[] = {{10014, CONNTRAIL_FAULT, CONNTRAIL_FAULT},
                                     {10055, CONNTRAIL_NO_MEMORY, CONNTRAIL_NO_MEMORY}};
  size_t size = UNTOUCHED_SIZE;
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  conntrail_socket outbound = scenario_socket(NET_TCP4);
  size_t whole = scenario_records(pair.accepted, blob);
  for (size_t index = 0; index < sizeof plain / sizeof plain[0]; ++index) {
    add_fault(CONNTRAIL_EMU_ANY_CODE, plain[index].native);
    expect_status(t_query_records(pair.accepted, blob, sizeof blob, &size), plain[index].query);
    expect_number(conntrail_native_error(), plain[index].native);
    expect_status(t_set_records(outbound, blob, whole), plain[index].set);
    expect_number(conntrail_native_error(), plain[index].native);
  }
  scenario_close(outbound);
  scenario_close_pair(&pair);
}

static void expect_not_supported(conntrail_socket accepted, conntrail_socket outbound) {
  static const size_t capacities[] = {0, 2, 1024};
  for (size_t index = 0; index < sizeof capacities / sizeof capacities[0]; ++index) {
    size_t size = UNTOUCHED_SIZE;
    expect_status(t_query_records(accepted, blob, capacities[index], &size),
                  CONNTRAIL_NOT_SUPPORTED);
    expect_status(t_query_context(accepted, blob, capacities[index], &size),
                  CONNTRAIL_NOT_SUPPORTED);
    expect_number(conntrail_native_error(), 10045);
    expect_number(size, UNTOUCHED_SIZE);
  }
  expect_status(t_set_records(outbound, "records", 7), CONNTRAIL_NOT_SUPPORTED);
  expect_status(t_transfer_records(accepted, outbound), CONNTRAIL_NOT_SUPPORTED);
}

void case_not_supported_windows_7(void) {
  conntrail_emu_options options = CONNTRAIL_EMU_OPTIONS_INIT;
  options.windows_7 = true;
  fixture_open(&options);
  scenario_pair pair = scenario_redirected_pair();
  conntrail_socket outbound = scenario_socket(NET_TCP4);
  expect_not_supported(pair.accepted, outbound);
  scenario_close(outbound);
  scenario_close_pair(&pair);
}

/* No emulation: a system without redirection. */
void case_not_supported_without_emulation(void) {
  scenario_pair pair = scenario_direct_pair();
  conntrail_socket outbound = scenario_socket(NET_TCP4);
  expect_not_supported(pair.accepted, outbound);
  scenario_close(outbound);
  scenario_close_pair(&pair);
}
