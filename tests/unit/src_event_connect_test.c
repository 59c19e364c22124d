/* SPDX-License-Identifier: MIT */

/* Connecting onward, both forms, over a scripted seam and real sockets: who is called, how often,
 * and which sockets are left open (O1, O2, T1 to T3). */

#include <fcntl.h>
#include <sys/resource.h>

#include <event2/bufferevent.h>
#include <event2/event.h>

#include "conntrail/conntrail.h"
#include "conntrail/event.h"
#include "scripted_heap.h"
#include "scripted_seam.h"

enum { BLOB_SIZE = 80, NATIVE_ABORTED = 995, NATIVE_ACCESS = 10013 };

static struct event_base *base;
static int server;
static struct sockaddr_in address;
static int next; /* the descriptor that the next socket gets */

/* What a callback saw. */
typedef struct seen {
  unsigned calls;
  conntrail_status status;
  uint32_t native;
  int error;
  conntrail_socket onward;
  struct bufferevent *stream;
  conntrail_request *request;
} seen;

static int next_descriptor(void) {
  int probe = socket(AF_INET, SOCK_STREAM, 0);
  ck_assert_int_ge(probe, 0);
  ck_assert_int_eq(evutil_closesocket(probe), 0);
  return probe;
}

static void setup(void) {
  socklen_t size = sizeof address;
  scripted_begin();
  scripted_heap_begin(0);
  base = event_base_new();
  ck_assert_ptr_nonnull(base);
  address = (struct sockaddr_in){.sin_family = AF_INET};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  server = socket(AF_INET, SOCK_STREAM, 0);
  ck_assert_int_eq(bind(server, (struct sockaddr *)&address, sizeof address), 0);
  ck_assert_int_eq(listen(server, 1), 0);
  ck_assert_int_eq(getsockname(server, (struct sockaddr *)&address, &size), 0);
  next = next_descriptor();
}

static void teardown(void) {
  ck_assert_int_eq(evutil_closesocket(server), 0);
  event_base_free(base);
}

static void keep(seen *s, conntrail_status status) {
  s->error = errno;
  s->native = conntrail_native_error();
  s->calls++;
  s->status = status;
}

static void on_socket(conntrail_status status, conntrail_socket onward, void *argument) {
  keep(argument, status);
  ((seen *)argument)->onward = onward;
}

static void on_stream(conntrail_status status, struct bufferevent *onward, void *argument) {
  keep(argument, status);
  ((seen *)argument)->stream = onward;
}

enum { BY_SOCKET, BY_STREAM, FORMS };

static conntrail_status begin(int form, seen *s) {
  const struct sockaddr *to = (struct sockaddr *)&address;
  *s = (seen){.onward = CONNTRAIL_INVALID_SOCKET};
  return form == BY_SOCKET
             ? conntrail_event_connect_socket(base, SCRIPTED_SOCKET, to, on_socket, s, &s->request)
             : conntrail_event_connect(base, SCRIPTED_SOCKET, to, 0, on_stream, s, &s->request);
}

static void run(void) {
  ck_assert_int_ge(event_base_loop(base, EVLOOP_NONBLOCK), 0);
}

static void expect_failure(const seen *s, conntrail_status status) {
  ck_assert_uint_eq(s->calls, 1);
  ck_assert_int_eq(s->status, status);
  ck_assert_int_eq(s->onward, CONNTRAIL_INVALID_SOCKET);
  ck_assert_ptr_null(s->stream);
  ck_assert_int_eq(next_descriptor(), next);
}

/* It gets its answer, sets what it got, and connects, in this order. */
static void answer_with_records(int form, seen *s) {
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, 0, BLOB_SIZE);
  scripted_set((conntrail_socket)next, BLOB_SIZE, 0, 0);
  ck_assert_int_eq(begin(form, s), CONNTRAIL_OK);
  ck_assert_uint_eq(s->calls, 0);
  run();
  scripted_end(SCRIPTED_UNTOUCHED);
  ck_assert_uint_eq(s->calls, 1);
  ck_assert_int_eq(s->status, CONNTRAIL_OK);
}

START_TEST(the_socket_is_handed_over_while_it_connects) {
  seen s;
  answer_with_records(BY_SOCKET, &s);
  ck_assert_int_eq(s.onward, next);
  ck_assert_int_ne(fcntl(s.onward, F_GETFL) & O_NONBLOCK, 0);
  ck_assert_int_ne(fcntl(s.onward, F_GETFD) & FD_CLOEXEC, 0);
  int arrived = accept(server, NULL, NULL);
  ck_assert_int_ge(arrived, 0);
  ck_assert_int_eq(send(arrived, "x", 1, 0), 1);
  run();
  ck_assert_uint_eq(s.calls, 1);
  ck_assert_int_eq(evutil_closesocket(arrived), 0);
  ck_assert_int_eq(evutil_closesocket(s.onward), 0);
}
END_TEST

START_TEST(the_bufferevent_has_that_socket) {
  seen s;
  answer_with_records(BY_STREAM, &s);
  ck_assert_ptr_nonnull(s.stream);
  ck_assert_int_eq(bufferevent_getfd(s.stream), next);
  bufferevent_free(s.stream);
  ck_assert_int_eq(evutil_closesocket(next), 0);
}
END_TEST

START_TEST(nothing_to_transfer_is_connected_all_the_same) {
  seen s;
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, 0, 0);
  ck_assert_int_eq(begin(BY_SOCKET, &s), CONNTRAIL_OK);
  run();
  ck_assert_int_eq(s.status, CONNTRAIL_OK_NOTHING_TO_TRANSFER);
  ck_assert_int_eq(s.onward, next);
  ck_assert_int_eq(evutil_closesocket(s.onward), 0);
}
END_TEST

/* T3, and the number of the half that refused. */
START_TEST(a_refused_query_leaves_no_socket) {
  seen s;
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, NATIVE_ACCESS, 0);
  ck_assert_int_eq(begin(_i, &s), CONNTRAIL_OK);
  run();
  expect_failure(&s, CONNTRAIL_ACCESS);
  ck_assert_uint_eq(s.native, NATIVE_ACCESS);
}
END_TEST

START_TEST(a_refused_set_leaves_no_socket) {
  seen s;
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, 0, BLOB_SIZE);
  scripted_set((conntrail_socket)next, BLOB_SIZE, NATIVE_ACCESS, 0);
  ck_assert_int_eq(begin(_i, &s), CONNTRAIL_OK);
  run();
  expect_failure(&s, CONNTRAIL_OUTBOUND_ACCESS);
  ck_assert_uint_eq(s.native, NATIVE_ACCESS);
}
END_TEST

/* TCP knows no connection to everybody (ENETUNREACH, tcp(7) and connect(2)). */
START_TEST(a_connect_refused_at_once_leaves_no_socket) {
  seen s;
  address.sin_addr.s_addr = htonl(INADDR_BROADCAST);
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, 0, BLOB_SIZE);
  scripted_set((conntrail_socket)next, BLOB_SIZE, 0, 0);
  ck_assert_int_eq(begin(_i, &s), CONNTRAIL_OK);
  run();
  expect_failure(&s, CONNTRAIL_OUTBOUND_CONNECT_FAILED);
  ck_assert_int_eq(s.error, ENETUNREACH);
}
END_TEST

/* O2: once, and it wins over the answer. */
START_TEST(a_cancel_closes_the_socket_and_calls_back_once) {
  seen s;
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, CONNTRAIL__PENDING, 0);
  scripted_cancels_are_free();
  ck_assert_int_eq(begin(_i, &s), CONNTRAIL_OK);
  conntrail_request_cancel(s.request);
  ck_assert_uint_eq(s.calls, 0);
  run();
  scripted_complete(0, NATIVE_ABORTED, 0);
  run();
  expect_failure(&s, CONNTRAIL_ABORTED);
}
END_TEST

START_TEST(a_dropped_one_closes_the_socket_and_calls_nobody) {
  seen s;
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, CONNTRAIL__PENDING, 0);
  scripted_cancels_are_free();
  ck_assert_int_eq(begin(_i, &s), CONNTRAIL_OK);
  conntrail_request_drop(s.request);
  run();
  scripted_complete(0, NATIVE_ABORTED, 0);
  ck_assert_uint_eq(s.calls, 0);
  ck_assert_int_eq(next_descriptor(), next);
}
END_TEST

/* For the attempt, the request, its mailbox, and the operation behind it: _i / FORMS of them. */
START_TEST(nothing_is_begun_without_memory) {
  seen s;
  scripted_heap_begin((unsigned)_i / FORMS + 1);
  scripted_heap_watch(true);
  conntrail_status status = begin(_i % FORMS, &s);
  scripted_heap_watch(false);
  ck_assert_int_eq(status, CONNTRAIL_NO_MEMORY);
  ck_assert_ptr_null(s.request);
  run();
  ck_assert_uint_eq(s.calls, 0);
  ck_assert_int_eq(next_descriptor(), next);
}
END_TEST

START_TEST(nothing_is_begun_without_a_socket) {
  seen s;
  struct rlimit usual, none;
  ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &usual), 0);
  none = (struct rlimit){(rlim_t)next, usual.rlim_max};
  ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
  conntrail_status status = begin(_i, &s);
  int error = EVUTIL_SOCKET_ERROR();
  ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &usual), 0);
  ck_assert_int_eq(status, CONNTRAIL_OUTBOUND_CONNECT_FAILED);
  ck_assert_int_eq(error, EMFILE);
  ck_assert_ptr_null(s.request);
  run();
  ck_assert_uint_eq(s.calls, 0);
}
END_TEST

START_TEST(nothing_is_begun_without_a_place) {
  seen s = {0};
  const struct sockaddr *to = (struct sockaddr *)&address;
  const conntrail_socket from = SCRIPTED_SOCKET;
  ck_assert_int_eq(conntrail_event_connect_socket(NULL, from, to, on_socket, &s, &s.request),
                   CONNTRAIL_FAULT);
  ck_assert_int_eq(conntrail_event_connect_socket(base, from, NULL, on_socket, &s, &s.request),
                   CONNTRAIL_FAULT);
  ck_assert_int_eq(conntrail_event_connect_socket(base, from, to, NULL, &s, &s.request),
                   CONNTRAIL_FAULT);
  ck_assert_int_eq(conntrail_event_connect(base, from, to, 0, NULL, &s, &s.request),
                   CONNTRAIL_FAULT);
  address.sin_family = AF_UNIX;
  ck_assert_int_eq(conntrail_event_connect_socket(base, from, to, on_socket, &s, &s.request),
                   CONNTRAIL_INVALID);
  run();
  ck_assert_uint_eq(s.calls, 0);
  ck_assert_ptr_null(s.request);
  ck_assert_int_eq(next_descriptor(), next);
}
END_TEST

int main(void) {
  enum { ALLOCATIONS = 4 };
  TCase *tests = tcase_create("event connect");
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_test(tests, the_socket_is_handed_over_while_it_connects);
  tcase_add_test(tests, the_bufferevent_has_that_socket);
  tcase_add_test(tests, nothing_to_transfer_is_connected_all_the_same);
  tcase_add_loop_test(tests, a_refused_query_leaves_no_socket, 0, FORMS);
  tcase_add_loop_test(tests, a_refused_set_leaves_no_socket, 0, FORMS);
  tcase_add_loop_test(tests, a_connect_refused_at_once_leaves_no_socket, 0, FORMS);
  tcase_add_loop_test(tests, a_cancel_closes_the_socket_and_calls_back_once, 0, FORMS);
  tcase_add_loop_test(tests, a_dropped_one_closes_the_socket_and_calls_nobody, 0, FORMS);
  tcase_add_loop_test(tests, nothing_is_begun_without_memory, 0, ALLOCATIONS * FORMS);
  tcase_add_loop_test(tests, nothing_is_begun_without_a_socket, 0, FORMS);
  tcase_add_test(tests, nothing_is_begun_without_a_place);
  return scripted_run("src event connect", tests);
}
