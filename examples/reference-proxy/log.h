/* SPDX-License-Identifier: MIT */
#ifndef REFERENCE_PROXY_LOG_H
#define REFERENCE_PROXY_LOG_H

#include <stdbool.h>
#include <stdint.h>

typedef enum log_level {
  LOG_LEVEL_ERROR,
  LOG_LEVEL_WARNING,
  LOG_LEVEL_INFO,
  LOG_LEVEL_DEBUG
} log_level;

/** The destination of lines. It does not change while the proxy runs: any thread may use it. */
typedef struct proxy_log {
  log_level level; /* the least important one that is written */
  void (*write)(log_level level, const char *line, void *argument); /* from any thread */
  void *argument;
} proxy_log;

/** "error", "warning", "info", "debug"; NULL for other values. */
const char *log_level_name(log_level level);
bool log_level_by_name(const char *name, log_level *level);

/** Whether a line of this level would be written: ask before composing an expensive one. */
bool log_wants(const proxy_log *log, log_level level);

/** One line, without its line break. Cut after 511 bytes. */
void log_line(const proxy_log *log, log_level level, const char *format, ...)
#ifdef __GNUC__
    __attribute__((format(printf, 3, 4)))
#endif
    ;

/** For proxy_log.write: to standard error; the second with the time in front of each line. */
void log_to_standard_error(log_level level, const char *line, void *unused);
void log_to_standard_error_with_time(log_level level, const char *line, void *unused);

enum { LOG_TIME_TEXT = 40 };

/** Milliseconds since the beginning of 1970 as "1985-04-12T23:20:50.520Z" (RFC 3339), written to
 * text, which is returned. */
const char *log_time_text(int64_t milliseconds, char text[LOG_TIME_TEXT]);

#endif
