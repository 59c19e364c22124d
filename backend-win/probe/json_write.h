/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_PROBE_JSON_WRITE_H
#define CONNTRAIL_PROBE_JSON_WRITE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Writes JSON: a value a call; a key where an object is open, NULL in a list. */
typedef struct probe_writer {
  FILE *out;
  unsigned depth;
  unsigned flat_from; /* from this depth on everything stands in one line */
  bool is_first;
} probe_writer;

void conntrail__json_open(probe_writer *writer, const char *key, char bracket);
void conntrail__json_close(probe_writer *writer, char bracket);
void conntrail__json_text(probe_writer *writer, const char *key, const char *text);
void conntrail__json_number(probe_writer *writer, const char *key, int64_t number);
void conntrail__json_hexadecimal(probe_writer *writer, const char *key, uint32_t number);
void conntrail__json_flag(probe_writer *writer, const char *key, bool flag);

#endif
