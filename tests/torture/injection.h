/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_TORTURE_INJECTION_H
#define CONNTRAIL_TESTS_TORTURE_INJECTION_H

/* One case, run in a process of its own, with one failing call. */

#include <stdbool.h>

#include "conntrail/emu.h"

typedef struct torture_case {
  const char *name;
  unsigned needs;
  void (*body)(void);
} torture_case;

/* Of a case, without a fault. */
typedef struct torture_baseline {
  unsigned calls; /* that can fail */
  long blocks;    /* that the code under test keeps after the case ran twice */
  unsigned milliseconds;
} torture_baseline;

typedef enum torture_outcome {
  TORTURE_REPEATED,   /* the call failed by name, and gave the right answer when repeated */
  TORTURE_SURVIVED,   /* no call failed */
  TORTURE_COMPLETION, /* a completion reported it */
  TORTURE_ATTEMPT,    /* as repeated, but the trail has the failed attempt as well */
  TORTURE_FINDING,    /* written to the standard output */
  TORTURE_OUTCOMES
} torture_outcome;

/* Before all else. */
bool torture_begin(void);
/* False, and a finding: the case fails without a fault. */
bool torture_measure(const torture_case *one, conntrail_emu_profile profile,
                     torture_baseline *baseline);
torture_outcome torture_inject(const torture_case *one, conntrail_emu_profile profile, unsigned nth,
                               const torture_baseline *baseline);

#endif
