/* SPDX-License-Identifier: MIT */

/* Operations whose question is put more than once: to the largest buffer (Q3, Q5), for the records
 * behind a missing context (Q6), and after the system gave a call up (O7). */

#include "operation_scene.h"

/* An answer at once takes little: the operation, and the usual buffer. */
START_TEST(usual_blob_takes_little_heap) {
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, 0, 1024);
  ck_assert_int_eq(begin_watched(), CONNTRAIL_OK);
  ck_assert_uint_eq(scripted_heap_calls(), 2);
  ck_assert_uint_eq(scripted_heap_last_size(), 1024);
  expect_blob(CONNTRAIL__QUERY_RECORDS, 1024);
}
END_TEST

/* Q3: every way to say "too small" to the usual buffer. Each of the two questions may pend. */
static const struct {
  uint32_t native;
  uint32_t bytes;
} too_small[] = {{122, 1025}, {0, 1025},     {10014, 1025}, {10040, 1025},
                 {122, 0},    {10055, 1025}, {10040, 0},    {10022, 0}};

START_TEST(asked_once_more_with_the_largest) {
  bool pends = _i % 2 != 0;
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS,
                       pends ? CONNTRAIL__PENDING : too_small[_i / 2].native,
                       too_small[_i / 2].bytes);
  scripted_begin_largest(CONNTRAIL__QUERY_RECORDS, pends ? CONNTRAIL__PENDING : 0, 1025);
  begin_records();
  if (pends) {
    scripted_complete(0, too_small[_i / 2].native, too_small[_i / 2].bytes);
    ck_assert_uint_eq(completions, 0);
    scripted_complete(1, 0, 1025);
  }
  expect_blob(CONNTRAIL__QUERY_RECORDS, 1025);
}
END_TEST

START_TEST(no_memory_for_the_largest_is_a_result) {
  scripted_heap_begin(3);
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, 122, 1025);
  ck_assert_int_eq(begin_watched(), CONNTRAIL_OK);
  expect_failure(CONNTRAIL_NO_MEMORY, 10055);
}
END_TEST

/* 122 says that there is a blob: what the largest buffer is answered with cannot deny it (Q5). */
START_TEST(a_blob_that_the_largest_buffer_denies_is_above_the_limit) {
  size_t size = 0;
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, 122, 0);
  scripted_begin_largest(CONNTRAIL__QUERY_RECORDS, 10022, 0);
  scripted_describe(0, scripted_connected);
  begin_records();
  ck_assert_int_eq(conntrail_operation_result(operation, NULL, &size), CONNTRAIL_LIMIT);
  ck_assert_uint_eq(size, 65537);
  expect_failure(CONNTRAIL_LIMIT, 122);
}
END_TEST

/* Of the records only their presence matters. */
START_TEST(no_context_but_large_records) {
  scripted_begin_query(CONNTRAIL__QUERY_CONTEXT, 1168, 0);
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, 122, 2000);
  begin_context();
  expect_failure(CONNTRAIL_NO_CONTEXT, 1168);
}
END_TEST

/* Both as ambiguous as can be. */
START_TEST(no_context_and_ambiguous_records) {
  bool are_there = _i == 1;
  scripted_begin_query(CONNTRAIL__QUERY_CONTEXT, 10022, 0);
  scripted_begin_largest(CONNTRAIL__QUERY_CONTEXT, 10022, 0);
  scripted_describe(0, scripted_connected);
  scripted_begin_largest(CONNTRAIL__QUERY_RECORDS, are_there ? 0 : 10022, are_there ? 2000 : 0);
  if (!are_there) {
    scripted_describe(0, scripted_connected);
  }
  begin_context();
  expect_failure(are_there ? CONNTRAIL_NO_CONTEXT : CONNTRAIL_NOT_REDIRECTED, 10022);
}
END_TEST

/* 122 for the context's first question proves no records. */
START_TEST(a_contexts_answer_says_nothing_of_the_records) {
  scripted_begin_query(CONNTRAIL__QUERY_CONTEXT, 122, 0);
  scripted_begin_largest(CONNTRAIL__QUERY_CONTEXT, 1168, 0);
  scripted_begin_largest(CONNTRAIL__QUERY_RECORDS, 10022, 0);
  scripted_describe(0, scripted_connected);
  begin_context();
  expect_failure(CONNTRAIL_NOT_REDIRECTED, 10022);
}
END_TEST

START_TEST(no_context_and_records_that_only_the_largest_tells) {
  scripted_begin_query(CONNTRAIL__QUERY_CONTEXT, 1168, 0);
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, 10022, 0);
  scripted_begin_largest(CONNTRAIL__QUERY_RECORDS, 0, 2000);
  begin_context();
  expect_failure(CONNTRAIL_NO_CONTEXT, 1168);
}
END_TEST

/* O7: the system gives a call up, without a close or a cancel. Asked again, it may pend. */
START_TEST(given_up_and_asked_again) {
  bool pends = _i == 1;
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, CONNTRAIL__PENDING, 0);
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, pends ? CONNTRAIL__PENDING : 0, BLOB_SIZE);
  begin_records();
  scripted_complete(0, CONNTRAIL__GIVEN_UP, 0);
  if (pends) {
    ck_assert_uint_eq(completions, 0);
    scripted_complete(1, 0, BLOB_SIZE);
  }
  expect_blob(CONNTRAIL__QUERY_RECORDS, BLOB_SIZE);
}
END_TEST

/* Each question once. */
START_TEST(each_question_is_asked_again) {
  for (unsigned i = 0; i < 2; i++) {
    scripted_begin_query(CONNTRAIL__QUERY_CONTEXT, CONNTRAIL__PENDING, 0);
  }
  for (unsigned i = 0; i < 2; i++) {
    scripted_begin_query(CONNTRAIL__QUERY_RECORDS, CONNTRAIL__PENDING, 0);
  }
  begin_context();
  scripted_complete(0, CONNTRAIL__GIVEN_UP, 0);
  scripted_complete(1, 1168, 0);
  scripted_complete(2, CONNTRAIL__GIVEN_UP, 0);
  ck_assert_uint_eq(completions, 0);
  scripted_complete(3, 0, BLOB_SIZE);
  expect_failure(CONNTRAIL_NO_CONTEXT, 1168);
}
END_TEST

/* What the second call is refused with, closed sockets among them, is not what ended the first. */
static const uint32_t second_refusals[] = {10038, 10045, 10057, ABORTED, CONNTRAIL__GIVEN_UP};

START_TEST(given_up_and_refused_is_aborted) {
  bool pends = _i % 2 != 0;
  uint32_t native = second_refusals[_i / 2];
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, CONNTRAIL__PENDING, 0);
  /* Nothing that did not pend is given up. */
  pends = pends || native == CONNTRAIL__GIVEN_UP;
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, pends ? CONNTRAIL__PENDING : native, 0);
  begin_records();
  scripted_complete(0, CONNTRAIL__GIVEN_UP, 0);
  if (pends) {
    scripted_complete(1, native, 0);
  }
  expect_failure(CONNTRAIL_ABORTED, ABORTED);
}
END_TEST

START_TEST(given_up_by_a_cancel_is_not_asked_again) {
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, CONNTRAIL__PENDING, 0);
  begin_records();
  scripted_cancel(0);
  conntrail_operation_cancel(operation);
  scripted_complete(0, CONNTRAIL__GIVEN_UP, 0);
  expect_failure(CONNTRAIL_ABORTED, ABORTED);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("async again");
  tcase_add_checked_fixture(tests, operation_setup, NULL);
  tcase_add_test(tests, usual_blob_takes_little_heap);
  tcase_add_loop_test(tests, asked_once_more_with_the_largest, 0,
                      2 * (int)(sizeof too_small / sizeof *too_small));
  tcase_add_test(tests, no_memory_for_the_largest_is_a_result);
  tcase_add_test(tests, a_blob_that_the_largest_buffer_denies_is_above_the_limit);
  tcase_add_test(tests, no_context_but_large_records);
  tcase_add_loop_test(tests, no_context_and_ambiguous_records, 0, 2);
  tcase_add_test(tests, a_contexts_answer_says_nothing_of_the_records);
  tcase_add_test(tests, no_context_and_records_that_only_the_largest_tells);
  tcase_add_loop_test(tests, given_up_and_asked_again, 0, 2);
  tcase_add_test(tests, each_question_is_asked_again);
  tcase_add_loop_test(tests, given_up_and_refused_is_aborted, 0,
                      2 * (int)(sizeof second_refusals / sizeof *second_refusals));
  tcase_add_test(tests, given_up_by_a_cancel_is_not_asked_again);
  return scripted_run("src async again", tests);
}
