/* SPDX-License-Identifier: MIT */

#include "conntrail/conntrail.h"
#include "scripted_heap.h"
#include "scripted_seam.h"

static void setup(void) {
  scripted_begin();
  scripted_heap_begin(0);
}

static void query(uint32_t capacity, uint32_t native, uint32_t bytes) {
  scripted_query(CONNTRAIL__QUERY_RECORDS, SCRIPTED_OWN_BUFFER, capacity, native, bytes);
}

static conntrail_status transfer(void) {
  scripted_heap_watch(true);
  conntrail_status status = conntrail_transfer_records(SCRIPTED_SOCKET, SCRIPTED_OUTBOUND);
  scripted_heap_watch(false);
  return status;
}

/* Transfers, and compares the status, the last error and how often the heap was asked. */
static void expect(conntrail_status status, uint32_t last_error, unsigned heap_calls) {
  ck_assert_int_eq(transfer(), status);
  scripted_end(last_error);
  ck_assert_uint_eq(scripted_heap_calls(), heap_calls);
  scripted_heap_begin(0);
}

/* T1. */
static const uint32_t usual_sizes[] = {1, 48, 1023, 1024};

START_TEST(one_query_one_set_no_heap) {
  query(1024, 0, usual_sizes[_i]);
  scripted_set(SCRIPTED_OUTBOUND, usual_sizes[_i], 0, 0);
  expect(CONNTRAIL_OK, SCRIPTED_UNTOUCHED, 0);
}
END_TEST

static const uint32_t too_small[] = {0, 122, 10014, 10040, 10055};

START_TEST(one_more_query_above_the_usual_size) {
  query(1024, too_small[_i], 1025);
  query(1025, 0, 1025);
  scripted_set(SCRIPTED_OUTBOUND, 1025, 0, 1025);
  ck_assert_int_eq(transfer(), CONNTRAIL_OK);
  scripted_end(SCRIPTED_UNTOUCHED);
  ck_assert_uint_eq(scripted_heap_calls(), 1);
  ck_assert_uint_eq(scripted_heap_last_size(), 1025);
}
END_TEST

START_TEST(largest_records) {
  query(1024, 122, 65536);
  query(65536, 0, 65536);
  scripted_set(SCRIPTED_OUTBOUND, 65536, 0, 0);
  expect(CONNTRAIL_OK, SCRIPTED_UNTOUCHED, 1);
}
END_TEST

START_TEST(records_shrink_between_the_queries) {
  query(1024, 122, 2000);
  query(2000, 0, 1500);
  scripted_set(SCRIPTED_OUTBOUND, 1500, 0, 0);
  expect(CONNTRAIL_OK, SCRIPTED_UNTOUCHED, 1);
}
END_TEST

START_TEST(records_grow_between_the_queries) {
  query(1024, 122, 2000);
  query(2000, 122, 3000);
  query(3000, 0, 3000);
  scripted_set(SCRIPTED_OUTBOUND, 3000, 0, 0);
  expect(CONNTRAIL_OK, SCRIPTED_UNTOUCHED, 2);
}
END_TEST

START_TEST(records_grow_for_ever) {
  query(1024, 122, 2000);
  query(2000, 122, 3000);
  query(3000, 10040, 4000);
  expect(CONNTRAIL_BUFFER_TOO_SMALL, 10040, 2);
}
END_TEST

/* If only the largest buffer could show it, what it holds is set: not asked for a third time. */
START_TEST(large_records_behind_an_ambiguous_answer) {
  query(1024, 10022, 0);
  scripted_describe(0, scripted_connected);
  query(65536, 0, 5000);
  scripted_set(SCRIPTED_OUTBOUND, 5000, 0, 0);
  expect(CONNTRAIL_OK, SCRIPTED_UNTOUCHED, 1);
}
END_TEST

START_TEST(usual_records_behind_an_ambiguous_answer) {
  query(1024, 10022, 0);
  scripted_describe(0, scripted_connected);
  query(65536, 0, 48);
  scripted_set(SCRIPTED_OUTBOUND, 48, 0, 0);
  expect(CONNTRAIL_OK, SCRIPTED_UNTOUCHED, 1);
}
END_TEST

START_TEST(second_query_is_ambiguous) {
  query(1024, 122, 2000);
  query(2000, 10022, 0);
  scripted_describe(0, scripted_connected);
  query(65536, 0, 3000);
  scripted_set(SCRIPTED_OUTBOUND, 3000, 0, 0);
  expect(CONNTRAIL_OK, SCRIPTED_UNTOUCHED, 2);
}
END_TEST

/* T2: the outbound socket is not touched. */
static const uint32_t not_found[] = {1168, 0x80320008};

START_TEST(not_redirected) {
  query(1024, not_found[_i], 0);
  expect(CONNTRAIL_OK_NOTHING_TO_TRANSFER, SCRIPTED_UNTOUCHED, 0);
}
END_TEST

START_TEST(not_redirected_as_measured) {
  query(1024, 10022, 0);
  scripted_describe(0, scripted_connected);
  query(65536, 10022, 0);
  expect(CONNTRAIL_OK_NOTHING_TO_TRANSFER, SCRIPTED_UNTOUCHED, 1);
}
END_TEST

START_TEST(records_of_no_bytes) {
  query(1024, 0, 0);
  expect(CONNTRAIL_OK_NOTHING_TO_TRANSFER, SCRIPTED_UNTOUCHED, 0);
}
END_TEST

/* T3: a plain status speaks of the accepted socket; the outbound one is not touched. */
static const struct {
  uint32_t native;
  conntrail_status status;
} accepted_refusals[] = {
    {995, CONNTRAIL_ABORTED},           {997, CONNTRAIL_PENDING},
    {10004, CONNTRAIL_INTERRUPTED},     {10036, CONNTRAIL_IN_PROGRESS},
    {10038, CONNTRAIL_NOT_SOCKET},      {10042, CONNTRAIL_NO_PROTOCOL_OPTION},
    {10045, CONNTRAIL_NOT_SUPPORTED},   {10050, CONNTRAIL_NET_DOWN},
    {10057, CONNTRAIL_NOT_CONNECTED},   {10013, CONNTRAIL_ACCESS},
    {10093, CONNTRAIL_NOT_INITIALISED}, {4711, CONNTRAIL_UNKNOWN},
};

START_TEST(accepted_socket_refuses) {
  query(1024, accepted_refusals[_i].native, 0);
  expect(accepted_refusals[_i].status, accepted_refusals[_i].native, 0);
}
END_TEST

START_TEST(records_above_the_limit) {
  query(1024, 122, 65537);
  expect(CONNTRAIL_LIMIT, 122, 0);
}
END_TEST

START_TEST(no_memory_for_large_records) {
  query(1024, 122, 2000);
  scripted_heap_begin(1);
  expect(CONNTRAIL_NO_MEMORY, 10055, 1);
}
END_TEST

START_TEST(no_memory_to_ask_once_more) {
  query(1024, 10022, 0);
  scripted_describe(0, scripted_connected);
  scripted_heap_begin(1);
  expect(CONNTRAIL_NO_MEMORY, 10055, 1);
}
END_TEST

/* T3: an OUTBOUND status speaks of the outbound socket. */
static const struct {
  uint32_t native;
  conntrail_status status;
} outbound_refusals[] = {
    {995, CONNTRAIL_OUTBOUND_ABORTED},         {997, CONNTRAIL_OUTBOUND_PENDING},
    {10004, CONNTRAIL_OUTBOUND_INTERRUPTED},   {10013, CONNTRAIL_OUTBOUND_ACCESS},
    {10014, CONNTRAIL_OUTBOUND_FAULT},         {10022, CONNTRAIL_OUTBOUND_INVALID},
    {10036, CONNTRAIL_OUTBOUND_IN_PROGRESS},   {10038, CONNTRAIL_OUTBOUND_NOT_SOCKET},
    {10045, CONNTRAIL_OUTBOUND_NOT_SUPPORTED}, {10050, CONNTRAIL_OUTBOUND_NET_DOWN},
    {10055, CONNTRAIL_OUTBOUND_NO_MEMORY},     {4711, CONNTRAIL_OUTBOUND_UNKNOWN},
};

START_TEST(outbound_socket_refuses) {
  query(1024, 0, 48);
  scripted_set(SCRIPTED_OUTBOUND, 48, outbound_refusals[_i].native, 0);
  expect(outbound_refusals[_i].status, outbound_refusals[_i].native, 0);
}
END_TEST

START_TEST(outbound_socket_refuses_large_records) {
  query(1024, 122, 2000);
  query(2000, 0, 2000);
  scripted_set(SCRIPTED_OUTBOUND, 2000, 10022, 0);
  expect(CONNTRAIL_OUTBOUND_INVALID, 10022, 1);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("transfer");
  tcase_add_checked_fixture(tests, setup, NULL);
  SCRIPTED_ADD_LOOP(tests, one_query_one_set_no_heap, usual_sizes);
  SCRIPTED_ADD_LOOP(tests, one_more_query_above_the_usual_size, too_small);
  tcase_add_test(tests, largest_records);
  tcase_add_test(tests, records_shrink_between_the_queries);
  tcase_add_test(tests, records_grow_between_the_queries);
  tcase_add_test(tests, records_grow_for_ever);
  tcase_add_test(tests, large_records_behind_an_ambiguous_answer);
  tcase_add_test(tests, usual_records_behind_an_ambiguous_answer);
  tcase_add_test(tests, second_query_is_ambiguous);
  SCRIPTED_ADD_LOOP(tests, not_redirected, not_found);
  tcase_add_test(tests, not_redirected_as_measured);
  tcase_add_test(tests, records_of_no_bytes);
  SCRIPTED_ADD_LOOP(tests, accepted_socket_refuses, accepted_refusals);
  tcase_add_test(tests, records_above_the_limit);
  tcase_add_test(tests, no_memory_for_large_records);
  tcase_add_test(tests, no_memory_to_ask_once_more);
  SCRIPTED_ADD_LOOP(tests, outbound_socket_refuses, outbound_refusals);
  tcase_add_test(tests, outbound_socket_refuses_large_records);
  return scripted_run("src transfer", tests);
}
