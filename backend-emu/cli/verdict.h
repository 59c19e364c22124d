/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CLI_VERDICT_H
#define CONNTRAIL_CLI_VERDICT_H

/*
 * Whether a run was as it should be: what --fail-on names did not happen, and what the scenario
 * expects did. A reader of test reports gets each as a case.
 */

#include <stdio.h>

#include "clients.h"
#include "scenario.h"

enum { CONNTRAIL__MOST_CHECKS = 160 };

typedef struct conntrail__check {
  char name[96];
  char got[64];
  char wanted[64];
  bool is_met;
} conntrail__check;

typedef struct conntrail__verdict {
  conntrail__check checks[CONNTRAIL__MOST_CHECKS];
  size_t count;
  bool has_program; /* its exit code is the last check */
  bool is_met;
} conntrail__verdict;

/* What --fail-on can name, a bit each. */
enum {
  CONNTRAIL__FAIL_LOOP = 1,
  CONNTRAIL__FAIL_MISUSE = 2,
  CONNTRAIL__FAIL_UNDELIVERED = 4,
  CONNTRAIL__FAIL_ESCAPE = 8,
  CONNTRAIL__FAIL_REFUSED = 16,
  CONNTRAIL__FAIL_DEFAULT = CONNTRAIL__FAIL_LOOP | CONNTRAIL__FAIL_MISUSE
};

/* "loop,misuse", or "none". False: a word is unknown. */
bool conntrail__verdict_read(const char *list, unsigned *fail_on);

/* refusals: how often something could not be supervised. clients: NULL: none was to run. exit_code:
 * PROGRAM's; NULL: there was none. False: no memory. */
bool conntrail__verdict_reach(conntrail__verdict *verdict, const conntrail__scenario *scenario,
                              const conntrail_emu *emu, unsigned fail_on, unsigned refusals,
                              const conntrail__client *clients, const int *exit_code);
/* What "expect" of a document wants, and nothing else. False: no memory. */
bool conntrail__verdict_expect(conntrail__verdict *verdict, const conntrail__scenario *scenario,
                               const conntrail_emu *emu);
/* A line for each check that is not met. */
void conntrail__verdict_say(FILE *out, const conntrail__verdict *verdict);

/* verdict_file.c: as JUnit's XML, and by the Test Anything Protocol. False, with errno. */
bool conntrail__verdict_junit(const char *path, const conntrail__verdict *verdict,
                              const char *scenario);
bool conntrail__verdict_tap(const char *path, const conntrail__verdict *verdict);

#endif
