/* SPDX-License-Identifier: MIT */

#include <stdlib.h>
#include <string.h>

#include "message_table.h"

static conntrail_status receive(void) {
  (void)scripted_heap_watch(true);
  conntrail_status status = conntrail_recvmsg(SCRIPTED_SOCKET, &message);
  (void)scripted_heap_watch(false);
  return status;
}

static scripted_message test_message(uint32_t native, uint32_t flags) {
  return (scripted_message){.native = native,
                            .flags = flags,
                            .bytes = 10,
                            .peer = &peer4,
                            .peer_size = sizeof(struct sockaddr_in),
                            .control = data.bytes,
                            .control_size = data.used};
}

static conntrail_status receive_message(uint32_t native, uint32_t flags) {
  scripted_message next = test_message(native, flags);
  scripted_receive(&next);
  return receive();
}

/* ---- Receiving ------------------------------------------------------------------------------ */

START_TEST(records_and_context_arrive) {
  put(0, 60, RECORDS_SIZE);
  put(0, 70, CONTEXT_SIZE);
  ck_assert_int_eq(receive_message(0, 0), CONNTRAIL_OK);
  ck_assert_uint_eq(message.records_size, RECORDS_SIZE);
  expect_data(records, 60, RECORDS_SIZE);
  ck_assert_uint_eq(records[RECORDS_SIZE], UNTOUCHED);
  ck_assert_uint_eq(message.context_size, CONTEXT_SIZE);
  expect_data(context, 70, CONTEXT_SIZE);
  ck_assert_uint_eq(context[CONTEXT_SIZE], UNTOUCHED);
  ck_assert_uint_eq(message.control_size, 0);
  ck_assert_uint_eq(own[0], UNTOUCHED);
  ck_assert_uint_eq(message.payload_size, 10);
  ck_assert_mem_eq(&message.peer, &peer4, sizeof peer4);
  ck_assert_uint_eq(message.lost, 0);
  ck_assert_uint_eq(scripted_heap_calls(), 0);
  expect_end(SCRIPTED_UNTOUCHED);
}
END_TEST

START_TEST(a_peer_has_no_bytes_without_meaning) {
  scripted_message next = test_message(0, 0);
  struct sockaddr_storage noisy = peer4;
  memset((unsigned char *)&noisy + 8, UNTOUCHED, 8);
  next.peer = &noisy;
  scripted_receive(&next);
  ck_assert_int_eq(receive(), CONNTRAIL_OK);
  ck_assert_mem_eq(&message.peer, &peer4, sizeof peer4);
  next = test_message(0, 0);
  next.peer_size = 0;
  next.peer = NULL;
  scripted_receive(&next);
  ck_assert_int_eq(receive(), CONNTRAIL_OK);
  ck_assert_int_eq(message.peer.ss_family, 0);
  expect_end(SCRIPTED_UNTOUCHED);
}
END_TEST

static const uint32_t peer_sizes[] = {sizeof(struct sockaddr_in6), sizeof(struct sockaddr_storage),
                                      sizeof(struct sockaddr_storage) + 1, UINT32_MAX};

/* A system may return the whole capacity as the size of an address, or more. */
START_TEST(a_peer_is_no_longer_than_its_family) {
  scripted_message next = test_message(0, 0);
  struct sockaddr_storage noisy;
  struct sockaddr_storage clean;
  struct sockaddr_in6 in6;
  memset(&in6, 0, sizeof in6);
  in6.sin6_family = AF_INET6;
  in6.sin6_addr.s6_addr[15] = 1;
  memset(&noisy, UNTOUCHED, sizeof noisy);
  memset(&clean, 0, sizeof clean);
  memcpy(&noisy, &in6, sizeof in6);
  memcpy(&clean, &in6, sizeof in6);
  next.peer = &noisy;
  next.peer_size = peer_sizes[_i];
  scripted_receive(&next);
  ck_assert_int_eq(receive(), CONNTRAIL_OK);
  ck_assert_mem_eq(&message.peer, &clean, sizeof clean);
  expect_end(SCRIPTED_UNTOUCHED);
}
END_TEST

static const uint32_t short_sizes[] = {0, 1, 2, 7};

START_TEST(a_part_of_an_address_is_none) {
  static const struct sockaddr_storage none;
  scripted_message next = test_message(0, 0);
  next.peer_size = short_sizes[_i];
  scripted_receive(&next);
  ck_assert_int_eq(receive(), CONNTRAIL_OK);
  ck_assert_mem_eq(&message.peer, &none, sizeof none);
  expect_end(SCRIPTED_UNTOUCHED);
}
END_TEST

START_TEST(without_control_data_the_sizes_are_zero) {
  message.records_size = 7;
  message.context_size = 7;
  message.control_size = 7;
  message.lost = 7;
  ck_assert_int_eq(receive_message(0, 0), CONNTRAIL_OK);
  ck_assert_uint_eq(message.records_size, 0);
  ck_assert_uint_eq(message.context_size, 0);
  ck_assert_uint_eq(message.control_size, 0);
  ck_assert_uint_eq(message.lost, 0);
  expect_end(SCRIPTED_UNTOUCHED);
}
END_TEST

/* M1: any order, either level, and both levels at once: the first holds. */
START_TEST(a_copy_at_another_level_is_ignored) {
  put(0, 70, CONTEXT_SIZE);
  put(0, 60, RECORDS_SIZE);
  put(41, 70, 4);
  put(41, 60, 4);
  ck_assert_int_eq(receive_message(0, 0), CONNTRAIL_OK);
  ck_assert_uint_eq(message.records_size, RECORDS_SIZE);
  ck_assert_uint_eq(message.context_size, CONTEXT_SIZE);
  expect_data(records, 60, RECORDS_SIZE);
  ck_assert_uint_eq(message.control_size, 0);
  expect_end(SCRIPTED_UNTOUCHED);
}
END_TEST

/* M5: in their order, and ours are not among them. The same types at another level are not ours. */
START_TEST(other_messages_pass_through) {
  conntrail__control_item item;
  put(0, 19, FOREIGN_SIZE);
  put(41, 60, RECORDS_SIZE);
  put(17, 60, 3);
  put(41, 70, CONTEXT_SIZE);
  put(0, 1, 0);
  ck_assert_int_eq(receive_message(0, 0), CONNTRAIL_OK);
  conntrail__control_reader reader =
      conntrail__control_read(CONNTRAIL__CONTROL_NATIVE, own, message.control_size);
  ck_assert(conntrail__control_next(&reader, &item));
  ck_assert_int_eq(item.type, 19);
  ck_assert_uint_eq(item.size, FOREIGN_SIZE);
  expect_data(item.data, 19, FOREIGN_SIZE);
  ck_assert(conntrail__control_next(&reader, &item));
  ck_assert_int_eq(item.level, 17);
  ck_assert(conntrail__control_next(&reader, &item));
  ck_assert_int_eq(item.type, 1);
  ck_assert(!conntrail__control_next(&reader, &item));
  ck_assert_uint_eq(message.records_size, RECORDS_SIZE);
  ck_assert_uint_eq(message.context_size, CONTEXT_SIZE);
  expect_end(SCRIPTED_UNTOUCHED);
}
END_TEST

/* M4: each place that is too small, alone. */
START_TEST(too_small_places_lose_what_they_are_for) {
  put(0, 60, RECORDS_SIZE);
  put(0, 70, CONTEXT_SIZE);
  put(0, 19, FOREIGN_SIZE);
  message.records_capacity = _i == 0 ? RECORDS_SIZE - 1 : RECORDS_SIZE;
  message.context_capacity = _i == 1 ? CONTEXT_SIZE - 1 : CONTEXT_SIZE;
  message.control_capacity = _i == 2 ? 8 : sizeof own;
  ck_assert_int_eq(receive_message(0, 0), CONNTRAIL_CONTROL_TRUNCATED);
  ck_assert_uint_eq(message.records_size, RECORDS_SIZE);
  ck_assert_uint_eq(message.context_size, CONTEXT_SIZE);
  ck_assert_uint_eq(records[0], _i == 0 ? UNTOUCHED : 60);
  ck_assert_uint_eq(context[0], _i == 1 ? UNTOUCHED : 70);
  ck_assert_uint_eq(message.lost, _i == 0   ? CONNTRAIL_LOST_RECORDS
                                  : _i == 1 ? CONNTRAIL_LOST_CONTEXT
                                            : CONNTRAIL_LOST_CONTROL);
  expect_end(10040);
}
END_TEST

START_TEST(what_is_not_wanted_is_not_lost) {
  put(0, 60, RECORDS_SIZE);
  put(0, 70, CONTEXT_SIZE);
  put(0, 19, FOREIGN_SIZE);
  message.records = NULL;
  message.records_capacity = 0;
  message.context = NULL;
  message.context_capacity = 0;
  message.control = NULL;
  message.control_capacity = 0;
  ck_assert_int_eq(receive_message(0, 0), CONNTRAIL_OK);
  ck_assert_uint_eq(message.records_size, RECORDS_SIZE);
  ck_assert_uint_eq(message.context_size, CONTEXT_SIZE);
  ck_assert_uint_eq(message.control_size, 0);
  expect_end(SCRIPTED_UNTOUCHED);
}
END_TEST

/* The last message of a buffer that was cut may be a part of itself. */
START_TEST(the_last_message_of_a_cut_buffer_is_not_believed) {
  put(0, 70, CONTEXT_SIZE);
  put(0, 60, RECORDS_SIZE);
  ck_assert_int_eq(receive_message(10040, CONNTRAIL__CONTROL_CUT), CONNTRAIL_CONTROL_TRUNCATED);
  ck_assert_uint_eq(message.context_size, CONTEXT_SIZE);
  ck_assert_uint_eq(message.records_size, 0);
  ck_assert_uint_eq(records[0], UNTOUCHED);
  ck_assert_uint_eq(message.lost, CONNTRAIL_LOST_CONTROL);
  expect_end(10040);
}
END_TEST

START_TEST(a_longer_datagram_is_told) {
  put(0, 60, RECORDS_SIZE);
  scripted_message next = test_message(10040, CONNTRAIL__DATA_CUT);
  next.bytes = 16 + (_i == 0 ? 0 : 5);
  scripted_receive(&next);
  ck_assert_int_eq(receive(), CONNTRAIL_DATA_TRUNCATED);
  ck_assert_uint_eq(message.payload_size, 16);
  ck_assert_uint_eq(message.records_size, RECORDS_SIZE);
  ck_assert_uint_eq(message.lost, CONNTRAIL_LOST_DATA);
  expect_end(10040);
}
END_TEST

/* More than the pieces hold, and not a word of a cut. */
static const uint32_t payload_sizes[] = {17, 65536, UINT32_MAX};

START_TEST(a_payload_is_no_longer_than_its_pieces) {
  scripted_message next = test_message(0, 0);
  next.bytes = payload_sizes[_i];
  scripted_receive(&next);
  ck_assert_int_eq(receive(), CONNTRAIL_DATA_TRUNCATED);
  ck_assert_uint_eq(message.payload_size, 16);
  ck_assert_uint_eq(message.lost, CONNTRAIL_LOST_DATA);
  expect_end(10040);
}
END_TEST

/* Records, and a message that goes on behind the room; the caller has place for both. */
static scripted_message endless_message(uint32_t native, uint32_t flags, size_t behind) {
  put(0, 60, RECORDS_SIZE);
  size_t at = data.used;
  put(0, 19, 60000);
  message.control = context;
  message.control_capacity = 60000;
  message.context = NULL;
  message.context_capacity = 0;
  size_t length = 60000 + behind;
  memcpy(data.bytes + at, &length, sizeof length);
  scripted_message next = test_message(native, flags);
  next.claimed = length + 4000;
  return next;
}

static const struct {
  uint32_t native;
  uint32_t flags;
  size_t behind;
} endless[] = {{0, 0, 9000},
               {10040, CONNTRAIL__CONTROL_CUT, 9000},
               {0, 0, 1000000},
               {10040, CONNTRAIL__CONTROL_CUT, UINT32_MAX - 64000 - 16}};

START_TEST(control_data_are_no_longer_than_their_room) {
  scripted_message next =
      endless_message(endless[_i].native, endless[_i].flags, endless[_i].behind);
  scripted_receive(&next);
  ck_assert_int_eq(receive(), CONNTRAIL_CONTROL_TRUNCATED);
  ck_assert_uint_eq(message.lost, CONNTRAIL_LOST_CONTROL);
  ck_assert_uint_eq(message.control_size, 0);
  ck_assert_uint_eq(message.records_size, 0);
  ck_assert_uint_eq(context[0], UNTOUCHED);
  expect_end(10040);
}
END_TEST

/* What stands in the room may be an earlier datagram's: nothing but the two calls touches it. */
START_TEST(what_was_not_written_is_not_given) {
  scripted_message nothing = test_message(0, 0);
  nothing.claimed = _i == 0 ? SCRIPTED_ALL_ROOM : 100000;
  put(0, 60, RECORDS_SIZE);
  const scripted_message earlier = test_message(0, 0);
  scripted_receive(&earlier);
  scripted_receive(&nothing);
  conntrail_status first = receive();
  size_t first_size = message.records_size;
  memset(records, UNTOUCHED, RECORDS_SIZE);
  conntrail_status second = receive();
  ck_assert_int_eq(first, CONNTRAIL_OK);
  ck_assert_uint_eq(first_size, RECORDS_SIZE);
  ck_assert_int_eq(second, _i == 0 ? CONNTRAIL_INVALID_MESSAGE : CONNTRAIL_CONTROL_TRUNCATED);
  ck_assert_uint_eq(message.records_size, 0);
  ck_assert_uint_eq(records[0], UNTOUCHED);
  ck_assert_uint_eq(message.payload_size, 10);
  expect_end(_i == 0 ? 0 : 10040);
}
END_TEST

START_TEST(both_are_told) {
  put(0, 60, RECORDS_SIZE);
  ck_assert_int_eq(receive_message(10040, CONNTRAIL__DATA_CUT | CONNTRAIL__CONTROL_CUT),
                   CONNTRAIL_DATA_TRUNCATED);
  ck_assert_uint_eq(message.lost, CONNTRAIL_LOST_DATA | CONNTRAIL_LOST_CONTROL);
  expect_end(10040);
}
END_TEST

/* Never silent: a system that says 10040 and not of what. */
START_TEST(a_cut_without_a_word_is_of_the_data) {
  ck_assert_int_eq(receive_message(10040, 0), CONNTRAIL_DATA_TRUNCATED);
  ck_assert_uint_eq(message.lost, CONNTRAIL_LOST_DATA);
  expect_end(10040);
}
END_TEST

/* M6. */
START_TEST(malformed_control_data_are_told) {
  put(0, 60, RECORDS_SIZE);
  size_t before = data.used;
  put(0, 70, CONTEXT_SIZE);
  memset(data.bytes + before, 0xFF, sizeof(size_t));
  ck_assert_int_eq(receive_message(0, 0), CONNTRAIL_INVALID_MESSAGE);
  ck_assert_uint_eq(message.records_size, RECORDS_SIZE);
  expect_data(records, 60, RECORDS_SIZE);
  ck_assert_uint_eq(message.context_size, 0);
  ck_assert_uint_eq(message.payload_size, 10);
  ck_assert_uint_eq(message.lost, CONNTRAIL_LOST_MALFORMED);
  expect_end(0);
}
END_TEST

START_TEST(large_blobs_take_heap_first) {
  put(0, 60, 65536);
  put(0, 70, 60000);
  message.records_capacity = 65536;
  message.context_capacity = 65536;
  ck_assert_int_eq(receive_message(0, 0), CONNTRAIL_OK);
  ck_assert_uint_eq(message.records_size, 65536);
  expect_data(records, 60, 65536);
  ck_assert_uint_eq(message.context_size, 60000);
  ck_assert_uint_eq(scripted_heap_calls(), 1);
  expect_end(SCRIPTED_UNTOUCHED);
}
END_TEST

START_TEST(without_memory_nothing_is_received) {
  message.records_capacity = 65536;
  scripted_heap_begin(1);
  ck_assert_int_eq(receive(), CONNTRAIL_NO_MEMORY);
  ck_assert_uint_eq(((unsigned char *)&message.peer)[0], UNTOUCHED);
  expect_end(10055);
}
END_TEST

static const struct {
  uint32_t native;
  conntrail_status status;
} refusals[] = {
    {10035, CONNTRAIL_WOULD_BLOCK}, {10022, CONNTRAIL_INVALID},       {10038, CONNTRAIL_NOT_SOCKET},
    {10054, CONNTRAIL_UNREACHABLE}, {10061, CONNTRAIL_UNREACHABLE},   {10060, CONNTRAIL_TIMED_OUT},
    {10004, CONNTRAIL_INTERRUPTED}, {995, CONNTRAIL_ABORTED},         {10055, CONNTRAIL_NO_MEMORY},
    {4711, CONNTRAIL_UNKNOWN},      {10045, CONNTRAIL_NOT_SUPPORTED},
};

START_TEST(a_refused_receive_changes_nothing) {
  conntrail_message before;
  message.payload_size = 77;
  message.records_size = 78;
  message.context_size = 79;
  message.control_size = 80;
  message.lost = 81;
  message.library_socket = SCRIPTED_SOCKET;
  before = message;
  ck_assert_int_eq(receive_message(refusals[_i].native, 0), refusals[_i].status);
  ck_assert_mem_eq(&message, &before, sizeof before);
  expect_end(refusals[_i].native);
}
END_TEST

START_TEST(wrong_arguments_ask_nobody) {
  ck_assert_int_eq(conntrail_recvmsg(SCRIPTED_SOCKET, NULL), CONNTRAIL_FAULT);
  message.payload = NULL;
  ck_assert_int_eq(receive(), CONNTRAIL_FAULT);
  setup();
  pieces[1].bytes = NULL;
  ck_assert_int_eq(receive(), CONNTRAIL_FAULT);
  setup();
  message.records = NULL;
  ck_assert_int_eq(receive(), CONNTRAIL_FAULT);
  setup();
  message.context = NULL;
  ck_assert_int_eq(receive(), CONNTRAIL_FAULT);
  setup();
  message.control = NULL;
  ck_assert_int_eq(receive(), CONNTRAIL_FAULT);
  setup();
  message.struct_size--;
  ck_assert_int_eq(receive(), CONNTRAIL_INVALID);
  setup();
  message.flags = 4;
  ck_assert_int_eq(receive(), CONNTRAIL_INVALID);
  expect_end(10022);
  setup();
  message.payload_count = CONNTRAIL_MOST_BUFFERS + 1;
  ck_assert_int_eq(receive(), CONNTRAIL_LIMIT);
  expect_end(0);
}
END_TEST

START_TEST(a_look_is_asked_for) {
  message.flags = CONNTRAIL_MESSAGE_PEEK;
  ck_assert_int_eq(receive_message(0, 0), CONNTRAIL_OK);
  ck_assert_uint_eq(scripted_last_receive().flags, CONNTRAIL__PEEK);
  ck_assert_uint_eq(scripted_last_receive().payload_count, 2);
  expect_end(SCRIPTED_UNTOUCHED);
}
END_TEST

START_TEST(what_was_looked_up_is_kept_for_its_socket) {
  message.library_socket = SCRIPTED_OUTBOUND;
  message.library_call = &data;
  ck_assert_int_eq(receive_message(0, 0), CONNTRAIL_OK);
  ck_assert_ptr_eq(scripted_last_receive().call, &message.library_call);
  ck_assert_ptr_null(message.library_call);
  message.library_call = &data;
  ck_assert_int_eq(receive_message(0, 0), CONNTRAIL_OK);
  ck_assert_ptr_eq(message.library_call, &data);
  expect_end(SCRIPTED_UNTOUCHED);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("messages received");
  tcase_add_checked_fixture(tests, setup, NULL);
  tcase_add_test(tests, records_and_context_arrive);
  tcase_add_test(tests, a_peer_has_no_bytes_without_meaning);
  SCRIPTED_ADD_LOOP(tests, a_peer_is_no_longer_than_its_family, peer_sizes);
  SCRIPTED_ADD_LOOP(tests, a_part_of_an_address_is_none, short_sizes);
  tcase_add_test(tests, without_control_data_the_sizes_are_zero);
  tcase_add_test(tests, a_copy_at_another_level_is_ignored);
  tcase_add_test(tests, other_messages_pass_through);
  tcase_add_loop_test(tests, too_small_places_lose_what_they_are_for, 0, 3);
  tcase_add_test(tests, what_is_not_wanted_is_not_lost);
  tcase_add_test(tests, the_last_message_of_a_cut_buffer_is_not_believed);
  tcase_add_loop_test(tests, a_longer_datagram_is_told, 0, 2);
  SCRIPTED_ADD_LOOP(tests, a_payload_is_no_longer_than_its_pieces, payload_sizes);
  SCRIPTED_ADD_LOOP(tests, control_data_are_no_longer_than_their_room, endless);
  tcase_add_loop_test(tests, what_was_not_written_is_not_given, 0, 2);
  tcase_add_test(tests, both_are_told);
  tcase_add_test(tests, a_cut_without_a_word_is_of_the_data);
  tcase_add_test(tests, malformed_control_data_are_told);
  tcase_add_test(tests, large_blobs_take_heap_first);
  tcase_add_test(tests, without_memory_nothing_is_received);
  SCRIPTED_ADD_LOOP(tests, a_refused_receive_changes_nothing, refusals);
  tcase_add_test(tests, wrong_arguments_ask_nobody);
  tcase_add_test(tests, a_look_is_asked_for);
  tcase_add_test(tests, what_was_looked_up_is_kept_for_its_socket);
  return scripted_run("messages received", tests);
}
