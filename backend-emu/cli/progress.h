/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CLI_PROGRESS_H
#define CONNTRAIL_CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* What a run waits for: one line that is written over on a terminal, else a plain line now and
 * then. Start from {0}. */
typedef struct conntrail__progress {
  bool is_shown; /* there is a line on the terminal */
  size_t index;
  time_t said;
} conntrail__progress;

/* The index-th of `count` programs does not listen yet. Called often; writes seldom. */
void conntrail__progress_wait(conntrail__progress *progress, size_t index, size_t count,
                              const char *program, time_t since, unsigned patience);
/* Nothing is waited for any more. */
void conntrail__progress_end(conntrail__progress *progress);

/* Whether a stream is a terminal whose user did not ask for no colours (NO_COLOR). */
bool conntrail__is_colourful(int fd);

#endif
