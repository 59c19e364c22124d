/* SPDX-License-Identifier: MIT */

/* The rows' answers as measurements: each with all that was seen. */

#include "answers.h"

#include <string.h>

static bool is_equal_text(const char *a, const char *b) {
  return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool is_equal_completion(const probe_completion *a, const probe_completion *b) {
  return is_equal_text(a->by, b->by) && a->ntstatus == b->ntstatus && a->error == b->error &&
         a->bytes == b->bytes;
}

/* The needed size is a fact about the records, and differs from connection to connection. */
bool conntrail__answer_is_equal(const probe_answer *a, const probe_answer *b) {
  return is_equal_text(a->obstacle, b->obstacle) && a->result == b->result &&
         a->error == b->error && a->bytes == b->bytes && a->changed == b->changed &&
         is_equal_completion(&a->completion, &b->completion) && strcmp(a->value, b->value) == 0;
}

unsigned conntrail__answers_period(const probe_answer *answers, unsigned count) {
  for (unsigned period = 1; 2 * period <= count; period++) {
    unsigned at = period;
    while (at < count && conntrail__answer_is_equal(&answers[at], &answers[at - period])) {
      at++;
    }
    if (at == count) {
      return period;
    }
  }
  return count;
}

static void write_completion(probe_writer *writer, const probe_completion *completion) {
  conntrail__json_open(writer, "overlapped", '{');
  conntrail__json_text(writer, "by", completion->by != NULL ? completion->by : "nothing");
  conntrail__json_hexadecimal(writer, "ntstatus", completion->ntstatus);
  conntrail__json_number(writer, "error", completion->error);
  conntrail__json_number(writer, "bytes", completion->bytes);
  conntrail__json_close(writer, '}');
}

static void write_answer(probe_writer *writer, const probe_answer *answer) {
  conntrail__json_open(writer, NULL, '{');
  if (answer->obstacle != NULL) {
    conntrail__json_text(writer, "obstacle", answer->obstacle);
    conntrail__json_close(writer, '}');
    return;
  }
  conntrail__json_number(writer, "return", answer->result);
  conntrail__json_number(writer, "error", answer->error);
  if (answer->bytes == PROBE_UNTOUCHED) {
    conntrail__json_text(writer, "bytes", "untouched");
  } else {
    conntrail__json_number(writer, "bytes", answer->bytes);
  }
  conntrail__json_number(writer, "changed", answer->changed);
  if (answer->needed != 0) {
    conntrail__json_number(writer, "needed", answer->needed);
  }
  if (answer->is_overlapped) {
    write_completion(writer, &answer->completion);
  }
  if (answer->value[0] != '\0') {
    conntrail__json_text(writer, "value", answer->value);
  }
  conntrail__json_close(writer, '}');
}

static uint64_t longest(const probe_result *result) {
  uint64_t most = 0;
  for (unsigned i = 0; i < result->count; i++) {
    most = result->answers[i].microseconds > most ? result->answers[i].microseconds : most;
  }
  return most;
}

static void write_size(probe_writer *writer, uint32_t size) {
  if (size == PROBE_NEEDED) {
    conntrail__json_text(writer, "size", "needed");
  } else if (size == PROBE_NEEDED_LESS_1) {
    conntrail__json_text(writer, "size", "needed - 1");
  } else {
    conntrail__json_number(writer, "size", size);
  }
}

static void write_row(probe_writer *writer, const probe_result *result) {
  const probe_row *row = result->row;
  conntrail__json_open(writer, NULL, '{');
  conntrail__json_text(writer, "id", row->id);
  conntrail__json_text(writer, "clause", row->clause);
  conntrail__json_text(writer, "situation", conntrail__probe_place_name(row->place));
  conntrail__json_text(writer, "call", conntrail__probe_call_name(row->call));
  write_size(writer, row->size);
  conntrail__json_number(writer, "asked", result->count);
  if (result->obstacle != NULL) {
    conntrail__json_text(writer, "obstacle", result->obstacle);
  } else {
    conntrail__json_number(writer, "microseconds", (int64_t)longest(result));
  }
  conntrail__json_open(writer, "answers", '[');
  unsigned period = conntrail__answers_period(result->answers, result->count);
  for (unsigned i = 0; i < period; i++) {
    write_answer(writer, &result->answers[i]);
  }
  conntrail__json_close(writer, ']');
  conntrail__json_close(writer, '}');
}

void conntrail__answers_write_rows(probe_writer *writer, const probe_result *results,
                                   unsigned count) {
  conntrail__json_open(writer, "rows", '[');
  writer->flat_from = writer->depth + 1;
  for (unsigned i = 0; i < count; i++) {
    write_row(writer, &results[i]);
  }
  writer->flat_from = UINT32_MAX;
  conntrail__json_close(writer, ']');
}
