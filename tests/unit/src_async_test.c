/* SPDX-License-Identifier: MIT */

/* Operations over a seam that completes when the script says (O1, O2, O5). */

#include "operation_scene.h"

START_TEST(answered_at_once) {
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, 0, BLOB_SIZE);
  begin_records();
  expect_blob(CONNTRAIL__QUERY_RECORDS, BLOB_SIZE);
}
END_TEST

START_TEST(largest_blob) {
  scripted_begin_query(CONNTRAIL__QUERY_CONTEXT, 122, 65536);
  scripted_begin_largest(CONNTRAIL__QUERY_CONTEXT, 0, 65536);
  begin_context();
  expect_blob(CONNTRAIL__QUERY_CONTEXT, 65536);
}
END_TEST

START_TEST(completed_before_begin_returns) {
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, CONNTRAIL__PENDING, 0);
  scripted_completes_at_once(0, BLOB_SIZE);
  begin_records();
  expect_blob(CONNTRAIL__QUERY_RECORDS, BLOB_SIZE);
}
END_TEST

START_TEST(completed_later) {
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, CONNTRAIL__PENDING, 0);
  begin_records();
  ck_assert_uint_eq(completions, 0);
  ck_assert_int_eq(conntrail_operation_result(operation, NULL, NULL), CONNTRAIL_PENDING);
  ck_assert_uint_eq(conntrail_native_error(), CONNTRAIL__PENDING);
  conntrail__backend_set_last_error(SCRIPTED_UNTOUCHED);
  scripted_complete(0, 0, BLOB_SIZE);
  expect_blob(CONNTRAIL__QUERY_RECORDS, BLOB_SIZE);
}
END_TEST

/* A plain number from the system is the status, and its number is kept. */
static const struct {
  uint32_t native;
  conntrail_status status;
} refusals[] = {{10038, CONNTRAIL_NOT_SOCKET},    {10057, CONNTRAIL_NOT_CONNECTED},
                {10045, CONNTRAIL_NOT_SUPPORTED}, {995, CONNTRAIL_ABORTED},
                {1168, CONNTRAIL_NOT_REDIRECTED}, {0x80320008, CONNTRAIL_NOT_REDIRECTED}};

START_TEST(refused_at_once) {
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, refusals[_i].native, 0);
  begin_records();
  expect_failure(refusals[_i].status, refusals[_i].native);
}
END_TEST

START_TEST(refused_later) {
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, CONNTRAIL__PENDING, 0);
  begin_records();
  scripted_complete(0, refusals[_i].native, 0);
  expect_failure(refusals[_i].status, refusals[_i].native);
}
END_TEST

/* Q5: 10022 to the largest buffer is "not redirected", of a socket that may be asked. */
START_TEST(invalid_means_not_redirected) {
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, 10022, 0);
  scripted_begin_largest(CONNTRAIL__QUERY_RECORDS, 10022, 0);
  scripted_describe(0, scripted_connected);
  begin_records();
  expect_failure(CONNTRAIL_NOT_REDIRECTED, 10022);
}
END_TEST

/* Q16: what the socket is wins over what the answer may mean. */
START_TEST(invalid_on_a_socket_that_is_not_connected) {
  const conntrail__socket_facts fresh = {true, true, false, false, false, false};
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, 10022, 0);
  scripted_begin_largest(CONNTRAIL__QUERY_RECORDS, 10022, 0);
  scripted_describe(0, fresh);
  begin_records();
  expect_failure(CONNTRAIL_NOT_CONNECTED, 10057);
}
END_TEST

/* Q4: with the size where there is one. */
START_TEST(above_the_limit) {
  size_t size = 0;
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, 122, 70000);
  begin_records();
  ck_assert_int_eq(conntrail_operation_result(operation, NULL, &size), CONNTRAIL_LIMIT);
  ck_assert_uint_eq(size, 70000);
  expect_failure(CONNTRAIL_LIMIT, 122);
}
END_TEST

/* Q6: the records distinguish the two. Each of the two may pend. */
START_TEST(no_context_but_records) {
  uint32_t first = (_i & 1) != 0 ? CONNTRAIL__PENDING : 1168;
  uint32_t second = (_i & 2) != 0 ? CONNTRAIL__PENDING : 0;
  scripted_begin_query(CONNTRAIL__QUERY_CONTEXT, first, 0);
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, second, BLOB_SIZE);
  begin_context();
  if (first == CONNTRAIL__PENDING) {
    scripted_complete(0, 1168, 0);
  }
  ck_assert_uint_eq(completions, second == CONNTRAIL__PENDING ? 0 : 1);
  if (second == CONNTRAIL__PENDING) {
    scripted_complete(1, 0, BLOB_SIZE);
  }
  expect_failure(CONNTRAIL_NO_CONTEXT, 1168);
}
END_TEST

START_TEST(neither_context_nor_records) {
  scripted_begin_query(CONNTRAIL__QUERY_CONTEXT, 1168, 0);
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, 0x80320008, 0);
  begin_context();
  expect_failure(CONNTRAIL_NOT_REDIRECTED, 0x80320008);
}
END_TEST

START_TEST(closed_between_the_two) {
  scripted_begin_query(CONNTRAIL__QUERY_CONTEXT, CONNTRAIL__PENDING, 0);
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, CONNTRAIL__PENDING, 0);
  begin_context();
  scripted_complete(0, 1168, 0);
  scripted_complete(1, ABORTED, 0);
  expect_failure(CONNTRAIL_ABORTED, ABORTED);
}
END_TEST

/* O2: whatever the system then answers. */
static const uint32_t after_cancel[] = {0, ABORTED, 10038};

START_TEST(cancelled_before_it_completes) {
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, CONNTRAIL__PENDING, 0);
  begin_records();
  scripted_cancel(0);
  conntrail_operation_cancel(operation);
  ck_assert_uint_eq(completions, 0);
  ck_assert_int_eq(conntrail_operation_result(operation, NULL, NULL), CONNTRAIL_PENDING);
  scripted_complete(0, after_cancel[_i], 0);
  expect_failure(CONNTRAIL_ABORTED, ABORTED);
}
END_TEST

START_TEST(cancelled_after_it_completed) {
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, 0, BLOB_SIZE);
  begin_records();
  conntrail_operation_cancel(operation);
  conntrail_operation_cancel(operation);
  expect_failure(CONNTRAIL_ABORTED, ABORTED);
}
END_TEST

/* The second query begins after the cancel, and must not be waited for. */
START_TEST(cancelled_before_the_second_query) {
  scripted_begin_query(CONNTRAIL__QUERY_CONTEXT, CONNTRAIL__PENDING, 0);
  begin_context();
  scripted_cancel(0);
  conntrail_operation_cancel(operation);
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, CONNTRAIL__PENDING, 0);
  scripted_cancel(1);
  scripted_complete(0, 1168, 0);
  ck_assert_uint_eq(completions, 0);
  scripted_complete(1, ABORTED, 0);
  expect_failure(CONNTRAIL_ABORTED, ABORTED);
}
END_TEST

static void free_itself(void *argument) {
  completions++;
  conntrail_operation_free(*(conntrail_operation **)argument);
}

START_TEST(freed_in_its_completion) {
  scripted_begin_query(CONNTRAIL__QUERY_CONTEXT, 1168, 0);
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, CONNTRAIL__PENDING, 0);
  scripted_completes_at_once(0, BLOB_SIZE);
  ck_assert_int_eq(
      conntrail_begin_query_context(SCRIPTED_SOCKET, free_itself, &operation, &operation),
      CONNTRAIL_OK);
  ck_assert_uint_eq(completions, 1);
  scripted_end(SCRIPTED_UNTOUCHED);
}
END_TEST

/* It goes on for itself: the system writes into its buffer, and its completion runs. */
START_TEST(freed_while_it_pends) {
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, CONNTRAIL__PENDING, 0);
  scripted_cancels_are_free();
  begin_records();
  if (_i == 1) {
    conntrail_operation_cancel(operation);
  }
  conntrail_operation_free(operation);
  ck_assert_uint_eq(completions, 0);
  scripted_complete(0, 0, BLOB_SIZE);
  ck_assert_uint_eq(completions, 1);
  scripted_end(SCRIPTED_UNTOUCHED);
}
END_TEST

START_TEST(two_at_once_in_either_order) {
  conntrail_operation *both[2];
  unsigned first = (unsigned)_i;
  for (int i = 0; i < 2; i++) {
    scripted_begin_query(CONNTRAIL__QUERY_RECORDS, CONNTRAIL__PENDING, 0);
    begin_records();
    both[i] = operation;
  }
  scripted_complete(first, 0, BLOB_SIZE);
  scripted_complete(1 - first, 0, BLOB_SIZE + 1);
  ck_assert_uint_eq(completions, 2);
  for (unsigned i = 0; i < 2; i++) {
    size_t size = 0;
    ck_assert_int_eq(conntrail_operation_result(both[i], NULL, &size), CONNTRAIL_OK);
    ck_assert_uint_eq(size, i == first ? BLOB_SIZE : BLOB_SIZE + 1);
    conntrail_operation_free(both[i]);
  }
  scripted_end(SCRIPTED_UNTOUCHED);
}
END_TEST

START_TEST(nothing_is_begun_without_a_place) {
  ck_assert_int_eq(conntrail_begin_query_records(SCRIPTED_SOCKET, NULL, NULL, &operation),
                   CONNTRAIL_FAULT);
  scripted_end(10014);
  ck_assert_int_eq(conntrail_begin_query_context(SCRIPTED_SOCKET, on_done, NULL, NULL),
                   CONNTRAIL_FAULT);
  scripted_end(10014);
  ck_assert_ptr_null(operation);
  ck_assert_uint_eq(completions, 0);
}
END_TEST

START_TEST(nothing_is_begun_without_memory) {
  scripted_heap_begin((unsigned)_i);
  ck_assert_int_eq(begin_watched(), CONNTRAIL_NO_MEMORY);
  ck_assert_ptr_null(operation);
  ck_assert_uint_eq(completions, 0);
  scripted_end(10055);
}
END_TEST

START_TEST(freeing_nothing_is_allowed) {
  conntrail_operation_free(NULL);
  scripted_end(SCRIPTED_UNTOUCHED);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("async");
  tcase_add_checked_fixture(tests, operation_setup, NULL);
  tcase_add_test(tests, answered_at_once);
  tcase_add_test(tests, largest_blob);
  tcase_add_test(tests, completed_before_begin_returns);
  tcase_add_test(tests, completed_later);
  SCRIPTED_ADD_LOOP(tests, refused_at_once, refusals);
  SCRIPTED_ADD_LOOP(tests, refused_later, refusals);
  tcase_add_test(tests, invalid_means_not_redirected);
  tcase_add_test(tests, invalid_on_a_socket_that_is_not_connected);
  tcase_add_test(tests, above_the_limit);
  tcase_add_loop_test(tests, no_context_but_records, 0, 4);
  tcase_add_test(tests, neither_context_nor_records);
  tcase_add_test(tests, closed_between_the_two);
  SCRIPTED_ADD_LOOP(tests, cancelled_before_it_completes, after_cancel);
  tcase_add_test(tests, cancelled_after_it_completed);
  tcase_add_test(tests, cancelled_before_the_second_query);
  tcase_add_test(tests, freed_in_its_completion);
  tcase_add_loop_test(tests, freed_while_it_pends, 0, 2);
  tcase_add_loop_test(tests, two_at_once_in_either_order, 0, 2);
  tcase_add_test(tests, nothing_is_begun_without_a_place);
  tcase_add_loop_test(tests, nothing_is_begun_without_memory, 1, 3);
  tcase_add_test(tests, freeing_nothing_is_allowed);
  return scripted_run("src async", tests);
}
