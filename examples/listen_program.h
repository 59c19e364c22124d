/* SPDX-License-Identifier: MIT */
#ifndef LISTEN_PROGRAM_H
#define LISTEN_PROGRAM_H

#include "listen_options.h"

struct event_base;

/** A program that listens at one address. */
typedef struct listen_program {
  const char *name;
  const char *protocol; /* "tcp", "udp" */
  /* NULL, with a line in the log, if it cannot listen */
  void *(*open)(struct event_base *base, const struct sockaddr *address,
                const listen_options *options, void (*log)(const char *line, void *argument),
                void *argument);
  const struct sockaddr *(*address)(const void *opened);
  void (*close)(void *opened);
} listen_program;

/**
 * Reads the command line, `[--transparent] [--mark NUMBER] ADDRESS[:PORT]`, listens, writes a line
 * "ready tcp ADDRESS:PORT" to standard output, and runs until an error.
 *
 * @return what main() returns
 */
int listen_program_run(const listen_program *program, int count, char **arguments);

#endif
