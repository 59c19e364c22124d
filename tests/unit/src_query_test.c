/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "conntrail/conntrail.h"
#include "scripted_heap.h"
#include "scripted_seam.h"

enum { REST = 0xee };
#define SIZE_UNTOUCHED ((size_t)777002)
#define RECORDS CONNTRAIL__QUERY_RECORDS
#define CONTEXT CONNTRAIL__QUERY_CONTEXT
static unsigned char buffer[100000];
static size_t size;

static void setup(void) {
  scripted_begin();
  scripted_heap_begin(0);
  memset(buffer, REST, sizeof buffer);
  size = SIZE_UNTOUCHED;
}

static conntrail_status ask(uint32_t code, size_t capacity) {
  void *into = capacity > 0 ? buffer : NULL;
  scripted_heap_watch(true);
  conntrail_status status = code == RECORDS
                                ? conntrail_query_records(SCRIPTED_SOCKET, into, capacity, &size)
                                : conntrail_query_context(SCRIPTED_SOCKET, into, capacity, &size);
  scripted_heap_watch(false);
  return status;
}

/* Every output of a call: status, *size, the buffer and the last error. */
static void expect(uint32_t code, size_t capacity, conntrail_status status, size_t expected_size,
                   uint32_t last_error) {
  ck_assert_int_eq(ask(code, capacity), status);
  ck_assert_uint_eq(size, expected_size);
  size_t written = status == CONNTRAIL_OK ? expected_size : 0;
  scripted_expect_blob(code, buffer, written, sizeof buffer, REST);
  scripted_end(last_error);
}

static void first(uint32_t code, uint32_t capacity, uint32_t native, uint32_t bytes) {
  scripted_query(code, capacity > 0 ? buffer : NULL, capacity, native, bytes);
}

/* What follows an ambiguous answer about a connected TCP socket. */
static void second(uint32_t code, uint32_t native, uint32_t bytes) {
  scripted_describe(0, scripted_connected);
  scripted_query(code, SCRIPTED_OWN_BUFFER, 65536, native, bytes);
}

static const uint32_t codes[] = {RECORDS, CONTEXT};

/* ---- One answer ---------------------------------------------------------------------------- */

START_TEST(usual_case_is_one_call_into_the_callers_buffer) {
  uint32_t code = codes[_i];
  first(code, 1024, 0, 48);
  expect(code, 1024, CONNTRAIL_OK, 48, SCRIPTED_UNTOUCHED);
  ck_assert_uint_eq(scripted_heap_calls(), 0);
}
END_TEST

START_TEST(blob_fills_the_buffer) {
  uint32_t code = codes[_i];
  first(code, 48, 0, 48);
  expect(code, 48, CONNTRAIL_OK, 48, SCRIPTED_UNTOUCHED);
}
END_TEST

START_TEST(blob_of_no_bytes) {
  uint32_t code = codes[_i];
  first(code, 16, 0, 0);
  expect(code, 16, CONNTRAIL_OK, 0, SCRIPTED_UNTOUCHED);
}
END_TEST

/* Q2: with the number that the system gave; where it gave none, the status's own. */
static const struct {
  uint32_t native;
  uint32_t last_error;
} too_small[] = {{0, 122}, {122, 122}, {10014, 10014}, {10040, 10040}, {10055, 10055}};

START_TEST(size_alone) {
  for (int i = 0; i < 2; i++) {
    first(codes[i], 0, too_small[_i].native, 48);
    size = SIZE_UNTOUCHED;
    expect(codes[i], 0, CONNTRAIL_BUFFER_TOO_SMALL, 48, too_small[_i].last_error);
  }
  ck_assert_uint_eq(scripted_heap_calls(), 0);
}
END_TEST

/* Q3. The answer 0 is left out: no system is known to say it of a buffer. */
START_TEST(buffer_too_small) {
  for (int i = 0; i < 2; i++) {
    first(codes[i], 16, too_small[_i].native, 48);
    size = SIZE_UNTOUCHED;
    expect(codes[i], 16, CONNTRAIL_BUFFER_TOO_SMALL, 48, too_small[_i].last_error);
  }
  ck_assert_uint_eq(scripted_heap_calls(), 0);
}
END_TEST

START_TEST(buffer_one_byte_too_small) {
  first(RECORDS, 47, 122, 48);
  expect(RECORDS, 47, CONNTRAIL_BUFFER_TOO_SMALL, 48, 122);
}
END_TEST

/* Q4. */
START_TEST(largest_blob) {
  first(RECORDS, 65536, 0, 65536);
  expect(RECORDS, 65536, CONNTRAIL_OK, 65536, SCRIPTED_UNTOUCHED);
}
END_TEST

START_TEST(largest_blob_is_no_limit) {
  first(RECORDS, 16, 122, 65536);
  expect(RECORDS, 16, CONNTRAIL_BUFFER_TOO_SMALL, 65536, 122);
}
END_TEST

START_TEST(capacity_above_the_limit_is_not_offered) {
  first(RECORDS, 65536, 0, 48);
  expect(RECORDS, 100000, CONNTRAIL_OK, 48, SCRIPTED_UNTOUCHED);
  memset(buffer, REST, sizeof buffer);
  first(RECORDS, 65536, 122, 65537);
  expect(RECORDS, 100000, CONNTRAIL_LIMIT, 65537, 122);
}
END_TEST

static const struct {
  uint32_t native;
  uint32_t last_error;
} limits[] = {{0, 0}, {122, 122}, {10014, 10014}, {10040, 10040}, {10055, 10055}};

START_TEST(blob_above_the_limit) {
  static const uint32_t capacities[] = {0, 16, 1024, 65536};
  for (int i = 0; i < 4; i++) {
    size = SIZE_UNTOUCHED;
    first(RECORDS, capacities[i], limits[_i].native, 65537);
    ck_assert_int_eq(ask(RECORDS, capacities[i]), CONNTRAIL_LIMIT);
    ck_assert_uint_eq(size, 65537);
    scripted_end(limits[_i].last_error);
  }
  ck_assert_uint_eq(scripted_heap_calls(), 0);
}
END_TEST

START_TEST(size_of_four_gigabytes_is_above_the_limit) {
  first(RECORDS, 16, 122, UINT32_MAX);
  expect(RECORDS, 16, CONNTRAIL_LIMIT, UINT32_MAX, 122);
}
END_TEST

/* Q5: these two numbers have no other meaning, so no second call. */
static const uint32_t not_found[] = {1168, 0x80320008};

START_TEST(not_redirected_at_once) {
  first(RECORDS, 1024, not_found[_i], 0);
  expect(RECORDS, 1024, CONNTRAIL_NOT_REDIRECTED, SIZE_UNTOUCHED, not_found[_i]);
  first(RECORDS, 0, not_found[_i], 0);
  expect(RECORDS, 0, CONNTRAIL_NOT_REDIRECTED, SIZE_UNTOUCHED, not_found[_i]);
  ck_assert_uint_eq(scripted_heap_calls(), 0);
}
END_TEST

/* Q11, Q16: the socket is not even looked at. */
START_TEST(arguments) {
  size = SIZE_UNTOUCHED;
  ck_assert_int_eq(conntrail_query_records(SCRIPTED_SOCKET, buffer, 16, NULL), CONNTRAIL_FAULT);
  scripted_end(10014);
  ck_assert_int_eq(conntrail_query_records(SCRIPTED_SOCKET, NULL, 16, &size), CONNTRAIL_FAULT);
  scripted_end(10014);
  ck_assert_int_eq(conntrail_query_context(SCRIPTED_SOCKET, NULL, 0, NULL), CONNTRAIL_FAULT);
  scripted_end(10014);
  ck_assert_int_eq(conntrail_query_context(CONNTRAIL_INVALID_SOCKET, NULL, 1, &size),
                   CONNTRAIL_FAULT);
  scripted_end(10014);
  ck_assert_uint_eq(size, SIZE_UNTOUCHED);
  scripted_expect_blob(RECORDS, buffer, 0, sizeof buffer, REST);
}
END_TEST

/*
 * Q15: every number of the documentation's tables for the two queries that says all by itself,
 * and others that may come. 122, 10014 and 10022 are among the ambiguous ones below.
 */
static const struct {
  uint32_t native;
  conntrail_status status;
} refusals[] = {
    {995, CONNTRAIL_ABORTED},           {997, CONNTRAIL_PENDING},
    {10004, CONNTRAIL_INTERRUPTED},     {10036, CONNTRAIL_IN_PROGRESS},
    {10038, CONNTRAIL_NOT_SOCKET},      {10042, CONNTRAIL_NO_PROTOCOL_OPTION},
    {10045, CONNTRAIL_NOT_SUPPORTED},   {10050, CONNTRAIL_NET_DOWN},
    {10057, CONNTRAIL_NOT_CONNECTED},   {10013, CONNTRAIL_ACCESS},
    {10093, CONNTRAIL_NOT_INITIALISED}, {8, CONNTRAIL_NO_MEMORY},
    {10035, CONNTRAIL_WOULD_BLOCK},     {4711, CONNTRAIL_UNKNOWN},
    {UINT32_MAX, CONNTRAIL_UNKNOWN},
};

START_TEST(refusal_of_the_system) {
  for (int i = 0; i < 2; i++) {
    /* A count beside such a number says nothing. */
    first(codes[i], 16, refusals[_i].native, 70000);
    expect(codes[i], 16, refusals[_i].status, SIZE_UNTOUCHED, refusals[_i].native);
  }
}
END_TEST

START_TEST(invalid_with_a_size_is_no_question) {
  first(RECORDS, 16, 10022, 48);
  expect(RECORDS, 16, CONNTRAIL_INVALID, SIZE_UNTOUCHED, 10022);
}
END_TEST

/* ---- Ambiguous: the socket ------------------------------------------------------------------- */

static const uint32_t ambiguous[] = {122, 10014, 10022, 10040, 10055};

static const struct {
  uint32_t native;
  conntrail__socket_facts facts;
  conntrail_status status;
  uint32_t last_error;
} sockets[] = {
    {10038, {false, false, false, false, false, false}, CONNTRAIL_NOT_SOCKET, 10038},
    {10093, {true, true, false, true, false, false}, CONNTRAIL_NOT_INITIALISED, 10093},
    /* Unix-domain; a kind wins over a state (Q16). */
    {0, {false, true, false, true, false, false}, CONNTRAIL_INVALID, 10022},
    {0, {false, true, false, false, false, false}, CONNTRAIL_INVALID, 10022},
    /* Raw. */
    {0, {true, false, false, true, false, false}, CONNTRAIL_INVALID, 10022},
    {0, {true, false, false, false, false, false}, CONNTRAIL_INVALID, 10022},
};

START_TEST(socket_wins_over_an_ambiguous_answer) {
  for (size_t i = 0; i < sizeof ambiguous / sizeof *ambiguous; i++) {
    for (uint32_t capacity = 0; capacity <= 1024; capacity += 512) {
      first(RECORDS, capacity, ambiguous[i], 0);
      scripted_describe(sockets[_i].native, sockets[_i].facts);
      expect(RECORDS, capacity, sockets[_i].status, SIZE_UNTOUCHED, sockets[_i].last_error);
    }
  }
  ck_assert_uint_eq(scripted_heap_calls(), 0);
}
END_TEST

START_TEST(socket_without_a_peer_is_asked_again) { /* (Q13) */
  const conntrail__socket_facts facts = {true, _i < 5, _i >= 5, false, false, false};
  first(RECORDS, 16, ambiguous[_i % 5], 0);
  scripted_describe(0, facts);
  scripted_query(RECORDS, SCRIPTED_OWN_BUFFER, 65536, 10022, 0);
  expect(RECORDS, 16, CONNTRAIL_NOT_CONNECTED, SIZE_UNTOUCHED, 10057);
  first(RECORDS, 16, 10022, 0);
  scripted_describe(0, facts);
  scripted_query(RECORDS, SCRIPTED_OWN_BUFFER, 65536, 0, 48);
  expect(RECORDS, 16, CONNTRAIL_BUFFER_TOO_SMALL, 48, 122);
}
END_TEST

START_TEST(connected_datagram_socket_is_asked_again) {
  const conntrail__socket_facts datagram = {true, false, true, true, false, false};
  first(RECORDS, 16, 10022, 0);
  scripted_describe(0, datagram);
  scripted_query(RECORDS, SCRIPTED_OWN_BUFFER, 65536, 10022, 0);
  expect(RECORDS, 16, CONNTRAIL_NOT_REDIRECTED, SIZE_UNTOUCHED, 10022);
}
END_TEST

/* ---- Ambiguous: the second answer ------------------------------------------------------------ */

/* Capacity 16 by default; a needed size of 48 does not fit in it, one of 9 does. */
static const struct {
  uint32_t capacity;
  uint32_t first;
  uint32_t second;
  uint32_t bytes;
  size_t size;
  conntrail_status status;
  uint32_t last_error;
} turns[] = {
    /* Q3: too small after all. */
    {16, 122, 0, 48, 48, CONNTRAIL_BUFFER_TOO_SMALL, 122},
    {16, 10014, 0, 48, 48, CONNTRAIL_BUFFER_TOO_SMALL, 122},
    {16, 10022, 0, 48, 48, CONNTRAIL_BUFFER_TOO_SMALL, 122},
    {16, 10040, 0, 48, 48, CONNTRAIL_BUFFER_TOO_SMALL, 122},
    {16, 10055, 0, 48, 48, CONNTRAIL_BUFFER_TOO_SMALL, 122},
    {16, 10022, 0, 17, 17, CONNTRAIL_BUFFER_TOO_SMALL, 122},
    {16, 10022, 0, 65536, 65536, CONNTRAIL_BUFFER_TOO_SMALL, 122},
    /* Q2, and sizes of 1 to 3 bytes, which one page calls invalid. */
    {0, 122, 0, 48, 48, CONNTRAIL_BUFFER_TOO_SMALL, 122},
    {0, 10014, 0, 48, 48, CONNTRAIL_BUFFER_TOO_SMALL, 122},
    {0, 10022, 0, 48, 48, CONNTRAIL_BUFFER_TOO_SMALL, 122},
    {1, 10022, 0, 48, 48, CONNTRAIL_BUFFER_TOO_SMALL, 122},
    {3, 10022, 0, 48, 48, CONNTRAIL_BUFFER_TOO_SMALL, 122},
    {0, 10014, 0, 0, 0, CONNTRAIL_OK, SCRIPTED_UNTOUCHED},
    /* It would have fitted: the caller has it, whatever the first answer was. */
    {16, 122, 0, 9, 9, CONNTRAIL_OK, SCRIPTED_UNTOUCHED},
    {16, 10022, 0, 9, 9, CONNTRAIL_OK, SCRIPTED_UNTOUCHED},
    {16, 10022, 0, 16, 16, CONNTRAIL_OK, SCRIPTED_UNTOUCHED},
    {3, 10022, 0, 2, 2, CONNTRAIL_OK, SCRIPTED_UNTOUCHED},
    {16, 10040, 0, 9, 9, CONNTRAIL_OK, SCRIPTED_UNTOUCHED},
    {16, 10055, 0, 9, 9, CONNTRAIL_OK, SCRIPTED_UNTOUCHED},
    {16, 10022, 0, 0, 0, CONNTRAIL_OK, SCRIPTED_UNTOUCHED},
    /* ... but after 10014 the caller's buffer is what was wrong (Q11). */
    {16, 10014, 0, 9, SIZE_UNTOUCHED, CONNTRAIL_FAULT, 10014},
    {16, 10014, 0, 16, SIZE_UNTOUCHED, CONNTRAIL_FAULT, 10014},
    {16, 10014, 1168, 0, SIZE_UNTOUCHED, CONNTRAIL_FAULT, 10014},
    {16, 10014, 10022, 0, SIZE_UNTOUCHED, CONNTRAIL_FAULT, 10014},
    {16, 10014, 10014, 0, SIZE_UNTOUCHED, CONNTRAIL_FAULT, 10014},
    {0, 10014, 10014, 0, SIZE_UNTOUCHED, CONNTRAIL_FAULT, 10014},
    {16, 10022, 10014, 0, SIZE_UNTOUCHED, CONNTRAIL_FAULT, 10014},
    /* Q5. */
    {16, 10022, 10022, 0, SIZE_UNTOUCHED, CONNTRAIL_NOT_REDIRECTED, 10022},
    {0, 10022, 10022, 0, SIZE_UNTOUCHED, CONNTRAIL_NOT_REDIRECTED, 10022},
    {1024, 10022, 10022, 0, SIZE_UNTOUCHED, CONNTRAIL_NOT_REDIRECTED, 10022},
    {65536, 10022, 10022, 0, SIZE_UNTOUCHED, CONNTRAIL_NOT_REDIRECTED, 10022},
    {16, 10022, 1168, 0, SIZE_UNTOUCHED, CONNTRAIL_NOT_REDIRECTED, 1168},
    {16, 10022, 0x80320008, 0, SIZE_UNTOUCHED, CONNTRAIL_NOT_REDIRECTED, 0x80320008},
    {16, 122, 1168, 0, SIZE_UNTOUCHED, CONNTRAIL_NOT_REDIRECTED, 1168},
    {16, 10055, 10022, 0, SIZE_UNTOUCHED, CONNTRAIL_NOT_REDIRECTED, 10022},
    {0, 10014, 10022, 0, SIZE_UNTOUCHED, CONNTRAIL_NOT_REDIRECTED, 10022},
    {0, 10014, 1168, 0, SIZE_UNTOUCHED, CONNTRAIL_NOT_REDIRECTED, 1168},
    /* ... but never where the first answer showed that there are records. */
    {16, 122, 10022, 0, 65537, CONNTRAIL_LIMIT, 122},
    {16, 10040, 10022, 0, 65537, CONNTRAIL_LIMIT, 10040},
    /* Q4: the largest buffer is too small as well, with a size and without. */
    {16, 10022, 122, 70000, 70000, CONNTRAIL_LIMIT, 122},
    {16, 10022, 10014, 70000, 70000, CONNTRAIL_LIMIT, 10014},
    {16, 10014, 10014, 70000, 70000, CONNTRAIL_LIMIT, 10014},
    {16, 10014, 0, 70000, 70000, CONNTRAIL_LIMIT, 0},
    {16, 10022, 10040, 65537, 65537, CONNTRAIL_LIMIT, 10040},
    {16, 10022, 10055, 70000, 70000, CONNTRAIL_LIMIT, 10055},
    {16, 10022, 122, 0, 65537, CONNTRAIL_LIMIT, 122},
    {16, 122, 122, 65536, 65537, CONNTRAIL_LIMIT, 122},
    {16, 10014, 122, 0, 65537, CONNTRAIL_LIMIT, 122},
    {16, 10022, 10040, 0, 65537, CONNTRAIL_LIMIT, 10040},
    /* Q15: any other second answer has its own status. */
    {16, 10055, 10055, 0, SIZE_UNTOUCHED, CONNTRAIL_NO_MEMORY, 10055},
    {16, 10022, 10055, 0, SIZE_UNTOUCHED, CONNTRAIL_NO_MEMORY, 10055},
    {16, 10014, 10055, 0, SIZE_UNTOUCHED, CONNTRAIL_NO_MEMORY, 10055},
    {16, 10022, 10022, 48, SIZE_UNTOUCHED, CONNTRAIL_INVALID, 10022},
    {16, 10022, 10050, 0, SIZE_UNTOUCHED, CONNTRAIL_NET_DOWN, 10050},
    {16, 10014, 10050, 0, SIZE_UNTOUCHED, CONNTRAIL_NET_DOWN, 10050},
    {16, 122, 10057, 0, SIZE_UNTOUCHED, CONNTRAIL_NOT_CONNECTED, 10057},
    {16, 10022, 997, 0, SIZE_UNTOUCHED, CONNTRAIL_PENDING, 997},
    {16, 10022, 4711, 0, SIZE_UNTOUCHED, CONNTRAIL_UNKNOWN, 4711},
};

START_TEST(second_answer_decides) {
  first(RECORDS, turns[_i].capacity, turns[_i].first, 0);
  second(RECORDS, turns[_i].second, turns[_i].bytes);
  expect(RECORDS, turns[_i].capacity, turns[_i].status, turns[_i].size, turns[_i].last_error);
  ck_assert_uint_eq(scripted_heap_calls(), 1);
  ck_assert_uint_eq(scripted_heap_last_size(), 65536);
}
END_TEST

/* A count that is not above the capacity is no needed size. */
START_TEST(count_up_to_the_capacity_is_no_size) {
  first(RECORDS, 16, 122, 16);
  second(RECORDS, 0, 48);
  expect(RECORDS, 16, CONNTRAIL_BUFFER_TOO_SMALL, 48, 122);
}
END_TEST

/* ---- The context (Q6)
 * ---------------------------------------------------------------------------- */

static void records_answer(uint32_t native, uint32_t bytes) {
  scripted_query(RECORDS, SCRIPTED_OWN_BUFFER, 1024, native, bytes);
}

static const struct {
  uint32_t native;
  uint32_t bytes;
  conntrail_status status;
  uint32_t last_error; /* 0: the context's own answer */
} beside_no_context[] = {
    {0, 48, CONNTRAIL_NO_CONTEXT, 0},
    {122, 2000, CONNTRAIL_NO_CONTEXT, 0},
    {122, 70000, CONNTRAIL_NO_CONTEXT, 0},
    {1168, 0, CONNTRAIL_NOT_REDIRECTED, 1168},
    {0x80320008, 0, CONNTRAIL_NOT_REDIRECTED, 0x80320008},
    {10013, 0, CONNTRAIL_ACCESS, 10013},
    {10050, 0, CONNTRAIL_NET_DOWN, 10050},
};

START_TEST(records_tell_why_there_is_no_context) {
  for (int i = 0; i < 2; i++) {
    uint32_t native = not_found[i];
    uint32_t last_error = beside_no_context[_i].last_error;
    first(CONTEXT, 16, native, 0);
    records_answer(beside_no_context[_i].native, beside_no_context[_i].bytes);
    expect(CONTEXT, 16, beside_no_context[_i].status, SIZE_UNTOUCHED,
           last_error != 0 ? last_error : native);
  }
  ck_assert_uint_eq(scripted_heap_calls(), 0);
}
END_TEST

START_TEST(no_context_as_measured) {
  first(CONTEXT, 16, 10022, 0);
  second(CONTEXT, 10022, 0);
  records_answer(0, 48);
  expect(CONTEXT, 16, CONNTRAIL_NO_CONTEXT, SIZE_UNTOUCHED, 10022);
}
END_TEST

START_TEST(not_redirected_as_measured) {
  first(CONTEXT, 16, 10022, 0);
  second(CONTEXT, 10022, 0);
  records_answer(10022, 0);
  second(RECORDS, 10022, 0);
  expect(CONTEXT, 16, CONNTRAIL_NOT_REDIRECTED, SIZE_UNTOUCHED, 10022);
}
END_TEST

START_TEST(no_context_beside_records_without_a_size) {
  first(CONTEXT, 16, 1168, 0);
  records_answer(10022, 0);
  second(RECORDS, 0, 2000);
  expect(CONTEXT, 16, CONNTRAIL_NO_CONTEXT, SIZE_UNTOUCHED, 1168);
}
END_TEST

START_TEST(context_behind_an_ambiguous_answer) {
  first(CONTEXT, 16, 10022, 0);
  second(CONTEXT, 0, 9);
  expect(CONTEXT, 16, CONNTRAIL_OK, 9, SCRIPTED_UNTOUCHED);
}
END_TEST

/* The two numbers of the documentation's context table that are ambiguous, made certain. */
START_TEST(context_fault_and_invalid) {
  first(CONTEXT, 16, 10014, 0);
  second(CONTEXT, 10014, 0);
  expect(CONTEXT, 16, CONNTRAIL_FAULT, SIZE_UNTOUCHED, 10014);
  first(CONTEXT, 16, 10022, 0);
  scripted_describe(0, sockets[4].facts);
  expect(CONTEXT, 16, CONNTRAIL_INVALID, SIZE_UNTOUCHED, 10022);
}
END_TEST

static void add_one_answer(TCase *tests) {
  SCRIPTED_ADD_LOOP(tests, usual_case_is_one_call_into_the_callers_buffer, codes);
  SCRIPTED_ADD_LOOP(tests, blob_fills_the_buffer, codes);
  SCRIPTED_ADD_LOOP(tests, blob_of_no_bytes, codes);
  SCRIPTED_ADD_LOOP(tests, size_alone, too_small);
  tcase_add_loop_test(tests, buffer_too_small, 1, (int)(sizeof too_small / sizeof *too_small));
  tcase_add_test(tests, buffer_one_byte_too_small);
  tcase_add_test(tests, largest_blob);
  tcase_add_test(tests, largest_blob_is_no_limit);
  tcase_add_test(tests, capacity_above_the_limit_is_not_offered);
  SCRIPTED_ADD_LOOP(tests, blob_above_the_limit, limits);
  tcase_add_test(tests, size_of_four_gigabytes_is_above_the_limit);
  SCRIPTED_ADD_LOOP(tests, not_redirected_at_once, not_found);
  tcase_add_test(tests, arguments);
  SCRIPTED_ADD_LOOP(tests, refusal_of_the_system, refusals);
  tcase_add_test(tests, invalid_with_a_size_is_no_question);
}

static void add_ambiguous(TCase *tests) {
  SCRIPTED_ADD_LOOP(tests, socket_wins_over_an_ambiguous_answer, sockets);
  tcase_add_loop_test(tests, socket_without_a_peer_is_asked_again, 0, 10);
  tcase_add_test(tests, connected_datagram_socket_is_asked_again);
  SCRIPTED_ADD_LOOP(tests, second_answer_decides, turns);
  tcase_add_test(tests, count_up_to_the_capacity_is_no_size);
}

static void add_context(TCase *tests) {
  SCRIPTED_ADD_LOOP(tests, records_tell_why_there_is_no_context, beside_no_context);
  tcase_add_test(tests, no_context_as_measured);
  tcase_add_test(tests, not_redirected_as_measured);
  tcase_add_test(tests, no_context_beside_records_without_a_size);
  tcase_add_test(tests, context_behind_an_ambiguous_answer);
  tcase_add_test(tests, context_fault_and_invalid);
}

int main(void) {
  TCase *tests = tcase_create("query");
  tcase_add_checked_fixture(tests, setup, NULL);
  add_one_answer(tests);
  add_ambiguous(tests);
  add_context(tests);
  return scripted_run("src query", tests);
}
