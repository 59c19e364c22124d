/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_FAILURE_H
#define CONNTRAIL_FAILURE_H

#include <stdint.h>

#include "conntrail/status.h"

/* Winsock and Win32 numbers that the library reads by name. [D] winerror.h. */
#define CONNTRAIL__NATIVE_WSA_NOT_ENOUGH_MEMORY UINT32_C(8)
#define CONNTRAIL__NATIVE_ABORTED UINT32_C(995)
#define CONNTRAIL__NATIVE_INSUFFICIENT_BUFFER UINT32_C(122)
#define CONNTRAIL__NATIVE_NOT_FOUND UINT32_C(1168)
#define CONNTRAIL__NATIVE_NOT_SUPPORTED UINT32_C(10045)
#define CONNTRAIL__NATIVE_FAULT UINT32_C(10014)
#define CONNTRAIL__NATIVE_INVALID UINT32_C(10022)
#define CONNTRAIL__NATIVE_MESSAGE_SIZE UINT32_C(10040)
#define CONNTRAIL__NATIVE_NO_BUFFERS UINT32_C(10055)
#define CONNTRAIL__NATIVE_FWP_NOT_FOUND UINT32_C(0x80320008)

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
