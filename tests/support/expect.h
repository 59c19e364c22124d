/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_EXPECT_H
#define CONNTRAIL_TESTS_EXPECT_H

/*
 * Exact expectations, counted: a case that checked nothing is a failure (runner.c). The first
 * one that does not hold ends the case.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conntrail/status.h"

typedef struct expect_place {
  const char *file;
  int line;
  const char *expression;
} expect_place;

#define EXPECT_PLACE(expression) ((expect_place){__FILE__, __LINE__, #expression})

/* How many expectations were looked at so far. */
unsigned long expect_count(void);

#define expect_true(condition) expect_true_at(EXPECT_PLACE(condition), (condition))
#define expect_status(actual, expected) expect_status_at(EXPECT_PLACE(actual), (actual), (expected))
#define expect_number(actual, expected)                                                            \
  expect_number_at(EXPECT_PLACE(actual), (uint64_t)(actual), (uint64_t)(expected))
#define expect_text(actual, expected) expect_text_at(EXPECT_PLACE(actual), (actual), (expected))
/* text holds part somewhere. */
#define expect_part(text, part) expect_part_at(EXPECT_PLACE(text), (text), (part))
#define expect_bytes(actual, expected, size)                                                       \
  expect_bytes_at(EXPECT_PLACE(actual), (actual), (expected), (size))
/* All of size bytes have this value: the buffer was not touched. */
#define expect_filled(buffer, value, size)                                                         \
  expect_filled_at(EXPECT_PLACE(buffer), (buffer), (value), (size))

void expect_true_at(expect_place place, bool holds);
void expect_status_at(expect_place place, conntrail_status actual, conntrail_status expected);
void expect_number_at(expect_place place, uint64_t actual, uint64_t expected);
void expect_text_at(expect_place place, const char *actual, const char *expected);
void expect_part_at(expect_place place, const char *text, const char *part);
void expect_bytes_at(expect_place place, const void *actual, const void *expected, size_t size);
void expect_filled_at(expect_place place, const void *buffer, uint8_t value, size_t size);

/* For further kinds of expectations: counts one, and ends the case where it does not hold. */
void expect_that(expect_place place, bool holds, const char *actual, const char *expected);

#endif
