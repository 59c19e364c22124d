/* SPDX-License-Identifier: MIT */

#include <stdlib.h>
#include <string.h>

#include "message_table.h"
#include "scripted_translation.h"

static const conntrail__socket_facts udp4 = {true, false, true, false, false, false};
static const conntrail__socket_facts udp6 = {true, false, true, false, true, false};
static const conntrail__socket_facts dual = {true, false, true, false, true, true};

/* ---- Sending -------------------------------------------------------------------------------- */

static conntrail_status send_message(uint32_t native) {
  if (message.records_size > 0) {
    scripted_has_records(0);
  }
  scripted_send(native);
  (void)scripted_heap_watch(true);
  conntrail_status status = conntrail_sendmsg(SCRIPTED_SOCKET, &message);
  (void)scripted_heap_watch(false);
  return status;
}

static void setup_send(void) {
  setup();
  message.peer = peer4;
  message.control = NULL;
}

static void expect_records(int level, size_t before, size_t size) {
  const scripted_sent *sent = scripted_last_send();
  conntrail__control_reader reader =
      conntrail__control_read(CONNTRAIL__CONTROL_NATIVE, sent->copy, sent->control_size);
  conntrail__control_item item;
  for (size_t i = 0; i <= before; i++) {
    ck_assert(conntrail__control_next(&reader, &item));
  }
  ck_assert_int_eq(item.level, level);
  ck_assert_int_eq(item.type, 60);
  ck_assert_uint_eq(item.size, size);
  ck_assert_mem_eq(item.data, records, size);
  ck_assert(!conntrail__control_next(&reader, &item));
  ck_assert(!reader.is_malformed);
}

START_TEST(records_are_sent) {
  setup_send();
  message.records_size = RECORDS_SIZE;
  ck_assert_int_eq(send_message(0), CONNTRAIL_OK);
  expect_records(0, 0, RECORDS_SIZE);
  ck_assert(scripted_last_send()->has_peer);
  ck_assert_uint_eq(scripted_last_send()->peer_size, sizeof(struct sockaddr_in));
  ck_assert_ptr_eq(scripted_last_send()->payload, pieces);
  ck_assert_uint_eq(scripted_last_send()->payload_count, 2);
  ck_assert_uint_eq(scripted_heap_calls(), 0);
  expect_end(SCRIPTED_UNTOUCHED);
}
END_TEST

START_TEST(the_level_is_that_of_the_peer) {
  static const unsigned char mapped[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 127, 0, 0, 1};
  struct sockaddr_in6 in6;
  setup_send();
  memset(&in6, 0, sizeof in6);
  in6.sin6_family = AF_INET6;
  if (_i == 0) {
    memcpy(&in6.sin6_addr, mapped, sizeof mapped);
  }
  memset(&message.peer, 0, sizeof message.peer);
  memcpy(&message.peer, &in6, sizeof in6);
  message.records_size = RECORDS_SIZE;
  ck_assert_int_eq(send_message(0), CONNTRAIL_OK);
  expect_records(_i == 0 ? 0 : 41, 0, RECORDS_SIZE);
  ck_assert_uint_eq(scripted_last_send()->peer_size, sizeof in6);
  expect_end(SCRIPTED_UNTOUCHED);
}
END_TEST

START_TEST(without_a_peer_the_socket_says_its_family) {
  setup_send();
  memset(&message.peer, 0, sizeof message.peer);
  message.records_size = RECORDS_SIZE;
  scripted_describe(0, _i == 0 ? udp4 : udp6);
  ck_assert_int_eq(send_message(0), CONNTRAIL_OK);
  expect_records(_i == 0 ? 0 : 41, 0, RECORDS_SIZE);
  ck_assert(!scripted_last_send()->has_peer);
  expect_end(SCRIPTED_UNTOUCHED);
}
END_TEST

START_TEST(own_control_goes_before_the_records) {
  setup_send();
  put(0, 19, 5);
  put(0, 70, 3);
  message.control = data.bytes;
  message.control_size = data.used;
  message.records_size = RECORDS_SIZE;
  ck_assert_int_eq(send_message(0), CONNTRAIL_OK);
  expect_records(0, 2, RECORDS_SIZE);
  ck_assert_mem_eq(scripted_last_send()->copy, data.bytes, data.used);
  expect_end(SCRIPTED_UNTOUCHED);
}
END_TEST

START_TEST(own_control_alone_is_not_copied) {
  setup_send();
  put(0, 19, FOREIGN_SIZE);
  message.control = data.bytes;
  message.control_size = data.used;
  ck_assert_int_eq(send_message(0), CONNTRAIL_OK);
  ck_assert_ptr_eq(scripted_last_send()->control, data.bytes);
  ck_assert_uint_eq(scripted_last_send()->control_size, data.used);
  ck_assert_uint_eq(scripted_heap_calls(), 0);
  expect_end(SCRIPTED_UNTOUCHED);
}
END_TEST

START_TEST(large_records_are_sent_from_the_heap) {
  setup_send();
  message.records_size = 65536;
  ck_assert_int_eq(send_message(0), CONNTRAIL_OK);
  expect_records(0, 0, 65536);
  ck_assert_uint_eq(scripted_heap_calls(), 1);
  expect_end(SCRIPTED_UNTOUCHED);
}
END_TEST

static conntrail_status refused_send(void) {
  return conntrail_sendmsg(SCRIPTED_SOCKET, &message);
}

/* M6: each kind of malformed control data; the system is not asked. */
START_TEST(malformed_control_is_not_sent) {
  static const size_t lengths[] = {0, 1, 15, 1000, SIZE_MAX};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    setup_send();
    put(0, 19, FOREIGN_SIZE);
    memcpy(data.bytes, &lengths[i], sizeof lengths[i]);
    message.control = data.bytes;
    message.control_size = data.used;
    ck_assert_int_eq(refused_send(), CONNTRAIL_INVALID_MESSAGE);
    expect_end(0);
  }
  setup_send();
  put(41, 60, RECORDS_SIZE);
  message.control = data.bytes;
  message.control_size = data.used;
  ck_assert_int_eq(refused_send(), CONNTRAIL_INVALID_MESSAGE);
  expect_end(0);
}
END_TEST

START_TEST(wrong_arguments_are_not_sent) {
  ck_assert_int_eq(conntrail_sendmsg(SCRIPTED_SOCKET, NULL), CONNTRAIL_FAULT);
  setup_send();
  message.records = NULL;
  message.records_size = 1;
  ck_assert_int_eq(refused_send(), CONNTRAIL_FAULT);
  setup_send();
  message.control_size = 1;
  ck_assert_int_eq(refused_send(), CONNTRAIL_FAULT);
  setup_send();
  message.flags = CONNTRAIL_MESSAGE_PEEK;
  ck_assert_int_eq(refused_send(), CONNTRAIL_INVALID);
  setup_send();
  message.records_size = 65537;
  ck_assert_int_eq(refused_send(), CONNTRAIL_LIMIT);
  setup_send();
  message.control = data.bytes;
  message.control_size = 65537;
  ck_assert_int_eq(refused_send(), CONNTRAIL_LIMIT);
  setup_send();
  message.records_size = 65536;
  scripted_has_records(0);
  scripted_heap_begin(1);
  (void)scripted_heap_watch(true);
  ck_assert_int_eq(refused_send(), CONNTRAIL_NO_MEMORY);
  (void)scripted_heap_watch(false);
  expect_end(10055);
}
END_TEST

/* K4: the kernel would send the datagram, and drop the records. */
START_TEST(records_are_not_sent_where_there_are_none) {
  setup_send();
  message.records_size = RECORDS_SIZE;
  scripted_has_records(CONNTRAIL__NO_RECORDS);
  ck_assert_int_eq(refused_send(), CONNTRAIL_NOT_SUPPORTED);
  expect_end(10045);
}
END_TEST

static const struct {
  uint32_t native;
  conntrail_status status;
} send_refusals[] = {
    {10040, CONNTRAIL_TOO_LARGE},     {10039, CONNTRAIL_NOT_CONNECTED},
    {10057, CONNTRAIL_NOT_CONNECTED}, {10065, CONNTRAIL_UNREACHABLE},
    {10051, CONNTRAIL_UNREACHABLE},   {10013, CONNTRAIL_ACCESS},
    {10035, CONNTRAIL_WOULD_BLOCK},   {10022, CONNTRAIL_INVALID},
    {10038, CONNTRAIL_NOT_SOCKET},
};

START_TEST(a_refused_send_says_why) {
  setup_send();
  message.records_size = RECORDS_SIZE;
  ck_assert_int_eq(send_message(send_refusals[_i].native), send_refusals[_i].status);
  expect_end(send_refusals[_i].native);
}
END_TEST

/* ---- Enabling ------------------------------------------------------------------------------- */

static void script_level(int level) {
  scripted_enable(level, 60, 0);
  scripted_enable(level, 70, 0);
}

START_TEST(each_family_is_enabled) {
  scripted_describe(0, _i == 0 ? udp4 : _i == 1 ? udp6 : dual);
  if (_i > 0) {
    script_level(41);
  }
  if (_i != 1) {
    script_level(0);
  }
  ck_assert_int_eq(conntrail_enable_messages(SCRIPTED_SOCKET), CONNTRAIL_OK);
  expect_end(SCRIPTED_UNTOUCHED);
}
END_TEST

START_TEST(an_unknown_option_is_not_supported) {
  scripted_describe(0, udp4);
  scripted_enable(0, 60, 10042);
  ck_assert_int_eq(conntrail_enable_messages(SCRIPTED_SOCKET), CONNTRAIL_NOT_SUPPORTED);
  expect_end(10042);
  scripted_describe(0, udp4);
  scripted_enable(0, 60, 0);
  scripted_enable(0, 70, 10050);
  ck_assert_int_eq(conntrail_enable_messages(SCRIPTED_SOCKET), CONNTRAIL_NET_DOWN);
  expect_end(10050);
}
END_TEST

START_TEST(only_udp_is_enabled) {
  scripted_describe(0, scripted_connected);
  ck_assert_int_eq(conntrail_enable_messages(SCRIPTED_SOCKET), CONNTRAIL_INVALID);
  expect_end(10022);
  scripted_describe(10038, udp4);
  ck_assert_int_eq(conntrail_enable_messages(SCRIPTED_SOCKET), CONNTRAIL_NOT_SOCKET);
  expect_end(10038);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("messages sent");
  tcase_add_checked_fixture(tests, setup, NULL);
  tcase_add_test(tests, records_are_sent);
  tcase_add_loop_test(tests, the_level_is_that_of_the_peer, 0, 2);
  tcase_add_loop_test(tests, without_a_peer_the_socket_says_its_family, 0, 2);
  tcase_add_test(tests, own_control_goes_before_the_records);
  tcase_add_test(tests, own_control_alone_is_not_copied);
  tcase_add_test(tests, large_records_are_sent_from_the_heap);
  tcase_add_test(tests, malformed_control_is_not_sent);
  tcase_add_test(tests, wrong_arguments_are_not_sent);
  tcase_add_test(tests, records_are_not_sent_where_there_are_none);
  SCRIPTED_ADD_LOOP(tests, a_refused_send_says_why, send_refusals);
  tcase_add_loop_test(tests, each_family_is_enabled, 0, 3);
  tcase_add_test(tests, an_unknown_option_is_not_supported);
  tcase_add_test(tests, only_udp_is_enabled);
  return scripted_run("messages sent", tests);
}
