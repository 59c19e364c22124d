/* SPDX-License-Identifier: MIT */

/* Requests on an event_base, over a seam that completes when the script says: each order of
 * completion, cancel, and the loop's turn (O1, O2, O5). */

#include <pthread.h>

#include <event2/event.h>

#include "conntrail/conntrail.h"
#include "conntrail/event.h"
#include "scripted_heap.h"
#include "scripted_seam.h"

enum { BLOB_SIZE = 80, ABORTED = 995 };

static struct event_base *base;

/* What a callback saw; blobs are gone after it. */
typedef struct seen {
  unsigned calls;
  conntrail_status status;
  uint32_t native;
  size_t size;
  conntrail_request *request;
  bool cancels;
  bool drops;
} seen;

static void setup(void) {
  scripted_begin();
  scripted_heap_begin(0);
  base = event_base_new();
  ck_assert_ptr_nonnull(base);
}

static void teardown(void) {
  event_base_free(base);
}

static void on_answer(conntrail_status status, const void *blob, size_t size, void *argument) {
  seen *s = argument;
  s->native = conntrail_native_error();
  s->calls++;
  s->status = status;
  s->size = size;
  if (status == CONNTRAIL_OK) {
    scripted_expect_blob(CONNTRAIL__QUERY_RECORDS, blob, size, size, 0);
  } else {
    ck_assert_ptr_null(blob);
  }
  if (s->cancels) {
    conntrail_request_cancel(s->request);
  }
  if (s->drops) {
    conntrail_request_drop(s->request);
  }
}

static void begin(seen *s) {
  ck_assert_int_eq(conntrail_event_query_records(base, SCRIPTED_SOCKET, on_answer, s, &s->request),
                   CONNTRAIL_OK);
  ck_assert_uint_eq(s->calls, 0);
}

static void begin_pending(seen *s) {
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, CONNTRAIL__PENDING, 0);
  begin(s);
}

/* All that is there to do, without waiting. 1: nothing is waited for any more. */
static int turn(void) {
  return event_base_loop(base, EVLOOP_NONBLOCK);
}

static void run(void) {
  ck_assert_int_eq(event_base_dispatch(base), 1);
}

static void expect_records(const seen *s, size_t size) {
  ck_assert_uint_eq(s->calls, 1);
  ck_assert_int_eq(s->status, CONNTRAIL_OK);
  ck_assert_uint_eq(s->size, size);
}

static void expect_failure(const seen *s, conntrail_status status, uint32_t native) {
  ck_assert_uint_eq(s->calls, 1);
  ck_assert_int_eq(s->status, status);
  ck_assert_uint_eq(s->size, 0);
  ck_assert_uint_eq(s->native, native);
}

START_TEST(answered_at_once) {
  seen s = {0};
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, 0, BLOB_SIZE);
  begin(&s);
  run();
  expect_records(&s, BLOB_SIZE);
  scripted_end(SCRIPTED_UNTOUCHED);
}
END_TEST

START_TEST(completed_before_the_call_returns) {
  seen s = {0};
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, CONNTRAIL__PENDING, 0);
  scripted_completes_at_once(0, BLOB_SIZE);
  begin(&s);
  run();
  expect_records(&s, BLOB_SIZE);
  scripted_end(SCRIPTED_UNTOUCHED);
}
END_TEST

START_TEST(completed_after_the_call) {
  seen s = {0};
  begin_pending(&s);
  ck_assert_int_eq(turn(), 0);
  ck_assert_uint_eq(s.calls, 0);
  scripted_complete(0, 0, BLOB_SIZE);
  ck_assert_uint_eq(s.calls, 0);
  run();
  expect_records(&s, BLOB_SIZE);
  scripted_end(SCRIPTED_UNTOUCHED);
}
END_TEST

START_TEST(context_is_asked_for) {
  seen s = {0};
  scripted_begin_query(CONNTRAIL__QUERY_CONTEXT, 10038, 0);
  ck_assert_int_eq(conntrail_event_query_context(base, SCRIPTED_SOCKET, on_answer, &s, NULL),
                   CONNTRAIL_OK);
  run();
  expect_failure(&s, CONNTRAIL_NOT_SOCKET, 10038);
}
END_TEST

/* The size of what is too large is returned. */
START_TEST(above_the_limit) {
  seen s = {0};
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, 122, 70000);
  begin(&s);
  run();
  ck_assert_int_eq(s.status, CONNTRAIL_LIMIT);
  ck_assert_uint_eq(s.size, 70000);
}
END_TEST

/* O2. A cancel calls back though the system says nothing; what it says later is ignored. */
static const uint32_t later[] = {0, ABORTED, 10038};

START_TEST(cancelled_and_completed_after_the_callback) {
  seen s = {0};
  begin_pending(&s);
  scripted_cancel(0);
  conntrail_request_cancel(s.request);
  ck_assert_uint_eq(s.calls, 0);
  run();
  expect_failure(&s, CONNTRAIL_ABORTED, ABORTED);
  scripted_complete(0, later[_i], BLOB_SIZE);
  ck_assert_int_eq(turn(), 1);
  ck_assert_uint_eq(s.calls, 1);
}
END_TEST

START_TEST(cancelled_and_completed_before_the_callback) {
  seen s = {0};
  begin_pending(&s);
  scripted_cancel(0);
  conntrail_request_cancel(s.request);
  scripted_complete(0, later[_i], BLOB_SIZE);
  run();
  expect_failure(&s, CONNTRAIL_ABORTED, ABORTED);
}
END_TEST

/* The answer is there, and not called back yet: the cancel wins. */
START_TEST(completed_and_cancelled_before_the_callback) {
  seen s = {0};
  begin_pending(&s);
  scripted_complete(0, 0, BLOB_SIZE);
  conntrail_request_cancel(s.request);
  run();
  expect_failure(&s, CONNTRAIL_ABORTED, ABORTED);
}
END_TEST

START_TEST(answered_at_once_and_cancelled) {
  seen s = {0};
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, 0, BLOB_SIZE);
  begin(&s);
  conntrail_request_cancel(s.request);
  run();
  expect_failure(&s, CONNTRAIL_ABORTED, ABORTED);
}
END_TEST

START_TEST(cancelled_twice) {
  seen s = {0};
  begin_pending(&s);
  for (int i = 0; i < 2; i++) {
    scripted_cancel(0);
    conntrail_request_cancel(s.request);
  }
  run();
  expect_failure(&s, CONNTRAIL_ABORTED, ABORTED);
  scripted_complete(0, ABORTED, 0);
}
END_TEST

START_TEST(cancelled_and_dropped_in_the_callback) {
  seen s = {.cancels = true, .drops = true};
  begin_pending(&s);
  scripted_complete(0, 0, BLOB_SIZE);
  run();
  expect_records(&s, BLOB_SIZE);
  seen at_once = {.cancels = true, .drops = true};
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, 0, BLOB_SIZE);
  begin(&at_once);
  run();
  expect_records(&at_once, BLOB_SIZE);
  scripted_end(SCRIPTED_UNTOUCHED);
}
END_TEST

/* It was given up before it completed: what the system holds of it is not the request's any more.
 */
START_TEST(cancelled_and_dropped_in_the_aborted_callback) {
  seen s = {.cancels = _i == 0, .drops = _i == 1};
  begin_pending(&s);
  scripted_cancels_are_free();
  conntrail_request_cancel(s.request);
  run();
  expect_failure(&s, CONNTRAIL_ABORTED, ABORTED);
  scripted_complete(0, ABORTED, 0);
  ck_assert_int_eq(turn(), 1);
  ck_assert_uint_eq(s.calls, 1);
}
END_TEST

static void on_onward(conntrail_status status, struct bufferevent *onward, void *argument) {
  (void)onward;
  *(conntrail_status *)argument = status;
}

/* The socket of a connection that is given up is closed: its number is the next one's. */
START_TEST(dropped_connections_keep_no_socket) {
  struct sockaddr_in to = {.sin_family = AF_INET};
  conntrail_status status = CONNTRAIL_OK;
  conntrail_request *request = NULL;
  int before = socket(AF_INET, SOCK_STREAM, 0);
  ck_assert_int_eq(evutil_closesocket(before), 0);
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, CONNTRAIL__PENDING, 0);
  scripted_cancels_are_free();
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ck_assert_int_eq(conntrail_event_connect(base, SCRIPTED_SOCKET, (struct sockaddr *)&to, 0,
                                           on_onward, &status, &request),
                   CONNTRAIL_OK);
  conntrail_request_drop(request);
  int after = socket(AF_INET, SOCK_STREAM, 0);
  ck_assert_int_eq(after, before);
  ck_assert_int_eq(evutil_closesocket(after), 0);
  ck_assert_int_eq(status, CONNTRAIL_OK);
  scripted_complete(0, ABORTED, 0);
}
END_TEST

START_TEST(closed) {
  seen s = {0};
  begin_pending(&s);
  scripted_complete(0, ABORTED, 0);
  run();
  expect_failure(&s, CONNTRAIL_ABORTED, ABORTED);
}
END_TEST

/* Dropped: no callback is called, the base may go, and what the system says later is heard by
 * nobody. */
START_TEST(dropped_before_it_completes) {
  seen s = {0};
  begin_pending(&s);
  scripted_cancel(0);
  conntrail_request_drop(s.request);
  ck_assert_int_eq(turn(), 1);
  event_base_free(base);
  scripted_complete(0, later[_i], BLOB_SIZE);
  base = event_base_new();
  ck_assert_uint_eq(s.calls, 0);
}
END_TEST

START_TEST(dropped_after_it_completed) {
  seen s = {0};
  begin_pending(&s);
  scripted_complete(0, 0, BLOB_SIZE);
  conntrail_request_drop(s.request);
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, 0, BLOB_SIZE);
  begin(&s);
  conntrail_request_drop(s.request);
  ck_assert_int_eq(turn(), 1);
  ck_assert_uint_eq(s.calls, 0);
}
END_TEST

START_TEST(two_at_once_in_either_order) {
  seen both[2] = {{0}, {0}};
  unsigned first = (unsigned)_i;
  begin_pending(&both[0]);
  begin_pending(&both[1]);
  scripted_complete(first, 0, BLOB_SIZE);
  ck_assert_int_eq(turn(), 0);
  expect_records(&both[first], BLOB_SIZE);
  ck_assert_uint_eq(both[1 - first].calls, 0);
  scripted_complete(1 - first, 0, BLOB_SIZE + 1);
  run();
  expect_records(&both[1 - first], BLOB_SIZE + 1);
}
END_TEST

static void *complete_in_thread(void *unused) {
  scripted_complete(0, 0, BLOB_SIZE);
  return unused;
}

/* The loop waits in its thread, which no lock protects; the byte wakes it. */
START_TEST(completed_from_another_thread) {
  for (int round = 0; round < 100; round++) {
    pthread_t thread;
    seen s = {0};
    begin_pending(&s);
    ck_assert_int_eq(pthread_create(&thread, NULL, complete_in_thread, NULL), 0);
    run();
    expect_records(&s, BLOB_SIZE);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    scripted_end(SCRIPTED_UNTOUCHED);
  }
}
END_TEST

/* Whichever of the two is quicker: no callback is called twice, nothing is left or freed twice. */
START_TEST(given_up_while_another_thread_completes) {
  for (int round = 0; round < 200; round++) {
    pthread_t thread;
    seen s = {0};
    begin_pending(&s);
    scripted_cancels_are_free();
    ck_assert_int_eq(pthread_create(&thread, NULL, complete_in_thread, NULL), 0);
    if (_i == 0) {
      conntrail_request_cancel(s.request);
    } else {
      conntrail_request_drop(s.request);
    }
    run();
    ck_assert_uint_eq(s.calls, _i == 0 ? 1 : 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    scripted_begin();
  }
}
END_TEST

START_TEST(nothing_is_begun_without_a_place) {
  seen s = {0};
  ck_assert_int_eq(conntrail_event_query_records(NULL, SCRIPTED_SOCKET, on_answer, &s, &s.request),
                   CONNTRAIL_FAULT);
  ck_assert_int_eq(conntrail_event_query_context(base, SCRIPTED_SOCKET, NULL, &s, &s.request),
                   CONNTRAIL_FAULT);
  conntrail_request_cancel(NULL);
  conntrail_request_drop(NULL);
  ck_assert_ptr_null(s.request);
  ck_assert_int_eq(turn(), 1);
  ck_assert_uint_eq(s.calls, 0);
}
END_TEST

/* For the request, its mailbox, and the operation behind it with its buffer. */
START_TEST(nothing_is_begun_without_memory) {
  seen s = {0};
  scripted_heap_begin((unsigned)_i);
  scripted_heap_watch(true);
  conntrail_status status =
      conntrail_event_query_records(base, SCRIPTED_SOCKET, on_answer, &s, &s.request);
  scripted_heap_watch(false);
  ck_assert_int_eq(status, CONNTRAIL_NO_MEMORY);
  ck_assert_ptr_null(s.request);
  ck_assert_int_eq(turn(), 1);
  ck_assert_uint_eq(s.calls, 0);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("event");
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_test(tests, answered_at_once);
  tcase_add_test(tests, completed_before_the_call_returns);
  tcase_add_test(tests, completed_after_the_call);
  tcase_add_test(tests, context_is_asked_for);
  tcase_add_test(tests, above_the_limit);
  SCRIPTED_ADD_LOOP(tests, cancelled_and_completed_after_the_callback, later);
  SCRIPTED_ADD_LOOP(tests, cancelled_and_completed_before_the_callback, later);
  tcase_add_test(tests, completed_and_cancelled_before_the_callback);
  tcase_add_test(tests, answered_at_once_and_cancelled);
  tcase_add_test(tests, cancelled_twice);
  tcase_add_test(tests, cancelled_and_dropped_in_the_callback);
  tcase_add_loop_test(tests, cancelled_and_dropped_in_the_aborted_callback, 0, 2);
  tcase_add_test(tests, dropped_connections_keep_no_socket);
  tcase_add_test(tests, closed);
  SCRIPTED_ADD_LOOP(tests, dropped_before_it_completes, later);
  tcase_add_test(tests, dropped_after_it_completed);
  tcase_add_loop_test(tests, two_at_once_in_either_order, 0, 2);
  tcase_add_test(tests, completed_from_another_thread);
  tcase_add_loop_test(tests, given_up_while_another_thread_completes, 0, 2);
  tcase_add_test(tests, nothing_is_begun_without_a_place);
  tcase_add_loop_test(tests, nothing_is_begun_without_memory, 1, 5);
  return scripted_run("src event", tests);
}
