/* SPDX-License-Identifier: MIT */
/* Profiles as tables: which row answers in which situation, in turn, and whose row it is. */
#include <string.h>

#include "backend-emu/engine/datagram_flow.h"
#include "backend-emu/engine/emulation.h"
#include "backend-emu/engine/socket.h"
#include "engine_world.h"
#include "unit_main.h"

enum { FIRST_NUMBER = 20000, RECORDS_SIZE = 80, CONTEXT_SIZE = 256, UNSET = 0xDEAD };

static conntrail_emu_service *acme;
static conntrail__socket *client;
static conntrail__socket *accepted;
static uint8_t out[200000];

static conntrail__socket *accept_new(const char *remote, const char *own) {
  conntrail__socket *proxy = listener(2, "127.0.0.1:1001");
  client = fresh(1);
  connect_from(client, remote, own);
  return accept_from(proxy, own);
}

static void begin(void) {
  world_begin();
  acme = service("acme", "tcp 93.184.216.0/24", "127.0.0.1:1001");
  accepted = accept_new("93.184.216.34:80", "127.0.0.1:40001");
}

static conntrail_emu_table empty_table(const char *name, conntrail_emu_profile base) {
  return (conntrail_emu_table){
      .struct_size = sizeof(conntrail_emu_table), .name = name, .base = base};
}

static void use(const conntrail_emu_table *table) {
  ck_assert_msg(conntrail__engine_use_table(world, table, &why) == CONNTRAIL_OK, "%s", why.text);
}

/* A table in which each situation answers a number of its own, with the count 0. */
static void use_numbers(void) {
  static conntrail_emu_answer answers[CONNTRAIL_EMU_SITUATIONS];
  conntrail_emu_table table = empty_table("numbers", CONNTRAIL_EMU_DOCUMENTED);
  for (unsigned i = 0; i < CONNTRAIL_EMU_SITUATIONS; i++) {
    answers[i] = (conntrail_emu_answer){.native = FIRST_NUMBER + i};
    table.rows[i] = (conntrail_emu_row){&answers[i], 1};
  }
  use(&table);
}

static void expect_number(uint32_t native, conntrail_emu_situation situation) {
  ck_assert_msg(native == FIRST_NUMBER + (uint32_t)situation, "%u, not \"%s\", \"%s\" (%u)", native,
                conntrail__situation_operation(situation), conntrail__situation_name(situation),
                FIRST_NUMBER + (uint32_t)situation);
}

/* Both queries; situation: of the query of records. */
static void expect_queries(conntrail__socket *of, uint32_t capacity,
                           conntrail_emu_situation situation) {
  uint32_t bytes = UNSET;
  unsigned offset = CONNTRAIL_EMU_SITUATION_CONTEXT_NO_BUFFER;
  expect_number(query(of, CONNTRAIL__QUERY_RECORDS, out, capacity, &bytes), situation);
  ck_assert_uint_eq(bytes, 0);
  expect_number(query(of, CONNTRAIL__QUERY_CONTEXT, out, capacity, &bytes),
                (conntrail_emu_situation)(situation + offset));
}

START_TEST(each_situation_of_a_query_has_its_row) {
  conntrail__address local = at("127.0.0.1:5");
  conntrail__identity me = who(1);
  conntrail__socket *bound = fresh(1);
  conntrail__socket *connecting = fresh(1);
  conntrail__socket *udp = conntrail__socket_create(world, CONNTRAIL__DATAGRAM, &me, 0);
  use_numbers();
  expect_queries(accepted, 0, CONNTRAIL_EMU_SITUATION_RECORDS_NO_BUFFER);
  expect_queries(accepted, 1, CONNTRAIL_EMU_SITUATION_RECORDS_TINY_BUFFER);
  expect_queries(accepted, 3, CONNTRAIL_EMU_SITUATION_RECORDS_TINY_BUFFER);
  expect_queries(accepted, 4, CONNTRAIL_EMU_SITUATION_RECORDS_TOO_SMALL);
  expect_queries(accepted, RECORDS_SIZE - 1, CONNTRAIL_EMU_SITUATION_RECORDS_TOO_SMALL);
  expect_queries(client, 1024, CONNTRAIL_EMU_SITUATION_RECORDS_CLIENT);
  expect_queries(fresh(1), 1024, CONNTRAIL_EMU_SITUATION_RECORDS_FRESH);
  conntrail__socket_bound(bound, &local);
  expect_queries(bound, 1024, CONNTRAIL_EMU_SITUATION_RECORDS_BOUND);
  ck_assert_uint_eq(ask(connecting, "93.184.216.34:80").native, 0);
  expect_queries(connecting, 1024, CONNTRAIL_EMU_SITUATION_RECORDS_BOUND);
  expect_queries(listener(1, "127.0.0.1:6"), 1024, CONNTRAIL_EMU_SITUATION_RECORDS_LISTENING);
  expect_queries(udp, 1024, CONNTRAIL_EMU_SITUATION_RECORDS_DATAGRAM);
  ck_assert_uint_eq(count(CONNTRAIL_EMU_ASSUMED), 0);
}
END_TEST

START_TEST(not_redirected_and_no_context_have_rows_of_their_own) {
  uint32_t bytes = 0;
  use_numbers();
  conntrail__socket *proxy = listener(2, "127.0.0.1:1003");
  connect_from(fresh(1), "127.0.0.1:1003", "127.0.0.1:40003");
  expect_queries(accept_from(proxy, "127.0.0.1:40003"), 1024,
                 CONNTRAIL_EMU_SITUATION_RECORDS_NOT_REDIRECTED);
  ck_assert_int_eq(conntrail__service_set_context_layout(acme, CONNTRAIL_EMU_CONTEXT_NONE, &why),
                   CONNTRAIL_OK);
  conntrail__socket *bare = accept_new("93.184.216.34:80", "127.0.0.1:40004");
  expect_number(query(bare, CONNTRAIL__QUERY_CONTEXT, out, 1024, &bytes),
                CONNTRAIL_EMU_SITUATION_CONTEXT_NO_CONTEXT);
  ck_assert_uint_eq(query(bare, CONNTRAIL__QUERY_RECORDS, out, 1024, &bytes), 0);
}
END_TEST

/* A proxy on another host has no records and no context (R4): it is not redirected. */
START_TEST(remote_redirection_is_not_redirected) {
  conntrail__address target = at("127.0.0.1:1007");
  ck_assert_int_eq(conntrail__filter_add(acme, CONNTRAIL__REDIRECT_REMOTE,
                                         "tcp 203.0.113.0/24 weight 7", &target, &why),
                   CONNTRAIL_OK);
  use_numbers();
  conntrail__socket *proxy = listener(2, "127.0.0.1:1007");
  connect_from(fresh(1), "203.0.113.1:80", "127.0.0.1:40005");
  expect_queries(accept_from(proxy, "127.0.0.1:40005"), 1024,
                 CONNTRAIL_EMU_SITUATION_RECORDS_NOT_REDIRECTED);
}
END_TEST

START_TEST(too_small_at_the_largest_buffer_has_its_row) {
  uint32_t bytes = 0;
  ck_assert_int_eq(conntrail__service_set_record_padding(acme, 100000, &why), CONNTRAIL_OK);
  conntrail__socket *large = accept_new("93.184.216.34:80", "127.0.0.1:40002");
  use_numbers();
  expect_number(query(large, CONNTRAIL__QUERY_RECORDS, out, 65535, &bytes),
                CONNTRAIL_EMU_SITUATION_RECORDS_TOO_SMALL);
  expect_number(query(large, CONNTRAIL__QUERY_RECORDS, out, 65536, &bytes),
                CONNTRAIL_EMU_SITUATION_RECORDS_TOO_SMALL_AT_65536);
  ck_assert_uint_eq(query(large, CONNTRAIL__QUERY_RECORDS, out, sizeof out, &bytes), 0);
}
END_TEST

static uint32_t set_on(conntrail__socket *to, uint32_t size) {
  uint32_t bytes = 0;
  return set(to, out, size, &bytes);
}

START_TEST(each_situation_of_a_set_has_its_row) {
  conntrail__address local = at("127.0.0.1:5");
  conntrail__identity me = who(1);
  conntrail__socket *bound = fresh(1);
  conntrail__socket *udp = conntrail__socket_create(world, CONNTRAIL__DATAGRAM, &me, 0);
  uint32_t size = 0;
  ck_assert_uint_eq(query(accepted, CONNTRAIL__QUERY_RECORDS, out, sizeof out, &size), 0);
  use_numbers();
  conntrail__socket *refused = fresh(1);
  expect_number(set_on(refused, size), CONNTRAIL_EMU_SITUATION_SET_DONE);
  ck_assert_ptr_null(refused->carried);
  conntrail__socket_bound(bound, &local);
  expect_number(set_on(bound, size), CONNTRAIL_EMU_SITUATION_SET_BOUND);
  expect_number(set_on(client, size), CONNTRAIL_EMU_SITUATION_SET_CONNECTED);
  expect_number(set_on(listener(1, "127.0.0.1:6"), size), CONNTRAIL_EMU_SITUATION_SET_LISTENING);
  expect_number(set_on(udp, size), CONNTRAIL_EMU_SITUATION_SET_DATAGRAM);
  expect_number(set_on(fresh(1), size - 1), CONNTRAIL_EMU_SITUATION_SET_FOREIGN);
  expect_number(set_on(fresh(1), 0), CONNTRAIL_EMU_SITUATION_SET_EMPTY);
  conntrail__engine_set_privileged(world, false);
  expect_number(set_on(fresh(1), size), CONNTRAIL_EMU_SITUATION_SET_UNPRIVILEGED);
  ck_assert_uint_eq(count(CONNTRAIL_EMU_RECORDS_SET), 0);
}
END_TEST

static uint32_t ask_untracked(const conntrail__untracked *untracked, uint32_t code) {
  uint32_t bytes = 0;
  conntrail__call call = {code, NULL, 0, out, 1024, &bytes};
  if (code == CONNTRAIL__SET_RECORDS) {
    call = (conntrail__call){code, out, 10, NULL, 0, &bytes};
  }
  return conntrail__untracked_ioctl(world, untracked, &call);
}

static void expect_untracked(const conntrail__untracked *untracked, conntrail_emu_situation records,
                             conntrail_emu_situation set_situation) {
  unsigned offset = CONNTRAIL_EMU_SITUATION_CONTEXT_NO_BUFFER;
  expect_number(ask_untracked(untracked, CONNTRAIL__QUERY_RECORDS), records);
  expect_number(ask_untracked(untracked, CONNTRAIL__QUERY_CONTEXT),
                (conntrail_emu_situation)(records + offset));
  expect_number(ask_untracked(untracked, CONNTRAIL__SET_RECORDS), set_situation);
}

START_TEST(each_situation_of_an_untracked_socket_has_its_row) {
  const conntrail__untracked file = {.is_socket = false};
  const conntrail__untracked raw = {.is_socket = true, .is_internet = true};
  const conntrail__untracked local = {.is_socket = true, .is_stream = true};
  const conntrail__untracked udp = {.is_socket = true, .is_internet = true, .is_datagram = true};
  const conntrail__untracked listening = {
      .is_socket = true, .is_internet = true, .is_stream = true, .is_listening = true};
  const conntrail__untracked connected = {
      .is_socket = true, .is_internet = true, .is_stream = true, .is_connected = true};
  const conntrail__untracked unconnected = {
      .is_socket = true, .is_internet = true, .is_stream = true};
  use_numbers();
  expect_untracked(&file, CONNTRAIL_EMU_SITUATION_RECORDS_NOT_A_SOCKET,
                   CONNTRAIL_EMU_SITUATION_SET_NOT_A_SOCKET);
  expect_untracked(&raw, CONNTRAIL_EMU_SITUATION_RECORDS_OTHER_SOCKET,
                   CONNTRAIL_EMU_SITUATION_SET_OTHER_SOCKET);
  expect_untracked(&local, CONNTRAIL_EMU_SITUATION_RECORDS_OTHER_SOCKET,
                   CONNTRAIL_EMU_SITUATION_SET_OTHER_SOCKET);
  expect_untracked(&udp, CONNTRAIL_EMU_SITUATION_RECORDS_DATAGRAM,
                   CONNTRAIL_EMU_SITUATION_SET_DATAGRAM);
  expect_untracked(&listening, CONNTRAIL_EMU_SITUATION_RECORDS_LISTENING,
                   CONNTRAIL_EMU_SITUATION_SET_LISTENING);
  expect_untracked(&connected, CONNTRAIL_EMU_SITUATION_RECORDS_NOT_REDIRECTED,
                   CONNTRAIL_EMU_SITUATION_SET_CONNECTED);
  expect_number(ask_untracked(&unconnected, CONNTRAIL__QUERY_RECORDS),
                CONNTRAIL_EMU_SITUATION_RECORDS_FRESH);
  /* X7: it takes no records, whatever the profile is. */
  ck_assert_uint_eq(ask_untracked(&unconnected, CONNTRAIL__SET_RECORDS), 10022);
}
END_TEST

START_TEST(options_messages_and_original_destination_have_rows) {
  conntrail__identity me = who(1);
  conntrail__address address;
  conntrail__address to = at("93.184.216.34:53");
  conntrail__socket *udp = conntrail__socket_create(world, CONNTRAIL__DATAGRAM, &me, 0);
  use_numbers();
  expect_number(conntrail__datagram_enable(fresh(1), 0, 60, true),
                CONNTRAIL_EMU_SITUATION_ENABLE_STREAM);
  ck_assert_uint_eq(conntrail__datagram_enable(udp, 0, 60, true), 0);
  expect_number(conntrail__datagram_sending(udp, &to, "foreign", 7, &me).native,
                CONNTRAIL_EMU_SITUATION_SEND_FOREIGN);
  conntrail__engine_set_privileged(world, false);
  expect_number(conntrail__datagram_sending(udp, &to, "foreign", 7, &me).native,
                CONNTRAIL_EMU_SITUATION_SEND_UNPRIVILEGED);
  expect_number(conntrail__socket_original_destination(client, &me, &address),
                CONNTRAIL_EMU_SITUATION_ORIGINAL_NOT_REDIRECTED);
}
END_TEST

/* ---- Answers -------------------------------------------------------------------------------- */

static conntrail_emu_table with_row(conntrail_emu_situation situation,
                                    const conntrail_emu_answer *answers, size_t how_many) {
  conntrail_emu_table table = empty_table("one row", CONNTRAIL_EMU_DOCUMENTED);
  table.rows[situation] = (conntrail_emu_row){answers, how_many};
  return table;
}

START_TEST(answers_come_in_turn_and_each_row_for_itself) {
  conntrail_emu_answer answers[CONNTRAIL_EMU_MOST_ANSWERS];
  uint32_t bytes = 0;
  for (unsigned i = 0; i < CONNTRAIL_EMU_MOST_ANSWERS; i++) {
    answers[i] = (conntrail_emu_answer){.native = 30000 + i, .bytes = i};
  }
  conntrail_emu_table table =
      with_row(CONNTRAIL_EMU_SITUATION_RECORDS_TOO_SMALL, answers, CONNTRAIL_EMU_MOST_ANSWERS);
  table.rows[CONNTRAIL_EMU_SITUATION_CONTEXT_TOO_SMALL] = (conntrail_emu_row){answers, 2};
  use(&table);
  memset(answers, 0, sizeof answers); /* it was copied */
  for (unsigned turn = 0; turn < 2 * CONNTRAIL_EMU_MOST_ANSWERS; turn++) {
    unsigned wanted = turn % CONNTRAIL_EMU_MOST_ANSWERS;
    ck_assert_uint_eq(query(accepted, CONNTRAIL__QUERY_RECORDS, out, 4, &bytes), 30000 + wanted);
    ck_assert_uint_eq(bytes, wanted);
    ck_assert_uint_eq(query(accepted, CONNTRAIL__QUERY_CONTEXT, out, 4, &bytes), 30000 + turn % 2);
  }
  ck_assert_uint_eq(count(CONNTRAIL_EMU_ASSUMED), 0);
}
END_TEST

START_TEST(counts_are_bytes_the_size_or_untouched) {
  const conntrail_emu_answer answers[] = {{122, CONNTRAIL_EMU_COUNT_BYTES, 4000000000u},
                                          {122, CONNTRAIL_EMU_COUNT_SIZE, 7},
                                          {122, CONNTRAIL_EMU_COUNT_UNTOUCHED, 7}};
  const uint32_t wanted[] = {4000000000u, CONTEXT_SIZE, UNSET};
  const conntrail_emu_table table = with_row(CONNTRAIL_EMU_SITUATION_CONTEXT_TOO_SMALL, answers, 3);
  use(&table);
  for (unsigned i = 0; i < 3; i++) {
    uint32_t bytes = UNSET;
    ck_assert_uint_eq(query(accepted, CONNTRAIL__QUERY_CONTEXT, out, 4, &bytes), 122);
    ck_assert_uint_eq(bytes, wanted[i]);
  }
}
END_TEST

/* "An answer of 0 in a situation other than done and bound: the call succeeds and changes nothing."
 */
START_TEST(success_where_the_emulation_refuses_changes_nothing) {
  const conntrail_emu_answer done = {0, CONNTRAIL_EMU_COUNT_BYTES, 0};
  conntrail_emu_table table = with_row(CONNTRAIL_EMU_SITUATION_SET_FOREIGN, &done, 1);
  table.rows[CONNTRAIL_EMU_SITUATION_SET_CONNECTED] = (conntrail_emu_row){&done, 1};
  table.rows[CONNTRAIL_EMU_SITUATION_SEND_FOREIGN] = (conntrail_emu_row){&done, 1};
  use(&table);
  conntrail__socket *target = fresh(1);
  conntrail__identity me = who(1);
  conntrail__address to = at("127.0.0.1:53");
  conntrail__socket *udp = conntrail__socket_create(world, CONNTRAIL__DATAGRAM, &me, 0);
  ck_assert_uint_eq(set_on(target, 10), 0);
  ck_assert_ptr_null(target->carried);
  ck_assert_uint_eq(set_on(client, 10), 0);
  ck_assert_uint_eq(misuse(CONNTRAIL_EMU_MISUSE_SET_AFTER_CONNECT), 1);
  ck_assert_uint_eq(conntrail__datagram_sending(udp, &to, "foreign", 7, &me).native, 0);
  ck_assert_uint_eq(count(CONNTRAIL_EMU_RECORDS_SET), 0);
}
END_TEST

/* ---- What a table lacks --------------------------------------------------------------------- */

static void expect_assumed(conntrail_emu_situation situation, conntrail_emu_profile from,
                           uint32_t native, uint64_t how_many) {
  ck_assert_uint_eq(count(CONNTRAIL_EMU_ASSUMED), how_many);
  const conntrail__event *event = last(CONNTRAIL_EMU_ASSUMED);
  ck_assert_uint_eq(event->state, situation);
  ck_assert_uint_eq(event->from, from);
  ck_assert_uint_eq(event->native, native);
}

START_TEST(what_a_table_lacks_its_base_answers_and_the_trail_says_so) {
  const conntrail_emu_table table = empty_table("bare", CONNTRAIL_EMU_MEASURED);
  char text[8192];
  uint32_t bytes = 0;
  use(&table);
  conntrail__socket *proxy = listener(2, "127.0.0.1:1003");
  connect_from(fresh(1), "127.0.0.1:1003", "127.0.0.1:40003");
  conntrail__socket *direct = accept_from(proxy, "127.0.0.1:40003");
  /* measured has this one ... */
  ck_assert_uint_eq(query(direct, CONNTRAIL__QUERY_RECORDS, out, 9, &bytes), 10022);
  expect_assumed(CONNTRAIL_EMU_SITUATION_RECORDS_NOT_REDIRECTED, CONNTRAIL_EMU_MEASURED, 10022, 1);
  /* ... and this one its own base has, each time anew. */
  for (uint64_t turn = 2; turn < 4; turn++) {
    ck_assert_uint_eq(query(accepted, CONNTRAIL__QUERY_CONTEXT, out, 9, &bytes), 122);
    expect_assumed(CONNTRAIL_EMU_SITUATION_CONTEXT_TOO_SMALL, CONNTRAIL_EMU_DOCUMENTED, 122, turn);
  }
  ck_assert_uint_lt(conntrail__trail_text(world, 0, text, sizeof text), sizeof text);
  ck_assert_msg(strstr(text, "assumed: the profile \"bare\" does not say what \"query context\", "
                             "\"too small\" is answered; as \"documented\": 122") != NULL,
                "%s", text);
}
END_TEST

START_TEST(measured_has_what_was_seen_and_nothing_else) {
  const conntrail_emu_table *measured = conntrail__builtin_table(CONNTRAIL_EMU_MEASURED);
  ck_assert_int_eq(measured->base, CONNTRAIL_EMU_DOCUMENTED);
  for (unsigned i = 0; i < CONNTRAIL_EMU_SITUATIONS; i++) {
    bool was_seen = i == CONNTRAIL_EMU_SITUATION_RECORDS_NOT_REDIRECTED ||
                    i == CONNTRAIL_EMU_SITUATION_CONTEXT_NOT_REDIRECTED;
    ck_assert_uint_eq(measured->rows[i].count, was_seen);
  }
}
END_TEST

START_TEST(the_others_lack_nothing) {
  const conntrail_emu_profile whole[] = {CONNTRAIL_EMU_DOCUMENTED, CONNTRAIL_EMU_CONTRARY};
  for (unsigned p = 0; p < 2; p++) {
    const conntrail_emu_table *table = conntrail__builtin_table(whole[p]);
    ck_assert_int_eq(table->base, whole[p]);
    for (unsigned i = 0; i < CONNTRAIL_EMU_SITUATIONS; i++) {
      ck_assert_msg(table->rows[i].count > 0, "%s lacks \"%s\", \"%s\"", table->name,
                    conntrail__situation_operation((conntrail_emu_situation)i),
                    conntrail__situation_name((conntrail_emu_situation)i));
      /* In turn: so long that no caller's period meets it. */
      ck_assert(table->rows[i].count == 1 || table->rows[i].count >= 8);
    }
    for (unsigned i = 0; i < CONNTRAIL_EMU_BEHAVIOURS; i++) {
      ck_assert_uint_ne(table->behaviour[i], 0);
    }
  }
  ck_assert_ptr_null(conntrail__builtin_table((conntrail_emu_profile)3));
}
END_TEST

START_TEST(what_is_compiled_in_could_be_loaded) {
  uint32_t bytes = 0;
  for (int p = 0; p < 3; p++) {
    use(conntrail__builtin_table((conntrail_emu_profile)p));
  }
  ck_assert_uint_eq(query(accepted, CONNTRAIL__QUERY_RECORDS, out, 9, &bytes), 122);
  ck_assert_uint_eq(query(accepted, CONNTRAIL__QUERY_RECORDS, out, 9, &bytes), 10014);
  ck_assert_uint_eq(count(CONNTRAIL_EMU_ASSUMED), 0);
}
END_TEST

START_TEST(a_profile_ends_a_table_and_begins_anew) {
  uint32_t bytes = 0;
  use_numbers();
  for (int turn = 0; turn < 2; turn++) {
    ck_assert(conntrail__engine_set_profile(world, CONNTRAIL_EMU_CONTRARY, &why));
    ck_assert_uint_eq(query(accepted, CONNTRAIL__QUERY_RECORDS, out, 9, &bytes), 122);
    ck_assert_uint_eq(query(accepted, CONNTRAIL__QUERY_RECORDS, out, 9, &bytes), 10014);
  }
}
END_TEST

START_TEST(behaviour_that_a_table_lacks_is_the_bases) {
  conntrail_emu_table table = empty_table("bare", CONNTRAIL_EMU_CONTRARY);
  uint32_t bytes = 0;
  const conntrail__call call = {CONNTRAIL__QUERY_RECORDS, NULL, 0, out, 9, &bytes};
  use(&table);
  ck_assert(conntrail__socket_pends(accepted, &call));
  table.behaviour[CONNTRAIL_EMU_BEHAVIOUR_BEGUN_QUERIES] = 1;
  use(&table);
  ck_assert(!conntrail__socket_pends(accepted, &call));
  table.base = CONNTRAIL_EMU_MEASURED;
  table.behaviour[CONNTRAIL_EMU_BEHAVIOUR_BEGUN_QUERIES] = 0;
  use(&table);
  ck_assert(!conntrail__socket_pends(accepted, &call));
  table.behaviour[CONNTRAIL_EMU_BEHAVIOUR_BEGUN_QUERIES] = 2;
  use(&table);
  ck_assert(conntrail__socket_pends(accepted, &call));
}
END_TEST

/* ---- What is refused ------------------------------------------------------------------------ */

static void expect_refused(const conntrail_emu_table *table, const char *part) {
  uint32_t bytes = 0;
  const conntrail_emu_table *before = world->table;
  ck_assert_int_eq(conntrail__engine_use_table(world, table, &why), CONNTRAIL_INVALID);
  ck_assert_msg(strstr(why.text, part) != NULL, "%s", why.text);
  ck_assert_ptr_eq(world->table, before);
  ck_assert_uint_eq(query(accepted, CONNTRAIL__QUERY_RECORDS, out, 9, &bytes), 122);
}

static void expect_refused_answer(conntrail_emu_situation situation, conntrail_emu_answer answer,
                                  const char *part) {
  const conntrail_emu_answer answers[] = {{10022, CONNTRAIL_EMU_COUNT_BYTES, 0}, answer};
  const conntrail_emu_table table = with_row(situation, answers, 2);
  expect_refused(&table, part);
  ck_assert_ptr_nonnull(strstr(why.text, "answer 2"));
}

START_TEST(answers_that_cannot_be_are_refused) {
  const conntrail_emu_answer success = {0, CONNTRAIL_EMU_COUNT_SIZE, 0};
  const conntrail_emu_answer some = {0, CONNTRAIL_EMU_COUNT_BYTES, 1};
  const conntrail_emu_answer size = {10022, CONNTRAIL_EMU_COUNT_SIZE, 0};
  const conntrail_emu_answer odd = {10022, (conntrail_emu_count_kind)3, 0};
  expect_refused_answer(CONNTRAIL_EMU_SITUATION_RECORDS_TOO_SMALL, success, "parts of a blob");
  expect_refused_answer(CONNTRAIL_EMU_SITUATION_CONTEXT_TOO_SMALL_AT_65536, success, "parts");
  expect_refused_answer(CONNTRAIL_EMU_SITUATION_CONTEXT_NO_CONTEXT, some, "nothing to give");
  expect_refused_answer(CONNTRAIL_EMU_SITUATION_RECORDS_NOT_REDIRECTED, size, "no size");
  expect_refused_answer(CONNTRAIL_EMU_SITUATION_SEND_FOREIGN, size, "no size");
  expect_refused_answer(CONNTRAIL_EMU_SITUATION_ORIGINAL_NOT_REDIRECTED,
                        (conntrail_emu_answer){0, CONNTRAIL_EMU_COUNT_BYTES, 0}, "an address");
  expect_refused_answer(CONNTRAIL_EMU_SITUATION_SET_DONE, odd, "count");
}
END_TEST

START_TEST(tables_that_cannot_be_are_refused) {
  static const char long_name[] =
      "0123456789012345678901234567890123456789012345678901234567890123";
  const conntrail_emu_answer answer = {10022, CONNTRAIL_EMU_COUNT_BYTES, 0};
  conntrail_emu_table table = empty_table(NULL, CONNTRAIL_EMU_DOCUMENTED);
  expect_refused(&table, "0 bytes");
  table.name = "";
  expect_refused(&table, "0 bytes");
  table.name = long_name;
  expect_refused(&table, "64 bytes");
  table.name = long_name + 1;
  use(&table);
  table.base = (conntrail_emu_profile)3;
  expect_refused(&table, "which is no profile");
  table.base = CONNTRAIL_EMU_DOCUMENTED;
  table.behaviour[6] = 3;
  expect_refused(&table, "behaviour 6");
  table.behaviour[6] = 0;
  table.rows[5] = (conntrail_emu_row){&answer, CONNTRAIL_EMU_MOST_ANSWERS + 1};
  expect_refused(&table, "33 answers");
  table.rows[5] = (conntrail_emu_row){NULL, 1};
  expect_refused(&table, "where they are");
  table.struct_size--;
  expect_refused(&table, "struct_size");
}
END_TEST

START_TEST(situations_have_words) {
  ck_assert_str_eq(conntrail__situation_operation(CONNTRAIL_EMU_SITUATION_SET_DONE), "set records");
  ck_assert_str_eq(conntrail__situation_name(CONNTRAIL_EMU_SITUATION_SET_DONE), "done");
  ck_assert_str_eq(
      conntrail__situation_operation((conntrail_emu_situation)CONNTRAIL_EMU_SITUATIONS), "?");
  ck_assert_str_eq(conntrail__situation_name((conntrail_emu_situation)CONNTRAIL_EMU_SITUATIONS),
                   "?");
  ck_assert_str_ne(
      conntrail__situation_name((conntrail_emu_situation)(CONNTRAIL_EMU_SITUATIONS - 1)), "?");
}
END_TEST

UNIT_MAIN("engine_profile", begin, world_end, each_situation_of_a_query_has_its_row,
          not_redirected_and_no_context_have_rows_of_their_own,
          remote_redirection_is_not_redirected, too_small_at_the_largest_buffer_has_its_row,
          each_situation_of_a_set_has_its_row, each_situation_of_an_untracked_socket_has_its_row,
          options_messages_and_original_destination_have_rows,
          answers_come_in_turn_and_each_row_for_itself, counts_are_bytes_the_size_or_untouched,
          success_where_the_emulation_refuses_changes_nothing,
          what_a_table_lacks_its_base_answers_and_the_trail_says_so,
          measured_has_what_was_seen_and_nothing_else, the_others_lack_nothing,
          what_is_compiled_in_could_be_loaded, a_profile_ends_a_table_and_begins_anew,
          behaviour_that_a_table_lacks_is_the_bases, answers_that_cannot_be_are_refused,
          tables_that_cannot_be_are_refused, situations_have_words)
