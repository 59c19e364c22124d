/* SPDX-License-Identifier: MIT */
/*
 * K17: an emulation, and a product's library that was compiled with another version of
 * conntrail/linux.h: tests/unit/CMakeLists.txt makes one. Every call that the emulation would have
 * to answer is refused by name, and none is taken for "a real kernel".
 */
#include "conntrail/async.h"
#include "conntrail/linux.h"
#include "posix_scene.h"

enum { VERSION_NOT_SUPPORTED = 10092 };

static void expect_mismatch(conntrail_status status) {
  ck_assert_str_eq(conntrail_status_name(status), "VERSION_MISMATCH");
  ck_assert_uint_eq(conntrail_native_error(), VERSION_NOT_SUPPORTED);
}

/* What this test itself is compiled with is the emulation's. */
START_TEST(the_emulation_tells_its_own_version) {
  world w = world_create();
  int fd = stream_socket(AF_INET);
  uint32_t version = 0;
  socklen_t size = sizeof version;
  ck_assert_int_eq(getsockopt(fd, SOL_CONNTRAIL, CONNTRAIL_LINUX_VERSION, &version, &size), 0);
  ck_assert_uint_eq(version, CONNTRAIL_LINUX_INTERFACE);
  close(fd);
  world_destroy(&w);
}
END_TEST

START_TEST(records_of_a_connection_are_refused) {
  world w = world_create();
  int client = stream_socket(AF_INET);
  int outbound = stream_socket(AF_INET);
  char blob[4096];
  size_t size = 0;
  ck_assert_int_eq(connect_to(client, FAR_V4, 80), 0);
  int accepted = accept_one(w.proxy4);
  expect_mismatch(conntrail_query_records(accepted, blob, sizeof blob, &size));
  expect_mismatch(conntrail_query_context(accepted, blob, sizeof blob, &size));
  expect_mismatch(conntrail_set_records(outbound, blob, 100));
  expect_mismatch(conntrail_transfer_records(accepted, outbound));
  world_destroy(&w);
}
END_TEST

START_TEST(the_original_destination_is_refused) {
  world w = world_create();
  int client = stream_socket(AF_INET);
  struct sockaddr_storage destination;
  ck_assert_int_eq(connect_to(client, FAR_V4, 80), 0);
  expect_mismatch(conntrail_original_destination(accept_one(w.proxy4), &destination));
  world_destroy(&w);
}
END_TEST

static void count_call(void *argument) {
  ++*(int *)argument;
}

START_TEST(a_query_that_is_begun_is_refused) {
  world w = world_create();
  int client = stream_socket(AF_INET);
  conntrail_operation *operation = NULL;
  const void *blob = NULL;
  size_t size = 0;
  int completed = 0;
  ck_assert_int_eq(connect_to(client, FAR_V4, 80), 0);
  int accepted = accept_one(w.proxy4);
  ck_assert_int_eq(conntrail_begin_query_records(accepted, count_call, &completed, &operation),
                   CONNTRAIL_OK);
  ck_assert_int_eq(completed, 1);
  expect_mismatch(conntrail_operation_result(operation, &blob, &size));
  conntrail_operation_free(operation);
  world_destroy(&w);
}
END_TEST

START_TEST(messages_are_refused) {
  world w = world_create();
  int fd = datagram_socket(AF_INET);
  char records[100] = {0};
  char text[] = "hello";
  conntrail_buffer piece = {text, sizeof text};
  conntrail_message message = CONNTRAIL_MESSAGE_INIT;
  message.payload = &piece;
  message.payload_count = 1;
  message.records = records;
  message.records_size = sizeof records;
  message.peer = address_of(FAR_V4, PORT);
  expect_mismatch(conntrail_enable_messages(fd));
  expect_mismatch(conntrail_sendmsg(fd, &message));
  ck_assert_uint_eq(conntrail_emu_datagram_flows(w.emu), 0);
  close(fd);
  world_destroy(&w);
}
END_TEST

RUN_TESTS("posix version", the_emulation_tells_its_own_version, records_of_a_connection_are_refused,
          the_original_destination_is_refused, a_query_that_is_begun_is_refused,
          messages_are_refused)
