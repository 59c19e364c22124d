/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_RUNNER_H
#define CONNTRAIL_TESTS_RUNNER_H

/*
 * One case, in a process of its own:
 *
 *     conformance --case NAME --profile documented|measured|contrary [--transcript FILE]
 *     conformance --list
 *
 * The verdict is the exit code and, because Wine cuts exit codes, also the last line that is
 * written to the standard output, in TAP's words:
 *
 *     ok 1 - NAME PROFILE checks=N
 *     ok 1 - NAME PROFILE # SKIP needs v6
 *     not ok 1 - NAME PROFILE: why
 *
 * A name that no case has is a failure, and so is a case that checked nothing.
 */

#include <stddef.h>

#include "conntrail/emu.h"

/* Exit codes. ctest counts 77 as skipped. */
enum { RUNNER_PASSED = 0, RUNNER_FAILED = 1, RUNNER_MISUSED = 2, RUNNER_SKIPPED = 77 };

typedef struct runner_case {
  const char *name;
  const char *clauses; /* of docs/reference/behaviour.md, with a space between */
  unsigned needs;      /* fixture.h */
  void (*body)(void);
} runner_case;

/* What a program of cases gives to the runner: its list, and the place that it runs at. */
typedef struct runner_program {
  const runner_case *cases;
  size_t case_count;
  unsigned (*offers)(void);                /* the needs that the place meets, as a bit set */
  const char *(*need_name)(unsigned need); /* of a single bit */
  void (*begin)(conntrail_emu_profile profile);
  void (*end)(void);
} runner_program;

int runner_main(const runner_program *program, int count, char **arguments);

#endif
