/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_FILES_SCENARIO_SHAPE_H
#define CONNTRAIL_FILES_SCENARIO_SHAPE_H

/* What a scenario is made of: objects with known keys, lists, texts, numbers. A refusal names the
 * key, what stands there, what was expected, and how to mend it. */

#include "scenario_internal.h"

typedef struct checker {
  const conntrail__scenario *scenario;
  conntrail__complaint *why;
} checker;

typedef bool (*check)(const checker *c, const json_t *value, const char *path);

/* A list of keys ends with one without a name. */
typedef struct key {
  const char *name;
  check check;
  bool is_needed;
} key;

/* Behind the file, its line and its column the complaint names the last key of path. */
bool conntrail__shape_refuse(const checker *c, const char *path, const char *format, ...)
#ifdef __GNUC__
    __attribute__((format(printf, 3, 4)))
#endif
    ;

void conntrail__shape_join(char out[CONNTRAIL__PATH_TEXT], const char *path, const char *step);
bool conntrail__shape_expect(const checker *c, const json_t *value, const char *path,
                             json_type type, const char *expected);
bool conntrail__shape_object(const checker *c, const json_t *object, const char *path,
                             const key *keys);
bool conntrail__shape_list(const checker *c, const json_t *list, const char *path, check item,
                           size_t most);
/* Such a list of texts, each of them once. again: what is said of a second one, behind its text. */
bool conntrail__shape_set(const checker *c, const json_t *list, const char *path, check item,
                          size_t most, const char *again);
/* Not an empty one. */
bool conntrail__shape_text(const checker *c, const json_t *value, const char *path);
/* A whole number or a text, by which an answer is recognised. */
bool conntrail__shape_id(const checker *c, const json_t *value, const char *path);
bool conntrail__shape_switch(const checker *c, const json_t *value, const char *path);
bool conntrail__shape_between(const checker *c, const json_t *value, const char *path,
                              json_int_t least, json_int_t most);

#endif
