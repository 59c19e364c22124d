/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "conntrail/async.h"
#include "conntrail/conntrail.h"
#include "scripted_heap.h"
#include "scripted_seam.h"

/* 93.184.216.34:443 in the first of two SOCKADDR_STORAGE. */
static const unsigned char known_context[256] = {2, 0, 0x01, 0xbb, 93, 184, 216, 34};

static struct sockaddr_storage destination;
static struct sockaddr_storage untouched;
static struct sockaddr_storage expected;

/* What the decoder of these tests saw, and answers. */
static struct {
  int calls;
  size_t size;
  void *argument;
  bool was_cleared;
  conntrail_status status;
  unsigned short family;
} decoder;

static void setup(void) {
  scripted_begin();
  scripted_heap_begin(0);
  memset(&decoder, 0, sizeof decoder);
  memset(&untouched, 0xee, sizeof untouched);
  destination = untouched;
  memset(&expected, 0, sizeof expected);
  struct sockaddr_in *inet = (struct sockaddr_in *)&expected;
  inet->sin_family = AF_INET;
  inet->sin_port = htons(443);
  inet->sin_addr.s_addr = htonl(0x5db8d822);
}

static conntrail_status decode(const void *context, size_t size, struct sockaddr_storage *into,
                               void *argument) {
  static const struct sockaddr_storage cleared;
  bool watched = scripted_heap_watch(false);
  scripted_expect_blob(CONNTRAIL__QUERY_CONTEXT, context, size, size, 0);
  decoder.calls++;
  decoder.size = size;
  decoder.argument = argument;
  decoder.was_cleared = memcmp(into, &cleared, sizeof cleared) == 0;
  *into = expected;
  ((struct sockaddr *)into)->sa_family = decoder.family;
  scripted_heap_watch(watched);
  return decoder.status;
}

static void context(uint32_t capacity, uint32_t native, uint32_t bytes) {
  scripted_query(CONNTRAIL__QUERY_CONTEXT, SCRIPTED_OWN_BUFFER, capacity, native, bytes);
}

static void no_context(void) {
  context(1024, 1168, 0);
  scripted_query(CONNTRAIL__QUERY_RECORDS, SCRIPTED_OWN_BUFFER, 1024, 0, 48);
}

static void expect_found(conntrail_status status) {
  ck_assert_int_eq(status, CONNTRAIL_OK);
  ck_assert_mem_eq(&destination, &expected, sizeof expected);
  scripted_end(SCRIPTED_UNTOUCHED);
}

static void expect_failure(conntrail_status status, conntrail_status failure, uint32_t last_error) {
  ck_assert_int_eq(status, failure);
  ck_assert_mem_eq(&destination, &untouched, sizeof untouched);
  scripted_end(last_error);
}

static conntrail_status ask(void) {
  scripted_heap_watch(true);
  conntrail_status status = conntrail_original_destination(SCRIPTED_SOCKET, &destination);
  scripted_heap_watch(false);
  return status;
}

static conntrail_status ask_decoder(void) {
  scripted_heap_watch(true);
  conntrail_status status = conntrail_original_destination_by(
      SCRIPTED_SOCKET, CONNTRAIL_INVALID_SOCKET, decode, &decoder, &destination);
  scripted_heap_watch(false);
  return status;
}

/* ---- From the context (D1) ------------------------------------------------------------------ */

START_TEST(known_layout) {
  static const uint32_t sizes[] = {128, 256};
  context(1024, 0, sizes[_i]);
  scripted_blob(known_context);
  expect_found(ask());
  ck_assert_uint_eq(scripted_heap_calls(), 0);
}
END_TEST

START_TEST(unknown_layout_is_noted) {
  static const uint32_t sizes[] = {27, 32, 256, 1024, 0};
  context(1024, 0, sizes[_i]);
  scripted_layout_did_not_fit(sizes[_i]);
  expect_failure(ask(), CONNTRAIL_UNKNOWN_LAYOUT, 0);
  ck_assert_uint_eq(scripted_heap_calls(), 0);
}
END_TEST

START_TEST(decoder_reads_the_context) {
  decoder.family = AF_INET;
  context(1024, 0, 27);
  expect_found(ask_decoder());
  ck_assert_int_eq(decoder.calls, 1);
  ck_assert_uint_eq(decoder.size, 27);
  ck_assert_ptr_eq(decoder.argument, &decoder);
  ck_assert(decoder.was_cleared);
}
END_TEST

START_TEST(decoder_reads_a_large_context) {
  decoder.family = AF_INET;
  context(1024, 122, 5000);
  context(5000, 0, 5000);
  expect_found(ask_decoder());
  ck_assert_int_eq(decoder.calls, 1);
  ck_assert_uint_eq(decoder.size, 5000);
  ck_assert_uint_eq(scripted_heap_calls(), 1);
}
END_TEST

START_TEST(decoder_reads_a_context_behind_an_ambiguous_answer) {
  decoder.family = AF_INET;
  context(1024, 10022, 0);
  scripted_describe(0, scripted_connected);
  context(65536, 0, 5000);
  expect_found(ask_decoder());
  ck_assert_int_eq(decoder.calls, 1);
  ck_assert_uint_eq(decoder.size, 5000);
  ck_assert_uint_eq(scripted_heap_calls(), 1);
}
END_TEST

START_TEST(decoder_may_answer_ipv6) {
  decoder.family = AF_INET6;
  expected.ss_family = AF_INET6;
  context(1024, 0, 27);
  expect_found(ask_decoder());
}
END_TEST

/* status.h: zero and above is success. */
START_TEST(decoder_may_answer_another_success) {
  decoder.family = AF_INET;
  decoder.status = CONNTRAIL_OK_NOTHING_TO_TRANSFER;
  context(1024, 0, 27);
  expect_found(ask_decoder());
}
END_TEST

START_TEST(decoder_does_not_know_the_layout) {
  decoder.family = AF_INET;
  decoder.status = CONNTRAIL_UNKNOWN_LAYOUT;
  context(1024, 0, 27);
  scripted_layout_did_not_fit(27);
  expect_failure(ask_decoder(), CONNTRAIL_UNKNOWN_LAYOUT, 0);
}
END_TEST

START_TEST(decoder_answers_without_an_address) {
  static const unsigned short families[] = {AF_UNSPEC, AF_UNIX};
  decoder.family = families[_i];
  context(1024, 0, 27);
  scripted_layout_did_not_fit(27);
  expect_failure(ask_decoder(), CONNTRAIL_UNKNOWN_LAYOUT, 0);
}
END_TEST

START_TEST(decoder_fails_in_its_own_way) {
  static const struct {
    conntrail_status status;
    uint32_t last_error;
  } failures[] = {
      {CONNTRAIL_ACCESS, 10013}, {CONNTRAIL_NO_CONTEXT, 1168}, {(conntrail_status)-500, 0}};
  decoder.family = AF_INET;
  decoder.status = failures[_i].status;
  context(1024, 0, 27);
  expect_failure(ask_decoder(), failures[_i].status, failures[_i].last_error);
}
END_TEST

START_TEST(null_pointers) {
  ck_assert_int_eq(conntrail_original_destination(SCRIPTED_SOCKET, NULL), CONNTRAIL_FAULT);
  scripted_end(10014);
  ck_assert_int_eq(conntrail_original_destination_by(SCRIPTED_SOCKET, CONNTRAIL_INVALID_SOCKET,
                                                     decode, NULL, NULL),
                   CONNTRAIL_FAULT);
  scripted_end(10014);
}
END_TEST

/* ---- From the system (D2) -------------------------------------------------------------------- */

START_TEST(system_answers_where_there_is_no_context) {
  no_context();
  scripted_original_destination(0, &expected);
  expect_found(ask());
  no_context();
  scripted_original_destination(0, &expected);
  expect_found(ask_decoder());
  ck_assert_int_eq(decoder.calls, 0);
}
END_TEST

START_TEST(system_has_no_answer) {
  static const uint32_t natives[] = {10042, 1168, 10022, 10045, 0x80320008};
  no_context();
  scripted_original_destination(natives[_i], NULL);
  expect_failure(ask(), CONNTRAIL_NO_CONTEXT, natives[_i]);
}
END_TEST

START_TEST(system_answers_without_an_address) {
  no_context();
  scripted_original_destination(0, NULL);
  expect_failure(ask(), CONNTRAIL_NO_CONTEXT, 1168);
}
END_TEST

START_TEST(system_refuses) {
  static const struct {
    uint32_t native;
    conntrail_status status;
  } refusals[] = {{10038, CONNTRAIL_NOT_SOCKET}, {10057, CONNTRAIL_NOT_CONNECTED},
                  {10050, CONNTRAIL_NET_DOWN},   {10036, CONNTRAIL_IN_PROGRESS},
                  {10014, CONNTRAIL_FAULT},      {4711, CONNTRAIL_UNKNOWN}};
  no_context();
  scripted_original_destination(refusals[_i].native, NULL);
  expect_failure(ask(), refusals[_i].status, refusals[_i].native);
}
END_TEST

/* ---- The context could not be had: SO_ORIGINAL_DST is not asked ------------------------------ */

START_TEST(not_redirected) {
  context(1024, 1168, 0);
  scripted_query(CONNTRAIL__QUERY_RECORDS, SCRIPTED_OWN_BUFFER, 1024, 0x80320008, 0);
  expect_failure(ask(), CONNTRAIL_NOT_REDIRECTED, 0x80320008);
}
END_TEST

START_TEST(context_refused) {
  static const struct {
    uint32_t native;
    uint32_t bytes;
    conntrail_status status;
  } refusals[] = {{10038, 0, CONNTRAIL_NOT_SOCKET},
                  {10057, 0, CONNTRAIL_NOT_CONNECTED},
                  {10045, 0, CONNTRAIL_NOT_SUPPORTED},
                  {10042, 0, CONNTRAIL_NO_PROTOCOL_OPTION},
                  {122, 65537, CONNTRAIL_LIMIT}};
  context(1024, refusals[_i].native, refusals[_i].bytes);
  expect_failure(ask(), refusals[_i].status, refusals[_i].native);
}
END_TEST

START_TEST(no_memory_for_a_large_context) {
  scripted_heap_begin(1);
  context(1024, 122, 5000);
  expect_failure(ask_decoder(), CONNTRAIL_NO_MEMORY, 10055);
  ck_assert_int_eq(decoder.calls, 0);
}
END_TEST

/* ---- Begun, and not waited for -------------------------------------------------------------- */

static conntrail_operation *operation;

static void count(void *argument) {
  ++*(unsigned *)argument;
}

/* The query of the context pends, and completes with this; all other answers are scripted. */
static void begin_and_complete(uint32_t native, uint32_t bytes) {
  unsigned completions = 0;
  ck_assert_int_eq(conntrail_begin_original_destination(SCRIPTED_SOCKET, CONNTRAIL_INVALID_SOCKET,
                                                        count, &completions, &operation),
                   CONNTRAIL_OK);
  ck_assert_uint_eq(completions, 0);
  scripted_complete(0, native, bytes);
  ck_assert_uint_eq(completions, 1);
}

static void begin_script(void) {
  scripted_begin_query(CONNTRAIL__QUERY_CONTEXT, CONNTRAIL__PENDING, 0);
}

static void expect_begun_found(void) {
  const void *found = NULL;
  size_t size = 0;
  conntrail__backend_set_last_error(SCRIPTED_UNTOUCHED);
  ck_assert_int_eq(conntrail_operation_result(operation, &found, &size), CONNTRAIL_OK);
  ck_assert_uint_eq(size, sizeof destination);
  memcpy(&destination, found, size);
  conntrail_operation_free(operation);
  expect_found(CONNTRAIL_OK);
}

static void expect_begun_failure(conntrail_status failure, uint32_t last_error) {
  const void *found = &operation;
  size_t size = 77;
  ck_assert_int_eq(conntrail_operation_result(operation, &found, &size), failure);
  ck_assert_ptr_eq(found, &operation);
  ck_assert_uint_eq(size, 77);
  conntrail_operation_free(operation);
  scripted_end(last_error);
}

START_TEST(begun_known_layout) {
  begin_script();
  scripted_blob(known_context);
  begin_and_complete(0, _i == 0 ? 128 : 256);
  expect_begun_found();
}
END_TEST

START_TEST(begun_unknown_layout_is_noted) {
  begin_script();
  scripted_layout_did_not_fit(27);
  begin_and_complete(0, 27);
  expect_begun_failure(CONNTRAIL_UNKNOWN_LAYOUT, 0);
}
END_TEST

START_TEST(begun_without_context_the_system_tells) {
  begin_script();
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, 0, 48);
  scripted_original_destination(0, &expected);
  begin_and_complete(1168, 0);
  expect_begun_found();
}
END_TEST

START_TEST(begun_and_neither) {
  begin_script();
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, 0, 48);
  scripted_original_destination(10042, NULL);
  begin_and_complete(1168, 0);
  expect_begun_failure(CONNTRAIL_NO_CONTEXT, 10042);
}
END_TEST

/* What ended it is the answer: the system is not asked. */
START_TEST(begun_and_closed) {
  begin_script();
  begin_and_complete(995, 0);
  expect_begun_failure(CONNTRAIL_ABORTED, 995);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("destination");
  tcase_add_checked_fixture(tests, setup, NULL);
  tcase_add_loop_test(tests, known_layout, 0, 2);
  tcase_add_loop_test(tests, unknown_layout_is_noted, 0, 5);
  tcase_add_test(tests, decoder_reads_the_context);
  tcase_add_test(tests, decoder_reads_a_large_context);
  tcase_add_test(tests, decoder_reads_a_context_behind_an_ambiguous_answer);
  tcase_add_test(tests, decoder_may_answer_ipv6);
  tcase_add_test(tests, decoder_may_answer_another_success);
  tcase_add_test(tests, decoder_does_not_know_the_layout);
  tcase_add_loop_test(tests, decoder_answers_without_an_address, 0, 2);
  tcase_add_loop_test(tests, decoder_fails_in_its_own_way, 0, 3);
  tcase_add_test(tests, null_pointers);
  tcase_add_test(tests, system_answers_where_there_is_no_context);
  tcase_add_loop_test(tests, system_has_no_answer, 0, 5);
  tcase_add_test(tests, system_answers_without_an_address);
  tcase_add_loop_test(tests, system_refuses, 0, 6);
  tcase_add_test(tests, not_redirected);
  tcase_add_loop_test(tests, context_refused, 0, 5);
  tcase_add_test(tests, no_memory_for_a_large_context);
  tcase_add_loop_test(tests, begun_known_layout, 0, 2);
  tcase_add_test(tests, begun_unknown_layout_is_noted);
  tcase_add_test(tests, begun_without_context_the_system_tells);
  tcase_add_test(tests, begun_and_neither);
  tcase_add_test(tests, begun_and_closed);
  return scripted_run("src destination", tests);
}
