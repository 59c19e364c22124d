/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "backend-emu/engine/emulation.h"
#include "backend-emu/engine/socket.h"
#include "engine_world.h"
#include "unit_main.h"

enum { RECORDS_SIZE = 80, CONTEXT_SIZE = 256 }; /* one redirect; two SOCKADDR_STORAGE */

static const uint32_t queries[] = {CONNTRAIL__QUERY_RECORDS, CONNTRAIL__QUERY_CONTEXT};
static const uint32_t sizes[] = {RECORDS_SIZE, CONTEXT_SIZE};

static conntrail_emu_service *acme;
static conntrail__socket *client;
static conntrail__socket *accepted;
static uint8_t out[4096];

static void begin(void) {
  world_begin();
  acme = service("acme", "tcp any", "127.0.0.1:1001");
  client = fresh(1);
  conntrail__socket *proxy = listener(2, "127.0.0.1:1001");
  connect_from(client, "93.184.216.34:80", "127.0.0.1:40001");
  accepted = accept_from(proxy, "127.0.0.1:40001");
  memset(out, 0xAA, sizeof out);
}

static void use(conntrail_emu_profile profile) {
  ck_assert(conntrail__engine_set_profile(world, profile, &why));
}

static void expect(uint32_t code, uint32_t capacity, uint32_t native, uint32_t size) {
  uint32_t bytes = 0xDEAD;
  uint32_t answer = query(accepted, code, capacity == 0 ? NULL : out, capacity, &bytes);
  ck_assert_msg(answer == native && bytes == size,
                "code %x, capacity %u: %u with %u bytes, not %u with %u", code, capacity, answer,
                bytes, native, size);
}

START_TEST(q1_a_fitting_buffer_gets_the_exact_bytes_and_no_more) {
  for (int i = 0; i < 2; i++) {
    memset(out, 0xAA, sizeof out);
    expect(queries[i], sizes[i], 0, sizes[i]);
    ck_assert_uint_eq(out[sizes[i]], 0xAA);
    expect(queries[i], sizeof out, 0, sizes[i]);
    ck_assert_uint_eq(out[sizes[i]], 0xAA);
  }
}
END_TEST

START_TEST(too_small_by_profile) {
  static const uint32_t in_turn[] = {122, 10014, 10040, 10055, 10022, 10014, 10022, 10055, 10040};
  for (int i = 0; i < 2; i++) {
    use(CONNTRAIL_EMU_DOCUMENTED);
    expect(queries[i], sizes[i] - 1, 122, sizes[i]);
    use(CONNTRAIL_EMU_MEASURED);
    expect(queries[i], 4, 122, sizes[i]);
    use(CONNTRAIL_EMU_CONTRARY);
    for (int turn = 0; turn < 18; turn++) {
      uint32_t native = in_turn[turn % 9];
      expect(queries[i], 4, native, native == 10022 ? 0 : sizes[i]);
    }
  }
  ck_assert_uint_eq(out[0], 0xAA);
}
END_TEST

START_TEST(capacity_0_by_profile) {
  static const uint32_t in_turn[] = {0, 122, 10022, 10014, 10022, 0, 10055, 122};
  expect(queries[0], 0, 122, RECORDS_SIZE);
  use(CONNTRAIL_EMU_MEASURED);
  expect(queries[0], 0, 122, RECORDS_SIZE);
  use(CONNTRAIL_EMU_CONTRARY);
  for (int turn = 0; turn < 16; turn++) {
    expect(queries[0], 0, in_turn[turn % 8], in_turn[turn % 8] == 10022 ? 0 : RECORDS_SIZE);
  }
}
END_TEST

START_TEST(capacities_1_to_3_by_profile) {
  static const uint32_t in_turn[] = {10022, 122, 10014, 10022, 10022, 122, 10022, 10014};
  for (uint32_t capacity = 1; capacity <= 3; capacity++) {
    use(CONNTRAIL_EMU_DOCUMENTED);
    expect(queries[0], capacity, 10022, 0);
    use(CONNTRAIL_EMU_MEASURED);
    expect(queries[0], capacity, 10022, 0);
  }
  use(CONNTRAIL_EMU_CONTRARY);
  for (int turn = 0; turn < 16; turn++) {
    uint32_t native = in_turn[turn % 8];
    expect(queries[0], 3, native, native == 10022 ? 0 : RECORDS_SIZE);
  }
}
END_TEST

/* An answer with the size says "too small", and this is not. */
START_TEST(a_tiny_context_fits_a_tiny_buffer_where_it_is_not_refused) {
  ck_assert_int_eq(conntrail__service_set_context(acme, "ab", 2, &why), CONNTRAIL_OK);
  conntrail__socket *proxy = listener(2, "127.0.0.1:1001");
  connect_from(fresh(1), "93.184.216.34:80", "127.0.0.1:40002");
  accepted = accept_from(proxy, "127.0.0.1:40002");
  expect(CONNTRAIL__QUERY_CONTEXT, 3, 10022, 0);
  use(CONNTRAIL_EMU_CONTRARY);
  expect(CONNTRAIL__QUERY_CONTEXT, 3, 10022, 0);
  expect(CONNTRAIL__QUERY_CONTEXT, 3, 0, 2);
  ck_assert_mem_eq(out, "ab", 2);
}
END_TEST

START_TEST(not_redirected_by_profile) {
  static const uint32_t in_turn[] = {0x80320008U, 1168,  10022, 1168,
                                     0x80320008U, 10022, 10022, 0x80320008U};
  conntrail__socket *proxy = listener(2, "127.0.0.1:1003");
  connect_from(fresh(1), "127.0.0.1:1003", "127.0.0.1:40003");
  accepted = accept_from(proxy, "127.0.0.1:40003");
  expect(queries[0], 1024, 0x80320008U, 0);
  use(CONNTRAIL_EMU_MEASURED);
  expect(queries[0], 1024, 10022, 0);
  use(CONNTRAIL_EMU_CONTRARY);
  for (int turn = 0; turn < 16; turn++) {
    expect(queries[1], 1024, in_turn[turn % 8], 0);
  }
}
END_TEST

START_TEST(q6_no_context_is_not_found_and_records_are_there) {
  ck_assert_int_eq(conntrail__service_set_context_layout(acme, CONNTRAIL_EMU_CONTEXT_NONE, &why),
                   CONNTRAIL_OK);
  conntrail__socket *proxy = listener(2, "127.0.0.1:1001");
  connect_from(fresh(1), "93.184.216.34:80", "127.0.0.1:40002");
  accepted = accept_from(proxy, "127.0.0.1:40002");
  expect(CONNTRAIL__QUERY_CONTEXT, 1024, 0x80320008U, 0);
  expect(CONNTRAIL__QUERY_RECORDS, 1024, 0, RECORDS_SIZE);
}
END_TEST

START_TEST(d1_the_default_context_is_remote_then_local_as_windows_writes_it) {
  static const uint8_t remote[] = {2, 0, 0, 80, 93, 184, 216, 34, 0};
  expect(CONNTRAIL__QUERY_CONTEXT, sizeof out, 0, CONTEXT_SIZE);
  ck_assert_mem_eq(out, remote, sizeof remote);
  static const uint8_t unbound[] = {2, 0, 0, 0, 0, 0, 0, 0};
  ck_assert_mem_eq(out + 128, unbound, sizeof unbound);
}
END_TEST

START_TEST(d3_ipv6_contexts_carry_windows_family_number) {
  conntrail_emu_service *six = service("six", "tcp 2606::/16 weight 5", "[::1]:1002");
  (void)six;
  conntrail__socket *proxy = listener(2, "[::1]:1002");
  connect_from(fresh(1), "[2606:2800:220:1::1]:443", "[::1]:40002");
  accepted = accept_from(proxy, "[::1]:40002");
  static const uint8_t head[] = {23, 0, 1, 187, 0, 0, 0, 0, 0x26, 0x06, 0x28, 0x00};
  expect(CONNTRAIL__QUERY_CONTEXT, sizeof out, 0, CONTEXT_SIZE);
  ck_assert_mem_eq(out, head, sizeof head);
  ck_assert_uint_eq(out[23], 1);
}
END_TEST

START_TEST(q8_q9_unconnected_and_listening_are_not_connected) {
  conntrail__address local = at("127.0.0.1:5");
  accepted = fresh(1);
  expect(queries[0], 1024, 10057, 0);
  conntrail__socket_bound(accepted, &local);
  expect(queries[1], 1024, 10057, 0);
  ck_assert_uint_eq(misuse(CONNTRAIL_EMU_MISUSE_LISTENER_QUERIED), 0);
  accepted = listener(1, "127.0.0.1:6");
  expect(queries[0], 1024, 10057, 0);
  ck_assert_uint_eq(misuse(CONNTRAIL_EMU_MISUSE_LISTENER_QUERIED), 1);
}
END_TEST

START_TEST(raw_arguments_are_checked_first) {
  uint32_t bytes = 0;
  conntrail__socket *unconnected = fresh(1);
  ck_assert_uint_eq(query(unconnected, queries[0], out, 10, NULL), 10014);
  ck_assert_uint_eq(query(unconnected, queries[0], NULL, 10, &bytes), 10014);
  ck_assert_uint_eq(set(accepted, NULL, 10, &bytes), 10014);
  ck_assert_uint_eq(set(accepted, out, 0, &bytes), 10022);
}
END_TEST

START_TEST(q14_windows_7_supports_none_of_it) {
  uint32_t bytes = 5;
  world->options.windows_7 = true;
  expect(queries[0], 1024, 10045, 0);
  expect(queries[1], 1024, 10045, 0);
  ck_assert_uint_eq(set(fresh(1), out, 80, &bytes), 10045);
}
END_TEST

START_TEST(s1_byte_count_of_set_by_profile) {
  uint32_t size = 0;
  uint32_t bytes = 0xDEAD;
  ck_assert_uint_eq(query(accepted, queries[0], out, sizeof out, &size), 0);
  ck_assert_uint_eq(set(fresh(1), out, size, &bytes), 0);
  ck_assert_uint_eq(bytes, size);
  use(CONNTRAIL_EMU_MEASURED);
  ck_assert_uint_eq(set(fresh(1), out, size, &bytes), 0);
  ck_assert_uint_eq(bytes, size);
  use(CONNTRAIL_EMU_CONTRARY);
  const uint32_t in_turn[] = {0xDEAD, 0, 0xDEAD, size, 0, 0xDEAD, size, 0xDEAD};
  for (int turn = 0; turn < 16; turn++) {
    bytes = 0xDEAD;
    ck_assert_uint_eq(set(fresh(1), out, size, &bytes), 0);
    ck_assert_uint_eq(bytes, in_turn[turn % 8]);
  }
}
END_TEST

START_TEST(s2_set_after_bind_and_after_connect) {
  conntrail__address local = at("127.0.0.1:5");
  conntrail__socket *bound = fresh(1);
  uint32_t size = 0;
  uint32_t bytes = 0;
  ck_assert_uint_eq(query(accepted, queries[0], out, sizeof out, &size), 0);
  conntrail__socket_bound(bound, &local);
  ck_assert_uint_eq(set(bound, out, size, &bytes), 0);
  ck_assert_uint_eq(misuse(CONNTRAIL_EMU_MISUSE_SET_AFTER_BIND), 1);
  ck_assert_uint_eq(set(client, out, size, &bytes), 10022);
  ck_assert_uint_eq(misuse(CONNTRAIL_EMU_MISUSE_SET_AFTER_CONNECT), 1);
}
END_TEST

START_TEST(s4_no_altered_blob_is_taken) {
  conntrail__socket *fresh_socket = fresh(1);
  uint32_t size = 0;
  uint32_t bytes = 0;
  ck_assert_uint_eq(query(accepted, queries[0], out, sizeof out, &size), 0);
  for (uint32_t i = 0; i < size; i++) {
    out[i] ^= 1;
    ck_assert_uint_eq(set(fresh_socket, out, size, &bytes), 10022);
    out[i] ^= 1;
  }
  for (uint32_t length = 1; length < size; length++) {
    ck_assert_uint_eq(set(fresh_socket, out, length, &bytes), 10022);
  }
  ck_assert_uint_eq(set(fresh_socket, out, size + 1, &bytes), 10022);
  ck_assert_ptr_null(fresh_socket->carried);
  ck_assert_uint_eq(count(CONNTRAIL_EMU_RECORDS_SET), 0);
}
END_TEST

START_TEST(s4_records_of_another_engine_are_foreign) {
  uint32_t size = 0;
  uint32_t bytes = 0;
  ck_assert_uint_eq(query(accepted, queries[0], out, sizeof out, &size), 0);
  world_end();
  world = conntrail__engine_create(NULL, 2, &why);
  ck_assert_uint_eq(set(fresh(1), out, size, &bytes), 10022);
}
END_TEST

START_TEST(s5_listening_and_datagram_sockets_take_no_records) {
  conntrail__identity me = who(1);
  uint32_t size = 0;
  uint32_t bytes = 0;
  ck_assert_uint_eq(query(accepted, queries[0], out, sizeof out, &size), 0);
  ck_assert_uint_eq(set(listener(1, "127.0.0.1:7"), out, size, &bytes), 10022);
  conntrail__socket *udp = conntrail__socket_create(world, CONNTRAIL__DATAGRAM, &me, 0);
  ck_assert_uint_eq(set(udp, out, size, &bytes), 10022);
}
END_TEST

START_TEST(s6_without_privilege_access_is_refused) {
  uint32_t size = 0;
  uint32_t bytes = 0;
  ck_assert_uint_eq(query(accepted, queries[0], out, sizeof out, &size), 0);
  conntrail__engine_set_privileged(world, false);
  ck_assert_uint_eq(set(fresh(1), out, size, &bytes), 10013);
  conntrail__engine_set_privileged(world, true);
  ck_assert_uint_eq(set(fresh(1), out, size, &bytes), 0);
}
END_TEST

START_TEST(q16_untrackeds_are_told_by_kind_then_state) {
  static const struct {
    conntrail__untracked untracked;
    uint32_t native;
  } rows[] = {
      {{false, false, false, false, false, false, false}, 10038},
      {{true, false, true, false, false, true, false}, 10022},
      {{true, true, false, false, false, true, false}, 10022},
      {{true, true, true, false, false, false, false}, 10057},
      {{true, true, true, false, false, true, false}, 0x80320008U},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    uint32_t bytes = 1;
    conntrail__call call = {queries[0], NULL, 0, out, 1024, &bytes};
    ck_assert_uint_eq(conntrail__untracked_ioctl(world, &rows[i].untracked, &call), rows[i].native);
    ck_assert_uint_eq(bytes, 0);
    uint32_t idle = rows[i].native == 0x80320008U ? 10045 : rows[i].native;
    ck_assert_uint_eq(conntrail__idle_ioctl(&rows[i].untracked, &call), idle);
  }
  ck_assert_uint_eq(misuse(CONNTRAIL_EMU_MISUSE_OUTSIDE), 2);
}
END_TEST

START_TEST(a_buffer_that_was_never_grown_is_misuse_at_close) {
  expect(queries[0], 10, 122, RECORDS_SIZE);
  conntrail__socket_release(accepted);
  ck_assert_uint_eq(misuse(CONNTRAIL_EMU_MISUSE_BUFFER_ASSUMED), 1);
}
END_TEST

START_TEST(a_buffer_that_was_grown_is_no_misuse) {
  expect(queries[0], 10, 122, RECORDS_SIZE);
  expect(queries[0], RECORDS_SIZE, 0, RECORDS_SIZE);
  expect(queries[1], 0, 122, CONTEXT_SIZE);
  conntrail__socket_release(accepted);
  ck_assert_uint_eq(misuse(CONNTRAIL_EMU_MISUSE_BUFFER_ASSUMED), 0);
}
END_TEST

START_TEST(records_grow_by_their_padding_and_by_each_hop) {
  uint32_t bytes = 0;
  ck_assert_int_eq(conntrail__service_set_record_padding(acme, 70000, &why), CONNTRAIL_OK);
  conntrail__socket *proxy = listener(2, "127.0.0.1:1001");
  connect_from(fresh(1), "93.184.216.34:80", "127.0.0.1:40002");
  accepted = accept_from(proxy, "127.0.0.1:40002");
  ck_assert_uint_eq(query(accepted, queries[0], NULL, 0, &bytes), 122);
  ck_assert_uint_eq(bytes, RECORDS_SIZE + 70000);
}
END_TEST

START_TEST(q4_the_largest_buffer_is_always_told_a_size) {
  static uint8_t large[65536];
  uint32_t bytes = 0;
  ck_assert_int_eq(conntrail__service_set_record_padding(acme, 70000, &why), CONNTRAIL_OK);
  conntrail__socket *proxy = listener(2, "127.0.0.1:1001");
  connect_from(fresh(1), "93.184.216.34:80", "127.0.0.1:40002");
  accepted = accept_from(proxy, "127.0.0.1:40002");
  use(CONNTRAIL_EMU_CONTRARY);
  for (int turn = 0; turn < 10; turn++) {
    ck_assert_uint_ne(query(accepted, queries[0], large, sizeof large, &bytes), 0);
    ck_assert_uint_eq(bytes, RECORDS_SIZE + 70000);
  }
}
END_TEST

START_TEST(q16_a_fault_is_an_answer_and_comes_last) {
  conntrail_emu_fault fault = CONNTRAIL_EMU_FAULT_INIT;
  conntrail__untracked closed = {false, false, false, false, false, false, false};
  uint32_t bytes = 0;
  conntrail__call call = {queries[0], NULL, 0, out, 1024, &bytes};
  fault.native = 10050;
  ck_assert_int_eq(conntrail__fault_add(world, &fault, NULL, &why), CONNTRAIL_OK);
  ck_assert_uint_eq(query(accepted, queries[0], NULL, 10, &bytes), 10014);
  ck_assert_uint_eq(query(fresh(1), queries[0], out, 10, &bytes), 10057);
  ck_assert_uint_eq(set(client, out, 10, &bytes), 10022);
  ck_assert_uint_eq(conntrail__untracked_ioctl(world, &closed, &call), 10038);
  ck_assert_uint_eq(query(accepted, queries[0], out, 10, &bytes), 10050);
  ck_assert_uint_eq(set(fresh(1), out, 10, &bytes), 10050);
}
END_TEST

START_TEST(original_destination_answers_for_accepted_sockets_alone) {
  conntrail__identity me = who(1);
  conntrail__address destination;
  conntrail__address web = at("93.184.216.34:80");
  ck_assert_uint_eq(conntrail__socket_original_destination(accepted, &me, &destination), 0);
  ck_assert(conntrail__address_equal(&destination, &web));
  ck_assert_uint_eq(conntrail__socket_original_destination(client, &me, &destination), 1168);
}
END_TEST

UNIT_MAIN("engine_contract", begin, world_end, q1_a_fitting_buffer_gets_the_exact_bytes_and_no_more,
          too_small_by_profile, capacity_0_by_profile, capacities_1_to_3_by_profile,
          a_tiny_context_fits_a_tiny_buffer_where_it_is_not_refused, not_redirected_by_profile,
          q6_no_context_is_not_found_and_records_are_there,
          d1_the_default_context_is_remote_then_local_as_windows_writes_it,
          d3_ipv6_contexts_carry_windows_family_number,
          q8_q9_unconnected_and_listening_are_not_connected, raw_arguments_are_checked_first,
          q14_windows_7_supports_none_of_it, s1_byte_count_of_set_by_profile,
          s2_set_after_bind_and_after_connect, s4_no_altered_blob_is_taken,
          s4_records_of_another_engine_are_foreign,
          s5_listening_and_datagram_sockets_take_no_records, s6_without_privilege_access_is_refused,
          q16_untrackeds_are_told_by_kind_then_state,
          a_buffer_that_was_never_grown_is_misuse_at_close, a_buffer_that_was_grown_is_no_misuse,
          records_grow_by_their_padding_and_by_each_hop,
          q4_the_largest_buffer_is_always_told_a_size, q16_a_fault_is_an_answer_and_comes_last,
          original_destination_answers_for_accepted_sockets_alone)
