/* SPDX-License-Identifier: MIT */

/* Operations that another thread completes, as Windows does, and that their owner frees as early as
 * async.h allows (O1, O5). AddressSanitizer and ThreadSanitizer report what goes wrong here. */

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "conntrail/async.h"
#include "conntrail/conntrail.h"
#include "scripted_seam.h"

enum { BLOB_SIZE = 80, ABORTED = 995, ROUNDS = 500 };

static conntrail_operation *operation;
static atomic_uint completions;
static sem_t freed;

static void setup(void) {
  scripted_begin();
  atomic_store(&completions, 0);
  ck_assert_int_eq(sem_init(&freed, 0, 0), 0);
}

static void teardown(void) {
  ck_assert_int_eq(sem_destroy(&freed), 0);
}

static void on_done(void *argument) {
  (void)argument;
  atomic_fetch_add(&completions, 1);
}

static void on_done_until_it_is_freed(void *argument) {
  ck_assert_int_eq(sem_wait(&freed), 0);
  on_done(argument);
}

static void begin(conntrail_completion completion) {
  scripted_begin_query(CONNTRAIL__QUERY_RECORDS, CONNTRAIL__PENDING, 0);
  ck_assert_int_eq(conntrail_begin_query_records(SCRIPTED_SOCKET, completion, NULL, &operation),
                   CONNTRAIL_OK);
}

static void *complete(void *native) {
  uint32_t number = *(const uint32_t *)native;
  scripted_complete(0, number, number == 0 ? BLOB_SIZE : 0);
  return NULL;
}

static conntrail_status poll_result(void) {
  conntrail_status status = CONNTRAIL_PENDING;
  while (status == CONNTRAIL_PENDING) {
    status = conntrail_operation_result(operation, NULL, NULL);
  }
  return status;
}

static void poll_and_free(conntrail_completion completion, bool cancels) {
  pthread_t thread;
  uint32_t native = cancels ? ABORTED : 0;
  begin(completion);
  if (cancels) {
    scripted_cancels_are_free();
    conntrail_operation_cancel(operation);
  }
  ck_assert_int_eq(pthread_create(&thread, NULL, complete, &native), 0);
  ck_assert_int_eq(poll_result(), cancels ? CONNTRAIL_ABORTED : CONNTRAIL_OK);
  conntrail_operation_free(operation);
  ck_assert_int_eq(sem_post(&freed), 0);
  ck_assert_int_eq(pthread_join(thread, NULL), 0);
  scripted_begin();
}

START_TEST(polled_and_freed) {
  for (unsigned round = 0; round < ROUNDS; round++) {
    poll_and_free(on_done, _i == 1);
    ck_assert_uint_eq(atomic_load(&completions), round + 1);
  }
}
END_TEST

START_TEST(freed_while_its_completion_runs) {
  poll_and_free(on_done_until_it_is_freed, _i == 1);
  ck_assert_uint_eq(atomic_load(&completions), 1);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("async threads");
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_loop_test(tests, polled_and_freed, 0, 2);
  tcase_add_loop_test(tests, freed_while_its_completion_runs, 0, 2);
  return scripted_run("src async threads", tests);
}
