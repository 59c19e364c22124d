/* SPDX-License-Identifier: MIT */

/*
 * The rows' answers as a profile that the emulation loads (docs/reference/profile-format.md): only
 * what was seen, and only where a situation of that format fits.
 */

#include "answers.h"

#include <string.h>

/* How many answers in turn the format takes, and how many rows one situation has at most. */
enum { MOST_IN_TURN = 32, MOST_ROWS = 4 };

/* A redirected connection without that blob is in another situation. */
static bool fits(const probe_row *row, const probe_answer *answer) {
  bool is_blob_query = row->place == PROBE_REDIRECTED && (row->call == PROBE_ASK_QUERY_RECORDS ||
                                                          row->call == PROBE_ASK_QUERY_CONTEXT);
  return answer->obstacle == NULL && (!is_blob_query || answer->needed > 0);
}

static bool is_of(const probe_row *row, const char *operation, const char *situation) {
  return row->operation != NULL && strcmp(row->operation, operation) == 0 &&
         (situation == NULL || strcmp(row->situation, situation) == 0);
}

static bool has_answers(const probe_result *result) {
  return result->row->operation != NULL && result->count > 0 &&
         fits(result->row, &result->answers[0]);
}

static bool counts_bytes(const probe_row *row) {
  return strncmp(row->operation, "query", 5) == 0 || strncmp(row->operation, "set", 3) == 0;
}

static void write_bytes(probe_writer *writer, const probe_row *row, const probe_answer *answer) {
  if (!counts_bytes(row)) {
    conntrail__json_number(writer, "bytes", 0);
  } else if (answer->bytes == PROBE_UNTOUCHED) {
    conntrail__json_text(writer, "bytes", "untouched");
  } else if (answer->needed != 0 && answer->bytes == answer->needed) {
    conntrail__json_text(writer, "bytes", "size");
  } else {
    conntrail__json_number(writer, "bytes", answer->bytes);
  }
}

/* Some numbers are those of Windows and not of Winsock, and are read in hexadecimal only. */
static void write_native(probe_writer *writer, uint32_t native) {
  if (native > INT32_MAX) {
    conntrail__json_hexadecimal(writer, "native", native);
  } else {
    conntrail__json_number(writer, "native", native);
  }
}

/* Equal for a profile: the number and the count, be it the size or a number. */
static bool is_alike(const probe_answer *a, const probe_answer *b) {
  bool a_is_size = a->needed != 0 && a->bytes == a->needed;
  bool b_is_size = b->needed != 0 && b->bytes == b->needed;
  return a->error == b->error && a_is_size == b_is_size && (a_is_size || a->bytes == b->bytes);
}

static unsigned period_of(const probe_answer *const *answers, unsigned count) {
  for (unsigned period = 1; 2 * period <= count; period++) {
    unsigned at = period;
    while (at < count && is_alike(answers[at], answers[at - period])) {
      at++;
    }
    if (at == count) {
      return period;
    }
  }
  return count;
}

static void write_situation(probe_writer *writer, const probe_result *results, unsigned count,
                            const probe_row *first) {
  const probe_answer *answers[MOST_ROWS * PROBE_MOST_ASKED];
  unsigned filled = 0;
  for (unsigned i = 0; i < count; i++) {
    for (unsigned n = 0; is_of(results[i].row, first->operation, first->situation) &&
                         n < results[i].count && filled < MOST_ROWS * PROBE_MOST_ASKED;
         n++) {
      if (fits(first, &results[i].answers[n])) {
        answers[filled++] = &results[i].answers[n];
      }
    }
  }
  unsigned period = period_of(answers, filled);
  conntrail__json_open(writer, first->situation, '[');
  for (unsigned i = 0; i < period && i < MOST_IN_TURN; i++) {
    conntrail__json_open(writer, NULL, '{');
    write_native(writer, answers[i]->error);
    write_bytes(writer, first, answers[i]);
    conntrail__json_close(writer, '}');
  }
  conntrail__json_close(writer, ']');
}

static bool is_first_of_situation(const probe_result *results, unsigned at) {
  const probe_row *row = results[at].row;
  for (unsigned i = 0; i < at; i++) {
    if (has_answers(&results[i]) && is_of(results[i].row, row->operation, row->situation)) {
      return false;
    }
  }
  return true;
}

static void write_operation(probe_writer *writer, const probe_result *results, unsigned count,
                            const char *operation) {
  bool is_open = false;
  for (unsigned i = 0; i < count; i++) {
    if (has_answers(&results[i]) && is_of(results[i].row, operation, NULL) &&
        is_first_of_situation(results, i)) {
      if (!is_open) {
        conntrail__json_open(writer, operation, '{');
        writer->flat_from = writer->depth + 1;
        is_open = true;
      }
      write_situation(writer, results, count, results[i].row);
    }
  }
  writer->flat_from = UINT32_MAX;
  if (is_open) {
    conntrail__json_close(writer, '}');
  }
}

void conntrail__answers_write_profile(probe_writer *writer, const probe_result *results,
                                      unsigned count) {
  static const char *const operations[] = {"query records", "query context",
                                           "set records",   "enable messages",
                                           "send records",  "original destination"};
  conntrail__json_open(writer, "answers", '{');
  for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
    write_operation(writer, results, count, operations[i]);
  }
  conntrail__json_close(writer, '}');
}

/* ---- What is not the answer of one call --------------------------------------------------------
 */

static const probe_answer *answer_to(const probe_result *results, unsigned count, const char *id) {
  for (unsigned i = 0; i < count; i++) {
    if (strcmp(results[i].row->id, id) == 0 && results[i].count > 0 &&
        results[i].answers[0].obstacle == NULL) {
      return &results[i].answers[0];
    }
  }
  return NULL;
}

/* M4: control messages that do not fit are left out, or a part of one is written. */
static void write_cut_messages(probe_writer *writer, const probe_answer *cut) {
  if (cut != NULL && strstr(cut->value, "flags 0x200") != NULL) {
    bool is_partial = strstr(cut->value, "0/60/") != NULL || strstr(cut->value, "0/70/") != NULL;
    conntrail__json_text(writer, "cut messages", is_partial ? "partial" : "left out");
  }
}

/* M1: an IPv4 datagram on a dual-stack socket. The format has no word for "at IPPROTO_IPV6 alone".
 */
static void write_message_levels(probe_writer *writer, const probe_answer *dual) {
  if (dual != NULL && strstr(dual->value, "0/60/") != NULL) {
    bool is_both = strstr(dual->value, "41/60/") != NULL;
    conntrail__json_text(writer, "message levels", is_both ? "both" : "one");
  }
}

static bool has_pended(const probe_answer *answer) {
  return answer->error == WSA_IO_PENDING && strstr(answer->value, "cancelled") != NULL;
}

void conntrail__answers_write_behaviour(probe_writer *writer, const probe_result *results,
                                        unsigned count) {
  const probe_answer *begun = answer_to(results, count, "event/redirected");
  const probe_answer *first = answer_to(results, count, "flow/first-both");
  const probe_answer *connected = answer_to(results, count, "flow/connected");
  const probe_answer *reply = answer_to(results, count, "flow/reply");
  conntrail__json_open(writer, "behaviour", '{');
  if (first != NULL && strstr(first->value, "0/60/") != NULL &&
      strstr(first->value, "0/70/") != NULL) {
    bool is_records = strstr(first->value, "0/60/") < strstr(first->value, "0/70/");
    conntrail__json_text(writer, "first message", is_records ? "records" : "context");
  }
  write_message_levels(writer, answer_to(results, count, "flow/dual-stack"));
  write_cut_messages(writer, answer_to(results, count, "flow/control-32"));
  if (begun != NULL) {
    conntrail__json_text(writer, "begun queries", has_pended(begun) ? "pend" : "complete");
  }
  if (reply != NULL &&
      (strcmp(reply->value, "destination") == 0 || strcmp(reply->value, "proxy") == 0)) {
    conntrail__json_text(writer, "reply source", reply->value);
  }
  if (first != NULL) {
    conntrail__json_text(writer, "connected datagrams",
                         connected != NULL ? "delivered" : "dropped");
  }
  conntrail__json_close(writer, '}');
}
