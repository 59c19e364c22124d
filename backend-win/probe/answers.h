/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_PROBE_ANSWERS_H
#define CONNTRAIL_PROBE_ANSWERS_H

#include "json_write.h"
#include "probe.h"

/* The answers to one row, in turn. */
typedef struct probe_result {
  const probe_row *row;
  const char *obstacle; /* why it was not asked; NULL */
  unsigned count;
  probe_answer answers[PROBE_MOST_ASKED];
} probe_result;

/* Equal but for the time. */
bool conntrail__answer_is_equal(const probe_answer *a, const probe_answer *b);
/* After how many the answers begin again: the least number that explains all, seen twice at least.
 */
unsigned conntrail__answers_period(const probe_answer *answers, unsigned count);
/* The members "answers", "behaviour" and "measurements" of the file. */
void conntrail__answers_write_profile(probe_writer *writer, const probe_result *results,
                                      unsigned count);
void conntrail__answers_write_behaviour(probe_writer *writer, const probe_result *results,
                                        unsigned count);
void conntrail__answers_write_rows(probe_writer *writer, const probe_result *results,
                                   unsigned count);

/* Windows' version, its providers and this process' rights; the short form names the system. */
void conntrail__system_write(probe_writer *writer, bool with_names);
void conntrail__system_name(char *text, size_t size);

#endif
