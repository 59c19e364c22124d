/* SPDX-License-Identifier: MIT */
/* Profiles as tables (E10). */
#include <string.h>

#include "cases.h"
#include "scenario.h"

enum { COUNT = 10 };

static conntrail_emu_table table_of(const char *name, conntrail_emu_profile base) {
  conntrail_emu_table table;
  memset(&table, 0, sizeof table);
  table.struct_size = sizeof table;
  table.name = name;
  table.base = base;
  return table;
}

static void use(const conntrail_emu_table *table) {
  expect_status(conntrail_emu_use_table(fixture_emulation(), table), CONNTRAIL_OK);
}

/* Ten answers in turn, of which every one means "not redirected". */
void case_profile_in_turn(void) {
  static const uint32_t numbers[COUNT] = {10022, 1168,  0x80320008u, 1168, 10022,
                                          10022, 10022, 0x80320008u, 1168, 10022};
  conntrail_emu_answer answers[COUNT];
  size_t size;
  fixture_open(NULL);
  memset(answers, 0, sizeof answers);
  for (int i = 0; i < COUNT; ++i) {
    answers[i].native = numbers[i];
  }
  conntrail_emu_table table = table_of("ten", CONNTRAIL_EMU_DOCUMENTED);
  table.rows[CONNTRAIL_EMU_SITUATION_RECORDS_NOT_REDIRECTED] = (conntrail_emu_row){answers, COUNT};
  use(&table);
  memset(answers, 0, sizeof answers); /* it was copied */
  scenario_pair pair = scenario_direct_pair();
  for (int turn = 0; turn < 2 * COUNT; ++turn) {
    expect_status(conntrail_query_records(pair.accepted, NULL, 0, &size), CONNTRAIL_NOT_REDIRECTED);
  }
  expect_number(scenario_count(CONNTRAIL_EMU_ASSUMED), 0);
  scenario_close_pair(&pair);
}

/* A table that has nothing is its base, and every answer is an assumption. */
void case_profile_assumed(void) {
  static uint8_t records[BLOB_ROOM];
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  conntrail_emu_table table = table_of("bare", CONNTRAIL_EMU_DOCUMENTED);
  use(&table);
  (void)scenario_records(pair.accepted, records);
  expect_number(scenario_count(CONNTRAIL_EMU_ASSUMED), 0); /* what fits needs no profile */
  size_t size = 0;
  expect_status(conntrail_query_records(pair.accepted, NULL, 0, &size), CONNTRAIL_BUFFER_TOO_SMALL);
  expect_true(scenario_count(CONNTRAIL_EMU_ASSUMED) > 0);
  conntrail_emu_event event = scenario_event(CONNTRAIL_EMU_ASSUMED, 1);
  expect_text(conntrail_emu_situation_operation((conntrail_emu_situation)event.state),
              "query records");
  expect_number(event.from, CONNTRAIL_EMU_DOCUMENTED);
  expect_number(event.native, 122);
  scenario_close_pair(&pair);
}

/* A table that cannot be is refused, and the profile is what it was (E9). */
void case_profile_refused(void) {
  const conntrail_emu_answer success = {0, CONNTRAIL_EMU_COUNT_SIZE, 0};
  size_t size = 0;
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  conntrail_emu_table table = table_of("wrong", CONNTRAIL_EMU_DOCUMENTED);
  table.rows[CONNTRAIL_EMU_SITUATION_RECORDS_TOO_SMALL] = (conntrail_emu_row){&success, 1};
  expect_status(conntrail_emu_use_table(fixture_emulation(), &table), CONNTRAIL_INVALID);
  expect_part(conntrail_emu_refusal(), "\"query records\", \"too small\"");
  expect_status(conntrail_emu_use_table(fixture_emulation(), NULL), CONNTRAIL_FAULT);
  expect_status(conntrail_emu_use_table(NULL, &table), CONNTRAIL_FAULT);
  expect_status(conntrail_query_records(pair.accepted, NULL, 0, &size), CONNTRAIL_BUFFER_TOO_SMALL);
  scenario_close_pair(&pair);
}

/* What is compiled in can be read, and used as any other table. */
void case_profile_builtin(void) {
  fixture_open(NULL);
  const conntrail_emu_table *table = conntrail_emu_builtin_table(fixture_profile());
  expect_true(table != NULL);
  use(table);
  conntrail_emu_table copy = *table;
  copy.name = "copy";
  use(&copy);
  scenario_pair pair = scenario_redirected_pair();
  size_t size = 0;
  expect_status(conntrail_query_context(pair.accepted, NULL, 0, &size), CONNTRAIL_BUFFER_TOO_SMALL);
  expect_number(size, 256);
  scenario_close_pair(&pair);
  expect_true(conntrail_emu_builtin_table((conntrail_emu_profile)3) == NULL);
}
