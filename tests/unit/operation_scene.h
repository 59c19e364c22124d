/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_OPERATION_SCENE_H
#define CONNTRAIL_TESTS_OPERATION_SCENE_H

/* One operation over the scripted seam: what the tests of async.h begin with and end with. */

#include "conntrail/async.h"
#include "conntrail/conntrail.h"
#include "scripted_heap.h"
#include "scripted_seam.h"

enum { BLOB_SIZE = 80, ABORTED = 995 };

extern conntrail_operation *operation;
extern unsigned completions;

/* A checked fixture's setup. */
void operation_setup(void);

/* A completion, for the argument &operation. */
void on_done(void *argument);

void begin_records(void);
void begin_context(void);
/* Records; what it takes from the heap is counted. */
conntrail_status begin_watched(void);

/* It completed once, with this. The operation is freed, and the script ends. */
void expect_failure(conntrail_status status, uint32_t last_error);
void expect_blob(uint32_t code, size_t wanted);

#endif
