/* SPDX-License-Identifier: MIT */

#include "operation_scene.h"

conntrail_operation *operation;
unsigned completions;

void operation_setup(void) {
  scripted_begin();
  scripted_heap_begin(0);
  operation = NULL;
  completions = 0;
}

void on_done(void *argument) {
  bool was_watched = scripted_heap_watch(false);
  ck_assert_ptr_eq(argument, &operation);
  ck_assert_ptr_nonnull(operation);
  completions++;
  (void)scripted_heap_watch(was_watched);
}

void begin_records(void) {
  ck_assert_int_eq(conntrail_begin_query_records(SCRIPTED_SOCKET, on_done, &operation, &operation),
                   CONNTRAIL_OK);
}

/* What it takes from the heap is counted. */
conntrail_status begin_watched(void) {
  scripted_heap_watch(true);
  conntrail_status status =
      conntrail_begin_query_records(SCRIPTED_SOCKET, on_done, &operation, &operation);
  scripted_heap_watch(false);
  return status;
}

void begin_context(void) {
  ck_assert_int_eq(conntrail_begin_query_context(SCRIPTED_SOCKET, on_done, &operation, &operation),
                   CONNTRAIL_OK);
}

/* It completed once, with this. */
void expect_failure(conntrail_status status, uint32_t last_error) {
  const void *blob = &completions;
  ck_assert_uint_eq(completions, 1);
  ck_assert_int_eq(conntrail_operation_result(operation, &blob, NULL), status);
  ck_assert_ptr_eq(blob, &completions);
  scripted_end(last_error);
  conntrail_operation_free(operation);
}

void expect_blob(uint32_t code, size_t wanted) {
  const void *blob = NULL;
  size_t size = 77;
  ck_assert_uint_eq(completions, 1);
  ck_assert_int_eq(conntrail_operation_result(operation, &blob, &size), CONNTRAIL_OK);
  ck_assert_uint_eq(size, wanted);
  scripted_expect_blob(code, blob, size, size, 0);
  scripted_end(SCRIPTED_UNTOUCHED);
  conntrail_operation_free(operation);
}
