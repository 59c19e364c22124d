/* SPDX-License-Identifier: MIT */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

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

const char *log_time_text(int64_t milliseconds, char text[LOG_TIME_TEXT]) {
  struct tm utc;
  size_t length;
  if (!system_utc(milliseconds / 1000, &utc)) {
    return "(no time)";
  }
  length = strftime(text, LOG_TIME_TEXT, "%Y-%m-%dT%H:%M:%S", &utc);
  (void)snprintf(text + length, LOG_TIME_TEXT - length, ".%03dZ", (int)(milliseconds % 1000));
  return text;
}

void log_to_standard_error_with_time(log_level level, const char *line, void *unused) {
  char text[LOG_TIME_TEXT];
  (void)unused;
  (void)fprintf(stderr, "%s reference_proxy: %s: %s\n", log_time_text(system_milliseconds(), text),
                log_level_name(level), line);
}
