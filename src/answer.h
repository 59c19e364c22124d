/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ANSWER_H
#define CONNTRAIL_ANSWER_H

/* What one answer of the seam to a query means, read without knowing anything else. */

#include <stdint.h>

typedef struct conntrail__answer {
  uint32_t native;
  uint32_t bytes;
  uint32_t capacity; /* that was offered */
} conntrail__answer;

typedef enum conntrail__meaning {
  CONNTRAIL__FITS,            /* bytes were written */
  CONNTRAIL__TOO_SMALL,       /* bytes are needed */
  CONNTRAIL__TOO_LARGE,       /* bytes are needed, and that is above CONNTRAIL_LARGEST_BLOB (Q4) */
  CONNTRAIL__NOT_FOUND,       /* the connection has no such blob */
  CONNTRAIL__NO_RECORDS_HERE, /* the system has no redirect records (K1) */
  CONNTRAIL__AMBIGUOUS, /* one of these, or a refusal: only a larger buffer shows which (Q3, Q5) */
  CONNTRAIL__REFUSED    /* the number says all */
} conntrail__meaning;

conntrail__meaning conntrail__answer_meaning(const conntrail__answer *answer);

#endif
