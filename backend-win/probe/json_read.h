/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_PROBE_JSON_READ_H
#define CONNTRAIL_PROBE_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>

typedef enum probe_json_kind {
  PROBE_JSON_OTHER, /* true, false, null */
  PROBE_JSON_NUMBER,
  PROBE_JSON_TEXT,
  PROBE_JSON_LIST,
  PROBE_JSON_OBJECT
} probe_json_kind;

typedef struct probe_json {
  probe_json_kind kind;
  char *key;  /* of a member of an object */
  char *text; /* of a text, and of a number as it is written */
  struct probe_json *first;
  struct probe_json *next;
} probe_json;

/* Reads a text that ends with '\0'. NULL: line says where it is wrong; 0: no memory. */
probe_json *conntrail__json_read(const char *text, unsigned *line);
void conntrail__json_free(probe_json *value);
/* NULL: there is no such member, or value is NULL. */
const probe_json *conntrail__json_member(const probe_json *value, const char *key);
/* The text or number as text; "" where there is none. */
const char *conntrail__json_string(const probe_json *value, const char *key);
/* Decimal or hexadecimal; 0 where there is none. */
unsigned long conntrail__json_unsigned(const probe_json *value, const char *key);

#endif
