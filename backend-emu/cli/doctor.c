/* SPDX-License-Identifier: MIT */
#include "doctor.h"

#include <stdio.h>

#include "../supervisor/supervisor.h"

int conntrail__doctor(void) {
  conntrail__need needs[CONNTRAIL__NEEDS];
  bool is_whole = conntrail__supervisor_try(needs);
  for (int i = 0; i < CONNTRAIL__NEEDS; i++) {
    printf("%-8s %s\n", needs[i].is_met ? "ok" : "MISSING", needs[i].what);
    if (!needs[i].is_met) {
      printf("         %s\n", needs[i].cure);
    }
  }
  if (!is_whole) {
    printf("If this system cannot have it: test in process, with conntrail::emulation. That needs "
           "none of "
           "this.\n");
  }
  return is_whole ? 0 : 1;
}
