/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CLI_START_H
#define CONNTRAIL_CLI_START_H

/* How a program is started: with which command, environment, folder and standard input. */

#include "scenario.h"

/* A relative path is one below folder. */
typedef struct conntrail__start {
  const json_t *shared;  /* "env" of the scenario */
  const json_t *program; /* its object; NULL: PROGRAM, which runs where this process does */
  char **command;        /* PROGRAM's own, or made of the object's "command" */
  char *program_path;    /* the first of command, where that is a path of the object */
  char *folder;          /* where it runs */
  char *input;           /* the path of its standard input; NULL: none */
} conntrail__start;

/* The folder of the scenario's file, absolute; that of this process where it is no regular file,
 * such as a pipe. NULL, and errno. */
char *conntrail__scenario_folder(const conntrail__scenario *scenario);

/* program: a program or a client of the scenario. False: no memory. */
bool conntrail__start_read(conntrail__start *start, const conntrail__scenario *scenario,
                           const json_t *program, const char *folder);
void conntrail__start_free(conntrail__start *start);

/* Whether it can be started. path: of the program's object, "" for PROGRAM. False, with why. */
bool conntrail__start_check(const conntrail__start *start, const conntrail__scenario *scenario,
                            const char *path, conntrail__complaint *why);
/* Every program and client of the scenario. */
bool conntrail__start_check_all(const conntrail__scenario *scenario, conntrail__complaint *why);

/* In the child: its environment, folder and standard input. 0, or errno. */
int conntrail__start_prepare(void *start);

#endif
