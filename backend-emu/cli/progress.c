/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SECONDS_BETWEEN_LINES = 2 };

static bool is_terminal(int fd) {
  const char *kind = getenv("TERM");
  return isatty(fd) != 0 && kind != NULL && strcmp(kind, "dumb") != 0;
}

bool conntrail__is_colourful(int fd) {
  const char *none = getenv("NO_COLOR");
  return is_terminal(fd) && (none == NULL || none[0] == '\0');
}

void conntrail__progress_wait(conntrail__progress *progress, size_t index, size_t count,
                              const char *program, time_t since, unsigned patience) {
  const time_t now = time(NULL);
  const long waited = (long)(now - since);
  if (is_terminal(STDERR_FILENO)) {
    if (!progress->is_shown || progress->index != index || progress->said != now) {
      fprintf(stderr,
              "\r\033[Kconntrail-emu: program %zu of %zu: %s begins to listen (%ld of %u s)",
              index + 1, count, program, waited, patience);
      progress->is_shown = true;
    } else {
      return;
    }
  } else if (waited == 0 || waited % SECONDS_BETWEEN_LINES != 0 || progress->said == now) {
    return;
  } else {
    fprintf(stderr, "conntrail-emu: program %zu of %zu: %s does not listen yet (%ld of %u s)\n",
            index + 1, count, program, waited, patience);
  }
  progress->index = index;
  progress->said = now;
}

void conntrail__progress_end(conntrail__progress *progress) {
  if (progress->is_shown) {
    fputs("\r\033[K", stderr);
    progress->is_shown = false;
  }
}
