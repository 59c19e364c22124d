/* SPDX-License-Identifier: MIT */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "system.h"

static const char *const names[] = {"error", "warning", "info", "debug"};
enum { LEVELS = sizeof names / sizeof *names };

const char *log_level_name(log_level level) {
  return (int)level >= 0 && (int)level < LEVELS ? names[level] : NULL;
}

bool log_level_by_name(const char *name, log_level *level) {
  for (int i = 0; i < LEVELS; i++) {
    if (strcmp(name, names[i]) == 0) {
      *level = (log_level)i;
      return true;
    }
  }
  return false;
}

bool log_wants(const proxy_log *log, log_level level) {
  return level <= log->level;
}

void log_line(const proxy_log *log, log_level level, const char *format, ...) {
  char line[512];
  va_list arguments;
  if (!log_wants(log, level)) {
    return;
  }
  va_start(arguments, format);
  (void)vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  log->write(level, line, log->argument);
}

void log_to_standard_error(log_level level, const char *line, void *unused) {
  (void)unused;
  /* One call: lines of several threads do not mix. */
  (void)fprintf(stderr, "reference_proxy: %s: %s\n", log_level_name(level), line);
}

/* ---- Time ----------------------------------------------------------------------------------- */

enum {
  DAY_MS = 86400000,
  YEARS_400 = 146097,
  YEARS_100 = 36524,
  YEARS_4 = 1461,
  MARCH_TO_1970 = 719468
};

typedef struct date {
  int year, month, day;
} date;

/* gmtime() is not for several threads, and what is has another name on each system. Years are
 * counted from March on, so that a leap day is the last of its year; days from March of year 0. */
static date date_of(int days_since_1970) {
  const int days = days_since_1970 + MARCH_TO_1970;
  const int in_400 = days % YEARS_400;
  const int year_in_400 =
      (in_400 - in_400 / (YEARS_4 - 1) + in_400 / YEARS_100 - in_400 / (YEARS_400 - 1)) / 365;
  const int in_year = in_400 - (365 * year_in_400 + year_in_400 / 4 - year_in_400 / 100);
  const int month = (5 * in_year + 2) / 153; /* 0 is March; five of them have 153 days */
  date found = {days / YEARS_400 * 400 + year_in_400 + (month >= 10), month + (month < 10 ? 3 : -9),
                in_year - (153 * month + 2) / 5 + 1};
  return found;
}

static int64_t within(int64_t value, int64_t least, int64_t most) {
  return value < least ? least : value > most ? most : value;
}

const char *log_time_text(int64_t milliseconds, char text[LOG_TIME_TEXT]) {
  const int64_t last = INT64_C(253402300799999);
  const int64_t told = within(milliseconds, 0, last);
  const date day = date_of((int)(told / DAY_MS));
  const int of_day = (int)(told % DAY_MS);
  (void)snprintf(text, LOG_TIME_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", day.year, day.month,
                 day.day, of_day / 3600000, of_day / 60000 % 60, of_day / 1000 % 60, of_day % 1000);
  return text;
}

void log_to_standard_error_with_time(log_level level, const char *line, void *unused) {
  char text[LOG_TIME_TEXT];
  (void)unused;
  (void)fprintf(stderr, "%s reference_proxy: %s: %s\n", log_time_text(system_milliseconds(), text),
                log_level_name(level), line);
}
