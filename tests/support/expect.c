/* SPDX-License-Identifier: MIT */
#include "expect.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static unsigned long counted;

unsigned long expect_count(void) {
  return counted;
}

void expect_that(expect_place place, bool holds, const char *actual, const char *expected) {
  ++counted;
  if (!holds) {
    ck_abort_msg("%s:%d: %s is %s, expected %s", place.file, place.line, place.expression, actual,
                 expected);
  }
}

void expect_true_at(expect_place place, bool holds) {
  expect_that(place, holds, "false", "true");
}

void expect_status_at(expect_place place, conntrail_status actual, conntrail_status expected) {
  char text[80];
  (void)snprintf(text, sizeof text, "%s (native %" PRIu32 ")", conntrail_status_name(actual),
                 actual < 0 ? conntrail_native_error() : 0);
  expect_that(place, actual == expected, text, conntrail_status_name(expected));
}

void expect_number_at(expect_place place, uint64_t actual, uint64_t expected) {
  char found[32];
  char wanted[32];
  (void)snprintf(found, sizeof found, "%" PRIu64, actual);
  (void)snprintf(wanted, sizeof wanted, "%" PRIu64, expected);
  expect_that(place, actual == expected, found, wanted);
}

void expect_text_at(expect_place place, const char *actual, const char *expected) {
  expect_that(place, actual != NULL && strcmp(actual, expected) == 0,
              actual == NULL ? "(NULL)" : actual, expected);
}

void expect_part_at(expect_place place, const char *text, const char *part) {
  expect_that(place, text != NULL && strstr(text, part) != NULL, text == NULL ? "(NULL)" : text,
              part);
}

static size_t first_difference(const uint8_t *a, const uint8_t *b, size_t size) {
  size_t at = 0;
  while (at < size && a[at] == b[at]) {
    ++at;
  }
  return at;
}

void expect_bytes_at(expect_place place, const void *actual, const void *expected, size_t size) {
  size_t at = first_difference(actual, expected, size);
  char text[48];
  (void)snprintf(text, sizeof text, "different from byte %zu on", at);
  expect_that(place, at == size, text, "equal");
}

void expect_filled_at(expect_place place, const void *buffer, uint8_t value, size_t size) {
  const uint8_t *bytes = buffer;
  size_t at = 0;
  char text[48];
  while (at < size && bytes[at] == value) {
    ++at;
  }
  (void)snprintf(text, sizeof text, "written to at byte %zu", at);
  expect_that(place, at == size, text, "untouched");
}
