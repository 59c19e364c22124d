/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "profile.h"
#include "refusal.h"

/* What a table may hold: docs/reference/profile-format.md, "What is refused". */

static bool is_query(conntrail_emu_situation situation) {
  return situation <= CONNTRAIL_EMU_SITUATION_CONTEXT_NO_CONTEXT;
}

/* A query where there is a blob, which has a size. */
static bool has_blob(conntrail_emu_situation situation) {
  return situation <= CONNTRAIL_EMU_SITUATION_RECORDS_TOO_SMALL_AT_65536 ||
         (situation >= CONNTRAIL_EMU_SITUATION_CONTEXT_NO_BUFFER &&
          situation <= CONNTRAIL_EMU_SITUATION_CONTEXT_TOO_SMALL_AT_65536);
}

static bool is_set(conntrail_emu_situation situation) {
  return situation >= CONNTRAIL_EMU_SITUATION_SET_DONE &&
         situation <= CONNTRAIL_EMU_SITUATION_SET_OTHER_SOCKET;
}

static bool is_too_small(conntrail_emu_situation situation) {
  return situation == CONNTRAIL_EMU_SITUATION_RECORDS_TOO_SMALL ||
         situation == CONNTRAIL_EMU_SITUATION_RECORDS_TOO_SMALL_AT_65536 ||
         situation == CONNTRAIL_EMU_SITUATION_CONTEXT_TOO_SMALL ||
         situation == CONNTRAIL_EMU_SITUATION_CONTEXT_TOO_SMALL_AT_65536;
}

const char *conntrail__answer_fault(conntrail_emu_situation situation,
                                    const conntrail_emu_answer *answer) {
  if ((unsigned)answer->count > CONNTRAIL_EMU_COUNT_UNTOUCHED) {
    return "its count is none of conntrail_emu_count_kind";
  }
  if (answer->native == 0 && is_too_small(situation)) {
    return "success where the buffer is too small: the emulation does not write parts of a blob";
  }
  if (answer->count == CONNTRAIL_EMU_COUNT_SIZE && !has_blob(situation) && !is_set(situation)) {
    return "\"size\" where there is no size";
  }
  if (answer->native == 0 && answer->count == CONNTRAIL_EMU_COUNT_BYTES && answer->bytes != 0 &&
      is_query(situation) && !has_blob(situation)) {
    return "success with bytes where there is nothing to give";
  }
  if (answer->native == 0 && situation == CONNTRAIL_EMU_SITUATION_ORIGINAL_NOT_REDIRECTED) {
    return "success without an address";
  }
  return NULL;
}

static bool check_row(conntrail_emu_situation situation, const conntrail_emu_row *row,
                      conntrail__refusal *why) {
  if (row->count > CONNTRAIL_EMU_MOST_ANSWERS || (row->answers == NULL && row->count > 0)) {
    conntrail__refuse(why, CONNTRAIL_INVALID,
                      "\"%s\", \"%s\" has %zu answers: give at most %d, and where they are",
                      conntrail__situation_operation(situation),
                      conntrail__situation_name(situation), row->count,
                      (int)CONNTRAIL_EMU_MOST_ANSWERS);
    return false;
  }
  for (size_t i = 0; i < row->count; i++) {
    const char *fault = conntrail__answer_fault(situation, &row->answers[i]);
    if (fault != NULL) {
      conntrail__refuse(why, CONNTRAIL_INVALID, "answer %zu of \"%s\", \"%s\": %s", i + 1,
                        conntrail__situation_operation(situation),
                        conntrail__situation_name(situation), fault);
      return false;
    }
  }
  return true;
}

static bool check_head(const conntrail_emu_table *table, conntrail__refusal *why) {
  if (table->struct_size != sizeof *table) {
    conntrail__refuse(why, CONNTRAIL_INVALID,
                      "conntrail_emu_table.struct_size is %zu, not %zu: compile against the header "
                      "of the library that runs",
                      table->struct_size, sizeof *table);
    return false;
  }
  size_t length = table->name == NULL ? 0 : strlen(table->name);
  if (length == 0 || length > CONNTRAIL_EMU_LONGEST_TABLE_NAME) {
    conntrail__refuse(why, CONNTRAIL_INVALID, "the name of a table has %zu bytes: give 1 to %d",
                      length, (int)CONNTRAIL_EMU_LONGEST_TABLE_NAME);
    return false;
  }
  if (conntrail__builtin_table(table->base) == NULL) {
    conntrail__refuse(why, CONNTRAIL_INVALID,
                      "the base of the table \"%s\" is %d, which is no profile", table->name,
                      (int)table->base);
    return false;
  }
  return true;
}

bool conntrail__table_check(const conntrail_emu_table *table, conntrail__refusal *why) {
  if (!check_head(table, why)) {
    return false;
  }
  for (unsigned i = 0; i < CONNTRAIL_EMU_SITUATIONS; i++) {
    if (!check_row((conntrail_emu_situation)i, &table->rows[i], why)) {
      return false;
    }
  }
  for (unsigned i = 0; i < CONNTRAIL_EMU_BEHAVIOURS; i++) {
    if (table->behaviour[i] > 2) {
      conntrail__refuse(why, CONNTRAIL_INVALID,
                        "behaviour %u of the table \"%s\" is %u: give 0, 1 or 2", i, table->name,
                        table->behaviour[i]);
      return false;
    }
  }
  return true;
}
