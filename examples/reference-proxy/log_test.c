/* SPDX-License-Identifier: MIT */
/* Lines, their levels, and the time in front of them. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "log.h"
#include "run_tests.h"
#include "system.h"

/* The first is RFC 3339's own example (5.8). Then the first moment, both sides of a leap day, a
 * year of 100 that has none and one of 400 that has, and what RFC 3339 cannot write. */
static const struct {
  int64_t milliseconds;
  const char *text;
} times[] = {
    {INT64_C(482196050520), "1985-04-12T23:20:50.520Z"},
    {0, "1970-01-01T00:00:00.000Z"},
    {INT64_C(951782399999), "2000-02-28T23:59:59.999Z"},
    {INT64_C(951782400000), "2000-02-29T00:00:00.000Z"},
    {INT64_C(951868800000), "2000-03-01T00:00:00.000Z"},
    {INT64_C(1704067199999), "2023-12-31T23:59:59.999Z"},
    {INT64_C(1735603200001), "2024-12-31T00:00:00.001Z"},
    {INT64_C(2147483648000), "2038-01-19T03:14:08.000Z"},
    {INT64_C(4107542399000), "2100-02-28T23:59:59.000Z"},
    {INT64_C(4107542400000), "2100-03-01T00:00:00.000Z"},
    {INT64_C(253402300799999), "9999-12-31T23:59:59.999Z"},
    {INT64_C(253402300800000), "9999-12-31T23:59:59.999Z"},
    {INT64_MAX, "9999-12-31T23:59:59.999Z"},
    {-1, "1970-01-01T00:00:00.000Z"},
};

START_TEST(a_time_is_written_as_rfc_3339_wants_it) {
  char text[LOG_TIME_TEXT];
  ck_assert_str_eq(log_time_text(times[_i].milliseconds, text), times[_i].text);
}
END_TEST

/* Each day of 400 years, counted by hand. */
START_TEST(each_day_follows_the_one_before) {
  static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int64_t milliseconds = 0;
  char text[LOG_TIME_TEXT], wanted[LOG_TIME_TEXT];
  bool are_right = true; /* one assertion: Check writes a line for each */
  for (int year = 1970; year < 2370; year++) {
    const bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    for (int month = 1; month <= 12; month++) {
      const int length = lengths[month - 1] + (month == 2 && is_leap);
      for (int day = 1; day <= length; day++, milliseconds += 86400000) {
        (void)snprintf(wanted, sizeof wanted, "%04d-%02d-%02dT00:00:00.000Z", year, month, day);
        are_right = are_right && strcmp(log_time_text(milliseconds, text), wanted) == 0;
      }
    }
  }
  ck_assert(are_right);
}
END_TEST

/* Of the same clock in seconds: C's own. */
START_TEST(the_time_is_now) {
  const int64_t before = (int64_t)time(NULL);
  const int64_t now = system_milliseconds();
  const int64_t after = (int64_t)time(NULL);
  ck_assert_int_ge(now / 1000, before - 1); /* time() may lag by a tick */
  ck_assert_int_le(now / 1000, after + 1);
}
END_TEST

static char written[512];

static void keep_line(log_level level, const char *line, void *argument) {
  ck_assert_int_eq(level, *(const log_level *)argument);
  (void)snprintf(written, sizeof written, "%s", line);
}

START_TEST(what_is_less_important_than_its_level_is_not_written) {
  log_level expected = LOG_LEVEL_WARNING;
  const proxy_log log = {LOG_LEVEL_WARNING, keep_line, &expected};
  log_line(&log, LOG_LEVEL_INFO, "not %d", 1);
  ck_assert_str_eq(written, "");
  log_line(&log, LOG_LEVEL_WARNING, "but %d", 2);
  ck_assert_str_eq(written, "but 2");
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("log");
  tcase_add_loop_test(cases, a_time_is_written_as_rfc_3339_wants_it, 0,
                      (int)(sizeof times / sizeof *times));
  tcase_add_test(cases, each_day_follows_the_one_before);
  tcase_add_test(cases, the_time_is_now);
  tcase_add_test(cases, what_is_less_important_than_its_level_is_not_written);
  return run_tests(cases);
}
