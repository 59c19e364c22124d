/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_PROBE_ASSUMPTIONS_H
#define CONNTRAIL_PROBE_ASSUMPTIONS_H

#include <stdint.h>

/* What the byte count must be. */
typedef enum probe_count {
  PROBE_ANY_COUNT,
  PROBE_COUNT_0,
  PROBE_COUNT_SIZE, /* of the records or the context */
  PROBE_COUNT_UNTOUCHED
} probe_count;

enum { PROBE_MOST_NATIVES = 4, PROBE_NO_MORE = 1 };

/* What conntrail believes of one row. PROBE_NO_MORE is no number of Winsock: it ends the list. */
typedef struct probe_assumption {
  const char *clause;
  const char
      *source; /* "D", "S", "A" as in docs/reference/behaviour.md; or the profile that says so */
  const char *row;
  const char *statement;
  uint32_t natives[PROBE_MOST_NATIVES];
  probe_count count;
  const char *value; /* must stand in the answer's value; with '!' in front: must not; NULL: any */
} probe_assumption;

extern const probe_assumption conntrail__probe_assumptions[];
extern const unsigned conntrail__probe_assumption_count;

#endif
