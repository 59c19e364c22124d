/* SPDX-License-Identifier: MIT */
/* A query that has to be put once more, and there is no memory for it. */

#include "conntrail/conntrail.h"
#include "scripted_heap.h"
#include "scripted_seam.h"

enum { CAPACITY = 16 };
static unsigned char buffer[CAPACITY];

static const conntrail__socket_facts reset = {.is_internet = true, .is_stream = true};

static void setup(void) {
  scripted_begin();
  scripted_heap_begin(0);
}

/* The first answer can mean several things. */
static void begin(conntrail__socket_facts facts) {
  scripted_query(CONNTRAIL__QUERY_RECORDS, buffer, CAPACITY, 10022, 0);
  scripted_describe(0, facts);
}

static void expect_no_memory(uint32_t last_error) {
  size_t size = 4711;
  scripted_heap_watch(true);
  conntrail_status status = conntrail_query_records(SCRIPTED_SOCKET, buffer, sizeof buffer, &size);
  scripted_heap_watch(false);
  ck_assert_int_eq(status, CONNTRAIL_NO_MEMORY);
  ck_assert_uint_eq(size, 4711);
  scripted_end(last_error);
}

START_TEST(a_connected_socket_is_not_asked) {
  scripted_heap_begin(1);
  begin(scripted_connected);
  expect_no_memory(10055);
}
END_TEST

/* Whether it was redirected before it was reset, nobody knows then (Q13). */
START_TEST(a_reset_socket_is_not_asked) {
  scripted_heap_begin(1);
  begin(reset);
  expect_no_memory(10055);
}
END_TEST

START_TEST(the_system_cannot_answer_for_a_reset_socket) {
  static const uint32_t lacks[] = {8, 10055};
  for (size_t i = 0; i < sizeof lacks / sizeof *lacks; i++) {
    begin(reset);
    scripted_query(CONNTRAIL__QUERY_RECORDS, SCRIPTED_OWN_BUFFER, 65536, lacks[i], 0);
    expect_no_memory(lacks[i]);
  }
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("query lack");
  tcase_add_checked_fixture(tests, setup, NULL);
  tcase_add_test(tests, a_connected_socket_is_not_asked);
  tcase_add_test(tests, a_reset_socket_is_not_asked);
  tcase_add_test(tests, the_system_cannot_answer_for_a_reset_socket);
  return scripted_run("src query lack", tests);
}
