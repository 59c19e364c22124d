/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_FILES_SCENARIO_EXPECT_H
#define CONNTRAIL_FILES_SCENARIO_EXPECT_H

/* "expect" of a scenario: how many events of a kind there are to be, in all or of one service. */

#include "scenario_shape.h"

enum { CONNTRAIL__UNDELIVERED = 255 }; /* beside the kinds of events */

typedef struct conntrail__expectation {
  char name[96];
  unsigned kind;
  const char *service; /* NULL: in all */
  uint64_t wanted;
} conntrail__expectation;

/* A check of scenario_shape.h: of the value of "expect". */
bool conntrail__scenario_check_expect(const checker *c, const json_t *value, const char *path);
/* The index-th. False: there is none. */
bool conntrail__scenario_expectation(const conntrail__scenario *scenario, size_t index,
                                     conntrail__expectation *expected);

#endif
