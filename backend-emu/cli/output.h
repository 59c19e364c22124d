/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CLI_OUTPUT_H
#define CONNTRAIL_CLI_OUTPUT_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdio.h>

/* What a program of the scenario writes: it goes on to stderr at once, and its last lines are kept
 * in case the program ends. */
typedef struct conntrail__output {
  struct event *readable; /* NULL: none was opened */
  struct event *later;    /* stderr is full: only this program waits */
  int fd;
  size_t size;
  char last[1024];
} conntrail__output;

/* writes: the end for the program; the caller closes it. False, and errno. */
bool conntrail__output_open(conntrail__output *output, struct event_base *base, int *writes);
/* Takes what is there by now. */
void conntrail__output_drain(conntrail__output *output);
/* At most its five last lines, each behind "  | ". */
void conntrail__output_say(FILE *out, const conntrail__output *output);
void conntrail__output_close(conntrail__output *output);

#endif
