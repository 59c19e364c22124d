/* SPDX-License-Identifier: MIT */
/* Lines, their levels, and the time in front of them. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "log.h"
#include "run_tests.h"
#include "system.h"

/* The first is RFC 3339's own example (5.8). Then the first moment, both sides of a leap day, and
 * what 32 bits cannot count. */
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
};

START_TEST(a_time_is_written_as_rfc_3339_wants_it) {
  char text[LOG_TIME_TEXT];
  ck_assert_str_eq(log_time_text(times[_i].milliseconds, text), times[_i].text);
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
  tcase_add_test(cases, the_time_is_now);
  tcase_add_test(cases, what_is_less_important_than_its_level_is_not_written);
  return run_tests(cases);
}
