/* SPDX-License-Identifier: MIT */

#include <stdlib.h>
#include <string.h>

#include "conntrail/conntrail.h"
#include "scripted_heap.h"
#include "scripted_messages.h"

enum { UNTOUCHED = 0xA5, BLOB = 48, CONTEXT = 128, FOREIGN = 12 };

/* Control data as a system delivers them. */
typedef struct control {
  unsigned char bytes[140000];
  size_t used;
} control;

static control data;
static unsigned char records[70000];
static unsigned char context[70000];
static unsigned char own[512];
static char first[8];
static char second[8];
static conntrail_buffer pieces[2];
static conntrail_message message;
static struct sockaddr_storage peer4;

static const conntrail__socket_facts udp4 = {true, false, true, false, false, false};
static const conntrail__socket_facts udp6 = {true, false, true, false, true, false};
static const conntrail__socket_facts dual = {true, false, true, false, true, true};

static void put(int level, int type, size_t size) {
  unsigned char bytes[70000];
  for (size_t i = 0; i < size; i++) {
    bytes[i] = (unsigned char)(type + (int)i);
  }
  ck_assert(conntrail__control_append(CONNTRAIL__CONTROL_NATIVE, data.bytes, sizeof data.bytes,
                                      &data.used, level, type, bytes, size));
}

static void expect_data(const unsigned char *bytes, int type, size_t size) {
  for (size_t i = 0; i < size; i++) {
    ck_assert_uint_eq(bytes[i], (unsigned char)(type + (int)i));
  }
}

static void setup(void) {
  struct sockaddr_in in;
  scripted_begin();
  scripted_messages_begin();
  scripted_heap_begin(0);
  memset(&data, 0, sizeof data);
  memset(records, UNTOUCHED, sizeof records);
  memset(context, UNTOUCHED, sizeof context);
  memset(own, UNTOUCHED, sizeof own);
  memset(&in, 0, sizeof in);
  in.sin_family = AF_INET;
  in.sin_port = htons(53);
  in.sin_addr.s_addr = htonl(0x7f000001);
  memset(&peer4, 0, sizeof peer4);
  memcpy(&peer4, &in, sizeof in);
  pieces[0] = (conntrail_buffer){first, sizeof first};
  pieces[1] = (conntrail_buffer){second, sizeof second};
  message = (conntrail_message)CONNTRAIL_MESSAGE_INIT;
  memset(&message.peer, UNTOUCHED, sizeof message.peer);
  message.payload = pieces;
  message.payload_count = 2;
  message.records = records;
  message.records_capacity = 1024;
  message.context = context;
  message.context_capacity = 512;
  message.control = own;
  message.control_capacity = sizeof own;
}

static conntrail_status receive(void) {
  (void)scripted_heap_watch(true);
  conntrail_status status = conntrail_recvmsg(SCRIPTED_SOCKET, &message);
  (void)scripted_heap_watch(false);
  return status;
}

static scripted_letter letter(uint32_t native, uint32_t flags) {
  return (scripted_letter){native,     flags,    10, &peer4, sizeof(struct sockaddr_in),
                           data.bytes, data.used};
}

static conntrail_status receive_letter(uint32_t native, uint32_t flags) {
  scripted_letter next = letter(native, flags);
  scripted_receive(&next);
  return receive();
}

static void expect_end(uint32_t last_error) {
  scripted_messages_end();
  scripted_end(last_error);
}

/* ---- Receiving ------------------------------------------------------------------------------ */

START_TEST(records_and_context_arrive) {
  put(0, 60, BLOB);
  put(0, 70, CONTEXT);
  ck_assert_int_eq(receive_letter(0, 0), CONNTRAIL_OK);
  ck_assert_uint_eq(message.records_size, BLOB);
  expect_data(records, 60, BLOB);
  ck_assert_uint_eq(records[BLOB], UNTOUCHED);
  ck_assert_uint_eq(message.context_size, CONTEXT);
  expect_data(context, 70, CONTEXT);
  ck_assert_uint_eq(context[CONTEXT], UNTOUCHED);
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
  scripted_letter next = letter(0, 0);
  struct sockaddr_storage noisy = peer4;
  memset((unsigned char *)&noisy + 8, UNTOUCHED, 8);
  next.peer = &noisy;
  scripted_receive(&next);
  ck_assert_int_eq(receive(), CONNTRAIL_OK);
  ck_assert_mem_eq(&message.peer, &peer4, sizeof peer4);
  next = letter(0, 0);
  next.peer_size = 0;
  next.peer = NULL;
  scripted_receive(&next);
  ck_assert_int_eq(receive(), CONNTRAIL_OK);
  ck_assert_int_eq(message.peer.ss_family, 0);
  expect_end(SCRIPTED_UNTOUCHED);
}
END_TEST

START_TEST(without_control_data_the_sizes_are_zero) {
  message.records_size = 7;
  message.context_size = 7;
  message.control_size = 7;
  message.lost = 7;
  ck_assert_int_eq(receive_letter(0, 0), CONNTRAIL_OK);
  ck_assert_uint_eq(message.records_size, 0);
  ck_assert_uint_eq(message.context_size, 0);
  ck_assert_uint_eq(message.control_size, 0);
  ck_assert_uint_eq(message.lost, 0);
  expect_end(SCRIPTED_UNTOUCHED);
}
END_TEST

/* M1: any order, either level, and both levels at once: the first holds. */
START_TEST(a_copy_at_another_level_is_ignored) {
  put(0, 70, CONTEXT);
  put(0, 60, BLOB);
  put(41, 70, 4);
  put(41, 60, 4);
  ck_assert_int_eq(receive_letter(0, 0), CONNTRAIL_OK);
  ck_assert_uint_eq(message.records_size, BLOB);
  ck_assert_uint_eq(message.context_size, CONTEXT);
  expect_data(records, 60, BLOB);
  ck_assert_uint_eq(message.control_size, 0);
  expect_end(SCRIPTED_UNTOUCHED);
}
END_TEST

/* M5: in their order, and ours are not among them. The same types at another level are not ours. */
START_TEST(other_messages_pass_through) {
  conntrail__control_item item;
  put(0, 19, FOREIGN);
  put(41, 60, BLOB);
  put(17, 60, 3);
  put(41, 70, CONTEXT);
  put(0, 1, 0);
  ck_assert_int_eq(receive_letter(0, 0), CONNTRAIL_OK);
  conntrail__control_reader reader =
      conntrail__control_read(CONNTRAIL__CONTROL_NATIVE, own, message.control_size);
  ck_assert(conntrail__control_next(&reader, &item));
  ck_assert_int_eq(item.type, 19);
  ck_assert_uint_eq(item.size, FOREIGN);
  expect_data(item.data, 19, FOREIGN);
  ck_assert(conntrail__control_next(&reader, &item));
  ck_assert_int_eq(item.level, 17);
  ck_assert(conntrail__control_next(&reader, &item));
  ck_assert_int_eq(item.type, 1);
  ck_assert(!conntrail__control_next(&reader, &item));
  ck_assert_uint_eq(message.records_size, BLOB);
  ck_assert_uint_eq(message.context_size, CONTEXT);
  expect_end(SCRIPTED_UNTOUCHED);
}
END_TEST

/* M4: each place that is too small, alone. */
START_TEST(too_small_places_lose_what_they_are_for) {
  put(0, 60, BLOB);
  put(0, 70, CONTEXT);
  put(0, 19, FOREIGN);
  message.records_capacity = _i == 0 ? BLOB - 1 : BLOB;
  message.context_capacity = _i == 1 ? CONTEXT - 1 : CONTEXT;
  message.control_capacity = _i == 2 ? 8 : sizeof own;
  ck_assert_int_eq(receive_letter(0, 0), CONNTRAIL_CONTROL_TRUNCATED);
  ck_assert_uint_eq(message.records_size, BLOB);
  ck_assert_uint_eq(message.context_size, CONTEXT);
  ck_assert_uint_eq(records[0], _i == 0 ? UNTOUCHED : 60);
  ck_assert_uint_eq(context[0], _i == 1 ? UNTOUCHED : 70);
  ck_assert_uint_eq(message.lost, _i == 0   ? CONNTRAIL_LOST_RECORDS
                                  : _i == 1 ? CONNTRAIL_LOST_CONTEXT
                                            : CONNTRAIL_LOST_CONTROL);
  expect_end(10040);
}
END_TEST

START_TEST(what_is_not_wanted_is_not_lost) {
  put(0, 60, BLOB);
  put(0, 70, CONTEXT);
  put(0, 19, FOREIGN);
  message.records = NULL;
  message.records_capacity = 0;
  message.context = NULL;
  message.context_capacity = 0;
  message.control = NULL;
  message.control_capacity = 0;
  ck_assert_int_eq(receive_letter(0, 0), CONNTRAIL_OK);
  ck_assert_uint_eq(message.records_size, BLOB);
  ck_assert_uint_eq(message.context_size, CONTEXT);
  ck_assert_uint_eq(message.control_size, 0);
  expect_end(SCRIPTED_UNTOUCHED);
}
END_TEST

/* The last message of a buffer that was cut may be a part of itself. */
START_TEST(the_last_message_of_a_cut_buffer_is_not_believed) {
  put(0, 70, CONTEXT);
  put(0, 60, BLOB);
  ck_assert_int_eq(receive_letter(10040, CONNTRAIL__CONTROL_CUT), CONNTRAIL_CONTROL_TRUNCATED);
  ck_assert_uint_eq(message.context_size, CONTEXT);
  ck_assert_uint_eq(message.records_size, 0);
  ck_assert_uint_eq(records[0], UNTOUCHED);
  ck_assert_uint_eq(message.lost, CONNTRAIL_LOST_CONTROL);
  expect_end(10040);
}
END_TEST

START_TEST(a_longer_datagram_is_told) {
  put(0, 60, BLOB);
  scripted_letter next = letter(10040, CONNTRAIL__DATA_CUT);
  next.bytes = 16 + (_i == 0 ? 0 : 5);
  scripted_receive(&next);
  ck_assert_int_eq(receive(), CONNTRAIL_DATA_TRUNCATED);
  ck_assert_uint_eq(message.payload_size, 16);
  ck_assert_uint_eq(message.records_size, BLOB);
  ck_assert_uint_eq(message.lost, CONNTRAIL_LOST_DATA);
  expect_end(10040);
}
END_TEST

START_TEST(both_are_told) {
  put(0, 60, BLOB);
  ck_assert_int_eq(receive_letter(10040, CONNTRAIL__DATA_CUT | CONNTRAIL__CONTROL_CUT),
                   CONNTRAIL_DATA_TRUNCATED);
  ck_assert_uint_eq(message.lost, CONNTRAIL_LOST_DATA | CONNTRAIL_LOST_CONTROL);
  expect_end(10040);
}
END_TEST

/* Never silent: a system that says 10040 and not of what. */
START_TEST(a_cut_without_a_word_is_of_the_data) {
  ck_assert_int_eq(receive_letter(10040, 0), CONNTRAIL_DATA_TRUNCATED);
  ck_assert_uint_eq(message.lost, CONNTRAIL_LOST_DATA);
  expect_end(10040);
}
END_TEST

/* M6. */
START_TEST(malformed_control_data_are_told) {
  put(0, 60, BLOB);
  size_t before = data.used;
  put(0, 70, CONTEXT);
  memset(data.bytes + before, 0xFF, sizeof(size_t));
  ck_assert_int_eq(receive_letter(0, 0), CONNTRAIL_INVALID_MESSAGE);
  ck_assert_uint_eq(message.records_size, BLOB);
  expect_data(records, 60, BLOB);
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
  ck_assert_int_eq(receive_letter(0, 0), CONNTRAIL_OK);
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
  ck_assert_int_eq(receive_letter(refusals[_i].native, 0), refusals[_i].status);
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
  message.flags = 2;
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
  ck_assert_int_eq(receive_letter(0, 0), CONNTRAIL_OK);
  ck_assert_uint_eq(scripted_last_receive().flags, CONNTRAIL__PEEK);
  ck_assert_uint_eq(scripted_last_receive().payload_count, 2);
  expect_end(SCRIPTED_UNTOUCHED);
}
END_TEST

START_TEST(what_was_looked_up_is_kept_for_its_socket) {
  message.library_socket = SCRIPTED_OUTBOUND;
  message.library_call = &data;
  ck_assert_int_eq(receive_letter(0, 0), CONNTRAIL_OK);
  ck_assert_ptr_eq(scripted_last_receive().call, &message.library_call);
  ck_assert_ptr_null(message.library_call);
  message.library_call = &data;
  ck_assert_int_eq(receive_letter(0, 0), CONNTRAIL_OK);
  ck_assert_ptr_eq(message.library_call, &data);
  expect_end(SCRIPTED_UNTOUCHED);
}
END_TEST

/* ---- Sending -------------------------------------------------------------------------------- */

static conntrail_status send_message(uint32_t native) {
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
  message.records_size = BLOB;
  ck_assert_int_eq(send_message(0), CONNTRAIL_OK);
  expect_records(0, 0, BLOB);
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
  message.records_size = BLOB;
  ck_assert_int_eq(send_message(0), CONNTRAIL_OK);
  expect_records(_i == 0 ? 0 : 41, 0, BLOB);
  ck_assert_uint_eq(scripted_last_send()->peer_size, sizeof in6);
  expect_end(SCRIPTED_UNTOUCHED);
}
END_TEST

START_TEST(without_a_peer_the_socket_says_its_family) {
  setup_send();
  memset(&message.peer, 0, sizeof message.peer);
  message.records_size = BLOB;
  scripted_describe(0, _i == 0 ? udp4 : udp6);
  ck_assert_int_eq(send_message(0), CONNTRAIL_OK);
  expect_records(_i == 0 ? 0 : 41, 0, BLOB);
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
  message.records_size = BLOB;
  ck_assert_int_eq(send_message(0), CONNTRAIL_OK);
  expect_records(0, 2, BLOB);
  ck_assert_mem_eq(scripted_last_send()->copy, data.bytes, data.used);
  expect_end(SCRIPTED_UNTOUCHED);
}
END_TEST

START_TEST(own_control_alone_is_not_copied) {
  setup_send();
  put(0, 19, FOREIGN);
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

/* M6: each kind of malformed control data; nobody is asked. */
START_TEST(malformed_control_is_not_sent) {
  static const size_t lengths[] = {0, 1, 15, 1000, SIZE_MAX};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    setup_send();
    put(0, 19, FOREIGN);
    memcpy(data.bytes, &lengths[i], sizeof lengths[i]);
    message.control = data.bytes;
    message.control_size = data.used;
    ck_assert_int_eq(refused_send(), CONNTRAIL_INVALID_MESSAGE);
    expect_end(0);
  }
  setup_send();
  put(41, 60, BLOB);
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
  scripted_heap_begin(1);
  (void)scripted_heap_watch(true);
  ck_assert_int_eq(refused_send(), CONNTRAIL_NO_MEMORY);
  (void)scripted_heap_watch(false);
  expect_end(10055);
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
  message.records_size = BLOB;
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
  TCase *tests = tcase_create("messages");
  tcase_add_checked_fixture(tests, setup, NULL);
  tcase_add_test(tests, records_and_context_arrive);
  tcase_add_test(tests, a_peer_has_no_bytes_without_meaning);
  tcase_add_test(tests, without_control_data_the_sizes_are_zero);
  tcase_add_test(tests, a_copy_at_another_level_is_ignored);
  tcase_add_test(tests, other_messages_pass_through);
  tcase_add_loop_test(tests, too_small_places_lose_what_they_are_for, 0, 3);
  tcase_add_test(tests, what_is_not_wanted_is_not_lost);
  tcase_add_test(tests, the_last_message_of_a_cut_buffer_is_not_believed);
  tcase_add_loop_test(tests, a_longer_datagram_is_told, 0, 2);
  tcase_add_test(tests, both_are_told);
  tcase_add_test(tests, a_cut_without_a_word_is_of_the_data);
  tcase_add_test(tests, malformed_control_data_are_told);
  tcase_add_test(tests, large_blobs_take_heap_first);
  tcase_add_test(tests, without_memory_nothing_is_received);
  SCRIPTED_ADD_LOOP(tests, a_refused_receive_changes_nothing, refusals);
  tcase_add_test(tests, wrong_arguments_ask_nobody);
  tcase_add_test(tests, a_look_is_asked_for);
  tcase_add_test(tests, what_was_looked_up_is_kept_for_its_socket);
  tcase_add_test(tests, records_are_sent);
  tcase_add_loop_test(tests, the_level_is_that_of_the_peer, 0, 2);
  tcase_add_loop_test(tests, without_a_peer_the_socket_says_its_family, 0, 2);
  tcase_add_test(tests, own_control_goes_before_the_records);
  tcase_add_test(tests, own_control_alone_is_not_copied);
  tcase_add_test(tests, large_records_are_sent_from_the_heap);
  tcase_add_test(tests, malformed_control_is_not_sent);
  tcase_add_test(tests, wrong_arguments_are_not_sent);
  SCRIPTED_ADD_LOOP(tests, a_refused_send_says_why, send_refusals);
  tcase_add_loop_test(tests, each_family_is_enabled, 0, 3);
  tcase_add_test(tests, an_unknown_option_is_not_supported);
  tcase_add_test(tests, only_udp_is_enabled);
  return scripted_run("messages", tests);
}
