/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CLI_SCENARIO_INTERNAL_H
#define CONNTRAIL_CLI_SCENARIO_INTERNAL_H

#include <string.h>

#include "scenario.h"

enum { CONNTRAIL__PATH_TEXT = 256, CONNTRAIL__MOST_NAMED = 64 };

struct conntrail__scenario {
  char *file;
  char *text;
  json_t *root;
};

/* Refuses the value at this path. Answers false. */
bool conntrail__scenario_refuse(const conntrail__scenario *scenario, conntrail__complaint *why,
                                const char *path, const char *format, ...)
#ifdef __GNUC__
    __attribute__((format(printf, 4, 5)))
#endif
    ;

/* jansson goes through the members of an object only where it might change it. */
static inline json_t *conntrail__scenario_iterable(const json_t *object) {
  const void *given = object;
  void *same;
  memcpy(&same, &given, sizeof same);
  return same;
}

/* scenario_check.c: everything that needs no emulation. */
bool conntrail__scenario_check(const conntrail__scenario *scenario, conntrail__complaint *why);

/* The operations of faults, by the words of a scenario; false: it is none. */
bool conntrail__scenario_operation(const char *word, conntrail_emu_operation *operation);
bool conntrail__scenario_read_layout(const char *word, conntrail_emu_context *layout);
bool conntrail__scenario_read_profile(const char *word, conntrail_emu_profile *profile);

#endif
