/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CLI_RUN_H
#define CONNTRAIL_CLI_RUN_H

#include <stdbool.h>

/* What a run was asked for. */
typedef struct conntrail__run {
  const char *scenario;
  char *const *command; /* NULL: none */
  bool is_serving;      /* until a signal */
  const char *socket;   /* NULL: in a folder of its own */
  const char *control;  /* NULL: no control socket */
  const char *trail;    /* NULL: no file */
  const char *junit;    /* NULL: no file */
  const char *tap;
  unsigned fail_on; /* verdict.h */
  bool is_quiet;
  bool is_strict;     /* what cannot be supervised fails the run */
  bool waits_for_all; /* what PROGRAM leaves behind is waited for, not ended */
} conntrail__run;

/* conntrail-emu's own exit codes, beside that of the program. */
enum {
  CONNTRAIL__USAGE = 2,
  CONNTRAIL__INCOMPLETE = 1,
  CONNTRAIL__VERDICT = 123,
  CONNTRAIL__TIME_OVER = 124,
  CONNTRAIL__CANNOT = 125,
  CONNTRAIL__UNSUPERVISED = 126
};

#endif
