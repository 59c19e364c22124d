/* SPDX-License-Identifier: MIT */
/* E3: emulations beside each other, threads, and what outlives an emulation; and the lock. */
#include <pthread.h>
#include <sys/syscall.h>

#include "backend-emu/frontend/session.h"
#include "posix_support.h"

static uint32_t number_in(conntrail_emu *emu, int fd) {
  uint32_t number = 0;
  return conntrail_emu_inspect(emu, fd, NULL, &number, NULL) == CONNTRAIL_OK ? number : 0;
}

START_TEST(the_first_emulation_is_current_and_a_second_where_it_was_entered) {
  conntrail_emu *first = conntrail_emu_create(NULL);
  conntrail_emu *second = conntrail_emu_create(NULL);
  int in_first = stream_socket(AF_INET);
  conntrail_emu_enter(second);
  int in_second = stream_socket(AF_INET);
  conntrail_emu_enter(NULL);
  int again_in_first = stream_socket(AF_INET);
  ck_assert_uint_eq(number_in(first, in_first), 1);
  ck_assert_uint_eq(number_in(second, in_first), 0);
  ck_assert_uint_eq(number_in(first, in_second), 0);
  ck_assert_uint_eq(number_in(second, in_second), 1);
  ck_assert_uint_eq(number_in(first, again_in_first), 2);
  conntrail_emu_destroy(second);
  conntrail_emu_destroy(first);
}
END_TEST

START_TEST(a_socket_keeps_its_emulation_wherever_it_is_used) {
  world w = world_create();
  conntrail_emu *second = conntrail_emu_create(NULL);
  int client = stream_socket(AF_INET);
  conntrail_emu_enter(second);
  ck_assert_int_eq(connect_to(client, FAR_V4, 80), 0);
  int accepted = accept_one(w.proxy4);
  ck_assert_uint_ne(number_in(w.emu, accepted), 0);
  ck_assert_uint_eq(count_of(w, REDIRECTED), 1);
  ck_assert_uint_eq(conntrail_emu_count(second, CONNTRAIL_EMU_CONNECTING), 0);
  ck_assert_int_eq(connect_to(stream_socket(AF_INET), FAR_V4, 80), ENETUNREACH);
  ck_assert_uint_eq(conntrail_emu_count(second, CONNTRAIL_EMU_REFUSED), 1);
  conntrail_emu_destroy(second);
  world_destroy(&w);
}
END_TEST

START_TEST(records_of_one_emulation_are_foreign_to_another) {
  world w = world_create();
  conntrail_emu *second = conntrail_emu_create(NULL);
  ck_assert_int_eq(connect_to(stream_socket(AF_INET), FAR_V4, 80), 0);
  int accepted = accept_one(w.proxy4);
  conntrail_emu_enter(second);
  ck_assert_int_eq(conntrail_transfer_records(accepted, stream_socket(AF_INET)),
                   CONNTRAIL_OUTBOUND_INVALID);
  conntrail_emu_enter(NULL);
  ck_assert_int_eq(conntrail_transfer_records(accepted, stream_socket(AF_INET)), CONNTRAIL_OK);
  conntrail_emu_destroy(second);
  world_destroy(&w);
}
END_TEST

START_TEST(entering_what_was_destroyed_leads_back_to_the_process) {
  conntrail_emu *first = conntrail_emu_create(NULL);
  conntrail_emu *second = conntrail_emu_create(NULL);
  conntrail_emu_enter(second);
  conntrail_emu_destroy(second);
  ck_assert_uint_eq(number_in(first, stream_socket(AF_INET)), 1);
  conntrail_emu *third = conntrail_emu_create(NULL); /* likely at the same address */
  int fd = stream_socket(AF_INET);
  ck_assert_uint_eq(number_in(third, fd), 0);
  ck_assert_uint_eq(number_in(first, fd), 2);
  conntrail_emu_destroy(third);
  conntrail_emu_destroy(first);
}
END_TEST

START_TEST(sockets_outlive_their_emulation_as_plain_ones) {
  world w = world_create();
  ck_assert_int_eq(connect_to(stream_socket(AF_INET), FAR_V4, 80), 0);
  int client = stream_socket(AF_INET);
  int accepted = accept_one(w.proxy4);
  conntrail_emu_destroy(w.emu);
  conntrail_emu *next = conntrail_emu_create(NULL);
  char buffer[64];
  size_t size;
  ck_assert_int_eq(conntrail_query_records(accepted, buffer, sizeof buffer, &size),
                   CONNTRAIL_NOT_REDIRECTED);
  ck_assert_uint_eq(number_in(next, client), 0);
  ck_assert_int_eq(close(accepted), 0);
  conntrail_emu_destroy(next);
}
END_TEST

/* Another thread waits in accept while its emulation ends. */
static void *wait_in_accept(void *argument) {
  return (void *)(intptr_t)accept(*(int *)argument, NULL, NULL);
}

START_TEST(an_emulation_may_end_under_a_call_that_waits) {
  world w = world_create();
  struct sockaddr_storage at = local_address(w.proxy4);
  pthread_t thread;
  void *result;
  ck_assert_int_eq(pthread_create(&thread, NULL, wait_in_accept, &w.proxy4), 0);
  conntrail_emu_destroy(w.emu);
  int client = stream_socket(AF_INET);
  ck_assert_int_eq(connect(client, (struct sockaddr *)&at, address_size(&at)), 0);
  ck_assert_int_eq(pthread_join(thread, &result), 0);
  ck_assert_int_ge((intptr_t)result, 0);
}
END_TEST

START_TEST(too_many_emulations_are_refused_by_name) {
  enum { MOST = 256 };
  static conntrail_emu *emus[MOST];
  conntrail_emu_options options = CONNTRAIL_EMU_OPTIONS_INIT;
  options.trail_capacity = 1;
  for (int i = 0; i < MOST; i++) {
    emus[i] = conntrail_emu_create(&options);
    ck_assert_ptr_nonnull(emus[i]);
  }
  ck_assert_ptr_null(conntrail_emu_create(&options));
  ck_assert_str_eq(conntrail_emu_refusal(), "conntrail_emu_create: too many emulations exist at "
                                            "once; destroy those that are done");
  for (int i = 0; i < MOST; i++) {
    conntrail_emu_destroy(emus[i]);
  }
  conntrail_emu_destroy(conntrail_emu_create(&options));
}
END_TEST

/* As a signal handler finds it that interrupted the lock's holder. */
START_TEST(under_the_lock_calls_go_straight_to_libc) {
  world w = world_create();
  ck_assert_int_eq(connect_to(stream_socket(AF_INET), FAR_V4, 80), 0);
  int accepted = accept_one(w.proxy4);
  char buffer[64];
  size_t size;
  conntrail__native_lock();
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  conntrail_status status = conntrail_query_records(accepted, buffer, sizeof buffer, &size);
  int closed = close(accepted);
  conntrail__native_unlock();
  ck_assert_int_ge(fd, 0);
  ck_assert_uint_eq(number_in(w.emu, fd), 0);
  ck_assert_int_eq(status, CONNTRAIL_IN_PROGRESS);
  ck_assert_int_eq(closed, 0);
  ck_assert_uint_eq(number_in(w.emu, accepted), 0);
  ck_assert_int_eq(socket(AF_INET, SOCK_STREAM, 0), accepted);
  ck_assert_int_eq(conntrail_query_records(accepted, buffer, sizeof buffer, &size),
                   CONNTRAIL_NOT_CONNECTED);
  world_destroy(&w);
}
END_TEST

enum { THREADS = 4, ROUNDS = 100 };

typedef struct traffic {
  world *w;
  int port;
  int failures;
} traffic;

static void *make_connections(void *argument) {
  traffic *t = argument;
  for (int i = 0; i < ROUNDS; i++) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int copy = dup(fd);
    t->failures += connect_to(fd, FAR_V4, 80) != 0;
    t->failures += strcmp(peer_text(copy), FAR_V4 ":80") != 0;
    t->failures += close(fd) != 0 || close(copy) != 0;
  }
  return NULL;
}

static void *accept_connections(void *argument) {
  traffic *t = argument;
  for (int i = 0; i < ROUNDS; i++) {
    struct sockaddr_storage destination;
    char records[1024];
    size_t size;
    int fd = accept(t->w->proxy4, NULL, NULL);
    t->failures += conntrail_original_destination(fd, &destination) != CONNTRAIL_OK;
    t->failures += conntrail_query_records(fd, records, sizeof records, &size) != CONNTRAIL_OK;
    t->failures += close(fd) != 0;
  }
  return NULL;
}

START_TEST(threads_do_not_disturb_each_other) {
  world w = world_create();
  pthread_t clients[THREADS];
  pthread_t proxies[THREADS];
  traffic traffics[2 * THREADS];
  for (int i = 0; i < 2 * THREADS; i++) {
    traffics[i] = (traffic){.w = &w};
  }
  for (int i = 0; i < THREADS; i++) {
    ck_assert_int_eq(pthread_create(&clients[i], NULL, make_connections, &traffics[i]), 0);
    ck_assert_int_eq(pthread_create(&proxies[i], NULL, accept_connections, &traffics[THREADS + i]),
                     0);
  }
  for (int i = 0; i < THREADS; i++) {
    ck_assert_int_eq(pthread_join(clients[i], NULL), 0);
    ck_assert_int_eq(pthread_join(proxies[i], NULL), 0);
  }
  for (int i = 0; i < 2 * THREADS; i++) {
    ck_assert_int_eq(traffics[i].failures, 0);
  }
  ck_assert_uint_eq(count_of(w, REDIRECTED), THREADS * ROUNDS);
  ck_assert_uint_eq(count_of(w, ACCEPTED), THREADS * ROUNDS);
  ck_assert_uint_eq(count_of(w, CLOSED), THREADS * ROUNDS);
  world_destroy(&w);
}
END_TEST

RUN_TESTS("posix session", the_first_emulation_is_current_and_a_second_where_it_was_entered,
          a_socket_keeps_its_emulation_wherever_it_is_used,
          records_of_one_emulation_are_foreign_to_another,
          entering_what_was_destroyed_leads_back_to_the_process,
          sockets_outlive_their_emulation_as_plain_ones,
          an_emulation_may_end_under_a_call_that_waits, too_many_emulations_are_refused_by_name,
          under_the_lock_calls_go_straight_to_libc, threads_do_not_disturb_each_other)
