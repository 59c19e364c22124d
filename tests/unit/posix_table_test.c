/* SPDX-License-Identifier: MIT */
#include "backend-emu/frontend/session.h"
#include "backend-emu/posix/table.h"
#include "posix_support.h"

static conntrail_emu *emu;

static conntrail__socket *new_socket(void) {
  conntrail__identity who = {.actor = 1, .process = 2, .user = NULL};
  conntrail__socket *socket = conntrail__socket_create(emu, CONNTRAIL__STREAM, &who, -1);
  ck_assert_ptr_nonnull(socket);
  return socket;
}

static void begin(void) {
  conntrail__refusal why;
  emu = conntrail__engine_create(NULL, 1, &why);
  ck_assert_ptr_nonnull(emu);
}

START_TEST(what_was_put_is_found_and_taken) {
  begin();
  conntrail__socket *socket = new_socket();
  ck_assert_ptr_null(conntrail__table_find(5000));
  ck_assert_int_eq(conntrail__table_put(5000, socket, AF_INET6), 0);
  ck_assert_ptr_eq(conntrail__table_find(5000), socket);
  ck_assert_int_eq(conntrail__table_entry(5000)->family, AF_INET6);
  ck_assert_ptr_null(conntrail__table_find(5001));
  ck_assert_ptr_eq(conntrail__table_take(5000), socket);
  ck_assert_ptr_null(conntrail__table_find(5000));
  ck_assert_ptr_null(conntrail__table_take(5000));
  conntrail__engine_destroy(emu);
}
END_TEST

START_TEST(numbers_beyond_its_reach_are_refused) {
  begin();
  conntrail__socket *socket = new_socket();
  ck_assert_int_eq(conntrail__table_put(1024 * 1024 - 1, socket, AF_INET), 0);
  ck_assert_int_eq(conntrail__table_put(1024 * 1024, socket, AF_INET), EMFILE);
  ck_assert_int_eq(conntrail__table_put(-1, socket, AF_INET), EMFILE);
  ck_assert_ptr_null(conntrail__table_find(1024 * 1024));
  ck_assert_ptr_null(conntrail__table_find(-1));
  conntrail__engine_destroy(emu);
}
END_TEST

START_TEST(the_next_entry_is_found_across_empty_pages) {
  begin();
  ck_assert_uint_eq(conntrail__table_next(0), 1024 * 1024);
  ck_assert_int_eq(conntrail__table_put(7, new_socket(), AF_INET), 0);
  ck_assert_int_eq(conntrail__table_put(70000, new_socket(), AF_INET), 0);
  ck_assert_uint_eq(conntrail__table_next(0), 7);
  ck_assert_uint_eq(conntrail__table_next(8), 70000);
  ck_assert_uint_eq(conntrail__table_next(70001), 1024 * 1024);
  conntrail__engine_destroy(emu);
}
END_TEST

START_TEST(an_emulation_is_forgotten_without_its_neighbour) {
  begin();
  conntrail__refusal why;
  conntrail_emu *first = emu;
  ck_assert_int_eq(conntrail__table_put(10, new_socket(), AF_INET), 0);
  ck_assert_int_eq(conntrail__table_put(2000, new_socket(), AF_INET), 0);
  emu = conntrail__engine_create(NULL, 2, &why);
  conntrail__socket *neighbour = new_socket();
  ck_assert_int_eq(conntrail__table_put(11, neighbour, AF_INET), 0);
  conntrail__table_forget(first);
  ck_assert_ptr_null(conntrail__table_find(10));
  ck_assert_ptr_null(conntrail__table_find(2000));
  ck_assert_ptr_eq(conntrail__table_find(11), neighbour);
  conntrail__engine_destroy(first);
  conntrail__engine_destroy(emu);
}
END_TEST

START_TEST(what_a_number_named_before_is_closed) {
  world w = world_create();
  ck_assert_int_eq(connect_to(stream_socket(AF_INET), FAR_V4, 80), 0);
  int accepted = accept_one(w.proxy4);
  emu = w.emu;
  conntrail__native_lock();
  ck_assert_int_eq(conntrail__table_put(accepted, new_socket(), AF_INET), 0);
  conntrail__native_unlock();
  ck_assert_uint_eq(count_of(w, CLOSED), 1);
  world_destroy(&w);
}
END_TEST

RUN_TESTS("posix table", what_was_put_is_found_and_taken, numbers_beyond_its_reach_are_refused,
          the_next_entry_is_found_across_empty_pages,
          an_emulation_is_forgotten_without_its_neighbour, what_a_number_named_before_is_closed)
