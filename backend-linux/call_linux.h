/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CALL_LINUX_H
#define CONNTRAIL_CALL_LINUX_H

/* The full form of include/conntrail/linux.h, as the files of this backend use it. */

#include <stdint.h>

#include "../src/backend.h"
#include "conntrail/linux.h"

/* The public header repeats what the seam passes on as it is. */
_Static_assert(CONNTRAIL_LINUX_QUERY_RECORDS == CONNTRAIL__QUERY_RECORDS &&
                   CONNTRAIL_LINUX_QUERY_CONTEXT == CONNTRAIL__QUERY_CONTEXT &&
                   CONNTRAIL_LINUX_SET_RECORDS == CONNTRAIL__SET_RECORDS,
               "control codes");

/*
 * Performs a call. The caller has set code, in and in_size, and bytes; capacity is the size of out.
 * Answers 0 or the Winsock number, CONNTRAIL__NO_RECORDS from a real kernel.
 */
uint32_t conntrail__linux_call(conntrail_socket socket, struct conntrail_linux_call *call,
                               void *out, uint32_t capacity);

/* The Winsock number behind errno, after a message call failed. */
uint32_t conntrail__linux_failure(conntrail_socket socket);

/* The same after getsockopt() or setsockopt() at SOL_CONNTRAIL failed. CONNTRAIL__NO_RECORDS where
 * a real kernel refused the level (K1). */
uint32_t conntrail__linux_level_failure(conntrail_socket socket);

#endif
