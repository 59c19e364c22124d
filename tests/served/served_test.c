/* SPDX-License-Identifier: MIT */
/* What only a service can get wrong: when it learns of what the threads of one process did. */
#include <pthread.h>

#include "../unit/posix_support.h"
#include "late_connect.h"

static void *connect_far(void *arg) {
  int *client = arg;
  ck_assert_int_eq(connect_to(*client, FAR_V4, 80), 0);
  return NULL;
}

START_TEST(what_was_accepted_before_connect_returned_has_its_records) {
  unsigned char records[1024];
  size_t size = 0;
  struct sockaddr_storage destination;
  pthread_t thread;
  world w = world_create();
  int client = stream_socket(AF_INET);
  late_connect_hold();
  ck_assert_int_eq(pthread_create(&thread, NULL, connect_far, &client), 0);
  int accepted = accept_one(w.proxy4);
  ck_assert_int_eq(conntrail_query_records(accepted, records, sizeof records, &size), CONNTRAIL_OK);
  ck_assert_uint_gt(size, 0);
  ck_assert_int_eq(conntrail_original_destination(accepted, &destination), CONNTRAIL_OK);
  ck_assert_str_eq(address_text(&destination), FAR_V4 ":80");
  late_connect_let_go();
  ck_assert_int_eq(pthread_join(thread, NULL), 0);
  ck_assert_str_eq(peer_text(client), FAR_V4 ":80");
  ck_assert_uint_eq(count_of(w, REDIRECTED), 1);
  ck_assert_uint_eq(count_of(w, ACCEPTED), 1);
  ck_assert_uint_eq(count_of(w, MISUSE), 0);
  close(accepted);
  close(client);
  world_destroy(&w);
}
END_TEST

RUN_TESTS("served", what_was_accepted_before_connect_returned_has_its_records)
