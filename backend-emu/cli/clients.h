/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CLI_CLIENTS_H
#define CONNTRAIL_CLI_CLIENTS_H

/* The clients of a scenario: in turn or at once, each with the exit code that it is to have. */

#include <stdbool.h>
#include <sys/types.h>

/* process 0: not started so far. */
typedef struct conntrail__client {
  pid_t process;
  int status;
  bool has_ended;
} conntrail__client;

/* As a shell has it: 128 + N after signal N. */
int conntrail__exit_code(int status);

#endif
