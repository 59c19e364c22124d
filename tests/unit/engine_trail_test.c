/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "engine_world.h"
#include "unit_main.h"

static const char web[] = "93.184.216.34:80";

static void redirect_one(void) {
  service("acme", "tcp any", "127.0.0.1:1001");
  conntrail__socket *proxy = listener(2, "127.0.0.1:1001");
  connect_from(fresh(1), web, "127.0.0.1:40001");
  conntrail__socket *accepted = accept_from(proxy, "127.0.0.1:40001");
  transfer(accepted, fresh(2));
}

static void use_trail_of(uint32_t capacity) {
  conntrail_emu_options options = CONNTRAIL_EMU_OPTIONS_INIT;
  options.trail_capacity = capacity;
  world_end();
  world = conntrail__engine_create(&options, 1, &why);
}

START_TEST(e5_the_trail_reads_hop_by_hop) {
  static const char expected[] =
      "   1  socket 1 connecting to 93.184.216.34:80\n"
      "   2  socket 1 redirected to acme's proxy at 127.0.0.1:* (state: not redirected)\n"
      "   3  socket 2 accepted by the proxy of acme from socket 1, wanted 93.184.216.34:80\n"
      "   4  socket 2 records queried: 80 bytes\n"
      "   5  socket 3 records set: 80 bytes, 1 redirect, from socket 2\n";
  char text[2048];
  redirect_one();
  size_t length = conntrail__trail_text(world, CONNTRAIL_EMU_TEXT_NORMALISED, text, sizeof text);
  ck_assert_str_eq(text, expected);
  ck_assert_uint_eq(length, sizeof expected - 1);
}
END_TEST

START_TEST(the_text_counts_on_where_the_room_ends) {
  char whole[2048];
  char part[20];
  redirect_one();
  size_t length = conntrail__trail_text(world, CONNTRAIL_EMU_TEXT_PLAIN, whole, sizeof whole);
  ck_assert_uint_eq(conntrail__trail_text(world, CONNTRAIL_EMU_TEXT_PLAIN, NULL, 0), length);
  ck_assert_uint_eq(conntrail__trail_text(world, CONNTRAIL_EMU_TEXT_PLAIN, part, sizeof part),
                    length);
  ck_assert_uint_eq(strlen(part), sizeof part - 1);
  ck_assert_mem_eq(part, whole, sizeof part - 1);
}
END_TEST

START_TEST(an_empty_trail_is_an_empty_text) {
  char text[4] = "xyz";
  ck_assert_uint_eq(conntrail__trail_text(world, 0, text, sizeof text), 0);
  ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(the_oldest_events_give_way_and_the_counts_go_on) {
  use_trail_of(4);
  for (int i = 0; i < 11; i++) {
    ask(fresh(1), web);
  }
  ck_assert_uint_eq(count(CONNTRAIL_EMU_REFUSED), 11);
  ck_assert_uint_eq(conntrail__trail_next(world, 0)->number, 19);
  ck_assert_uint_eq(conntrail__trail_next(world, 19)->number, 20);
  ck_assert_ptr_null(conntrail__trail_next(world, 22));
}
END_TEST

START_TEST(e2_the_same_test_has_the_same_trail) {
  char first[2048];
  char second[2048];
  redirect_one();
  conntrail__trail_text(world, CONNTRAIL_EMU_TEXT_NORMALISED, first, sizeof first);
  world_end();
  world_begin();
  redirect_one();
  conntrail__trail_text(world, CONNTRAIL_EMU_TEXT_NORMALISED, second, sizeof second);
  ck_assert_str_eq(first, second);
}
END_TEST

static conntrail_emu_fault fault_of(conntrail_emu_operation operation, uint32_t native) {
  conntrail_emu_fault fault = CONNTRAIL_EMU_FAULT_INIT;
  fault.operation = operation;
  fault.native = native;
  return fault;
}

static conntrail__socket *accepted_one(void) {
  service("acme", "tcp any", "127.0.0.1:1001");
  conntrail__socket *proxy = listener(2, "127.0.0.1:1001");
  connect_from(fresh(1), web, "127.0.0.1:40001");
  return accept_from(proxy, "127.0.0.1:40001");
}

static uint32_t query_records(conntrail__socket *socket) {
  uint8_t out[512];
  uint32_t bytes = 0;
  return query(socket, CONNTRAIL__QUERY_RECORDS, out, sizeof out, &bytes);
}

START_TEST(e4_the_nth_call_is_struck_and_no_other) {
  conntrail__socket *accepted = accepted_one();
  conntrail_emu_fault fault = fault_of(CONNTRAIL_EMU_QUERY_RECORDS, 10050);
  fault.nth = 3;
  ck_assert_int_eq(conntrail__fault_add(world, &fault, NULL, &why), CONNTRAIL_OK);
  for (int i = 1; i <= 5; i++) {
    ck_assert_uint_eq(query_records(accepted), i == 3 ? 10050 : 0);
  }
  ck_assert_uint_eq(count(CONNTRAIL_EMU_FAULT), 1);
}
END_TEST

START_TEST(e4_a_seed_decides_the_same_each_time) {
  uint32_t answers[2][64];
  for (int round = 0; round < 2; round++) {
    world_end();
    world_begin();
    conntrail__socket *accepted = accepted_one();
    conntrail_emu_fault fault = fault_of(CONNTRAIL_EMU_ANY_CODE, 10050);
    fault.per_million = 500000;
    ck_assert_int_eq(conntrail__fault_add(world, &fault, NULL, &why), CONNTRAIL_OK);
    for (int i = 0; i < 64; i++) {
      answers[round][i] = query_records(accepted);
    }
    ck_assert_uint_gt(count(CONNTRAIL_EMU_FAULT), 16);
    ck_assert_uint_lt(count(CONNTRAIL_EMU_FAULT), 48);
  }
  ck_assert_mem_eq(answers[0], answers[1], sizeof answers[0]);
}
END_TEST

START_TEST(e4_faults_are_held_to_their_socket_operation_and_service) {
  conntrail__socket *accepted = accepted_one();
  conntrail_emu_service *other = conntrail__service_add(world, "other", NULL, &why);
  conntrail_emu_fault fault = fault_of(CONNTRAIL_EMU_QUERY_RECORDS, 10050);
  conntrail__socket *elsewhere = fresh(1);
  ck_assert_int_eq(conntrail__fault_add(world, &fault, elsewhere, &why), CONNTRAIL_OK);
  ck_assert_uint_eq(query_records(accepted), 0);
  fault.service = other;
  ck_assert_int_eq(conntrail__fault_add(world, &fault, NULL, &why), CONNTRAIL_OK);
  ck_assert_uint_eq(query_records(accepted), 0);
  fault = fault_of(CONNTRAIL_EMU_QUERY_CONTEXT, 10050);
  ck_assert_int_eq(conntrail__fault_add(world, &fault, NULL, &why), CONNTRAIL_OK);
  ck_assert_uint_eq(query_records(accepted), 0);
  fault = fault_of(CONNTRAIL_EMU_ANY_CODE, 10004);
  ck_assert_int_eq(conntrail__fault_add(world, &fault, accepted, &why), CONNTRAIL_OK);
  ck_assert_uint_eq(query_records(accepted), 10004);
  conntrail__fault_clear(world);
  ck_assert_uint_eq(query_records(accepted), 0);
}
END_TEST

START_TEST(e4_faults_that_contradict_themselves_are_refused) {
  conntrail_emu_fault fault = fault_of(CONNTRAIL_EMU_QUERY_RECORDS, 0);
  ck_assert_int_eq(conntrail__fault_add(world, &fault, NULL, &why), CONNTRAIL_INVALID);
  ck_assert_ptr_nonnull(strstr(why.text, "would be a success"));
  fault.native = 10050;
  fault.nth = 1;
  fault.per_million = 1;
  ck_assert_int_eq(conntrail__fault_add(world, &fault, NULL, &why), CONNTRAIL_INVALID);
  fault.nth = 0;
  fault.per_million = 1000001;
  ck_assert_int_eq(conntrail__fault_add(world, &fault, NULL, &why), CONNTRAIL_INVALID);
  fault.per_million = 1;
  fault.struct_size = 1;
  ck_assert_int_eq(conntrail__fault_add(world, &fault, NULL, &why), CONNTRAIL_INVALID);
}
END_TEST

START_TEST(e4_connect_can_be_made_to_fail) {
  conntrail_emu_fault fault = fault_of(CONNTRAIL_EMU_CONNECT, 10060);
  ck_assert_int_eq(conntrail__fault_add(world, &fault, NULL, &why), CONNTRAIL_OK);
  ck_assert_uint_eq(ask(fresh(1), web).native, 10060);
}
END_TEST

UNIT_MAIN("engine_trail", world_begin, world_end, e5_the_trail_reads_hop_by_hop,
          the_text_counts_on_where_the_room_ends, an_empty_trail_is_an_empty_text,
          the_oldest_events_give_way_and_the_counts_go_on, e2_the_same_test_has_the_same_trail,
          e4_the_nth_call_is_struck_and_no_other, e4_a_seed_decides_the_same_each_time,
          e4_faults_are_held_to_their_socket_operation_and_service,
          e4_faults_that_contradict_themselves_are_refused, e4_connect_can_be_made_to_fail)
