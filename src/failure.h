/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_FAILURE_H
#define CONNTRAIL_FAILURE_H

#include <stdint.h>

#include "conntrail/status.h"
#include "numbers.h"

/* A status, and the number that the system gave with it; 0 where the library itself refuses. */
typedef struct conntrail__verdict {
  conntrail_status status;
  uint32_t native;
} conntrail__verdict;

/* The verdict of the library itself. */
conntrail__verdict conntrail__own_verdict(conntrail_status status);

/* The verdict that a number from the system stands for when nothing more is known. */
conntrail__verdict conntrail__native_verdict(uint32_t native);

/* The same after a message was sent: some numbers say something else there than for a query. */
conntrail__verdict conntrail__message_verdict(uint32_t native);

/*
 * The last step of a public call: a failure leaves its number in this thread, where the verdict
 * has none the one that status.h lists for the status (Q15). A success leaves it alone.
 */
conntrail_status conntrail__report(conntrail__verdict verdict);

#endif
