/* SPDX-License-Identifier: MIT */
/* An emulation that begins anew under open sockets. */
#include <string.h>

#include "backend-emu/engine/socket.h"
#include "engine_world.h"
#include "unit_main.h"

static const char web[] = "93.184.216.34:80";

static void expect_trail(const char *expected) {
  char text[2048];
  (void)conntrail__trail_text(world, CONNTRAIL_EMU_TEXT_NORMALISED, text, sizeof text);
  ck_assert_str_eq(text, expected);
}

static void expect_empty(void) {
  expect_trail("");
  ck_assert_ptr_null(conntrail__service_named(world, "acme"));
  ck_assert(!conntrail__fault_is_any(world));
  for (unsigned kind = 1; kind <= CONNTRAIL_EMU_HINT; kind++) {
    ck_assert_uint_eq(count((conntrail_emu_event_kind)kind), 0);
  }
}

static void add_fault(void) {
  conntrail_emu_fault fault = CONNTRAIL_EMU_FAULT_INIT;
  fault.native = 10050;
  ck_assert_int_eq(conntrail__fault_add(world, &fault, NULL, &why), CONNTRAIL_OK);
}

static void route(void) {
  conntrail__address server = at("127.0.0.1:3001");
  ck_assert_int_eq(conntrail__route_add(world, web, &server, &why), CONNTRAIL_OK);
}

static uint32_t query_records(conntrail__socket *socket) {
  uint8_t out[512];
  uint32_t bytes = 0;
  return query(socket, CONNTRAIL__QUERY_RECORDS, out, sizeof out, &bytes);
}

START_TEST(nothing_is_left_but_the_sockets) {
  service("acme", "tcp any", "127.0.0.1:1001");
  conntrail__socket *proxy = listener(2, "127.0.0.1:1001");
  route();
  connect_from(fresh(1), web, "127.0.0.1:40001");
  (void)accept_from(proxy, "127.0.0.1:40001");
  add_fault();
  conntrail__note_misuse(world, NULL, CONNTRAIL_EMU_MISUSE_OUTSIDE, 0);
  conntrail__engine_reset(world);
  expect_empty();
  ck_assert_uint_eq(misuse(CONNTRAIL_EMU_MISUSE_OUTSIDE), 0);
  ck_assert_int_eq(conntrail__socket_state_of(proxy), CONNTRAIL__LISTENING);
  (void)ask(fresh(1), web);
  expect_trail("   1  socket 1 connecting to 93.184.216.34:80\n"
               "   2  socket 1 refused: no route for 93.184.216.34:80, and the real network is not "
               "allowed; add one (conntrail_emu_route(), or \"routes\" of a scenario)\n");
}
END_TEST

START_TEST(the_same_again_has_the_same_trail) {
  char first[2048];
  char second[2048];
  char *const texts[] = {first, second};
  conntrail__socket *proxy = listener(2, "127.0.0.1:1001");
  for (int i = 0; i < 2; i++) {
    conntrail__engine_reset(world);
    service("acme", "tcp any", "127.0.0.1:1001");
    connect_from(fresh(1), web, "127.0.0.1:40001");
    transfer(accept_from(proxy, "127.0.0.1:40001"), fresh(2));
    conntrail__trail_text(world, CONNTRAIL_EMU_TEXT_NORMALISED, texts[i], sizeof first);
  }
  ck_assert_str_eq(first, second);
}
END_TEST

START_TEST(an_open_connection_is_of_no_service_any_more) {
  service("acme", "tcp any", "127.0.0.1:1001");
  conntrail__socket *proxy = listener(2, "127.0.0.1:1001");
  conntrail__socket *client = fresh(1);
  conntrail__address peer;
  connect_from(client, web, "127.0.0.1:40001");
  conntrail__socket *accepted = accept_from(proxy, "127.0.0.1:40001");
  ck_assert_uint_eq(query_records(accepted), 0);
  ck_assert(conntrail__socket_peer(client, &peer));
  conntrail__engine_reset(world);
  ck_assert(!conntrail__socket_peer(client, &peer));
  ck_assert(!conntrail__socket_wanted(accepted, &peer));
  const uint32_t plain = query_records(accepted);
  ck_assert_uint_ne(plain, 0);
  const uint64_t events = last(CONNTRAIL_EMU_RECORDS_QUERIED)->number;
  ck_assert_uint_eq(events, 1);
  ck_assert_uint_eq(last(CONNTRAIL_EMU_RECORDS_QUERIED)->socket, 1);
  conntrail__socket_release(accepted); /* its close is of the time before */
  conntrail__socket_release(client);
  ck_assert_uint_eq(count(CONNTRAIL_EMU_CLOSED), 0);
  ck_assert_uint_eq(count(CONNTRAIL_EMU_MISUSE), 0);
}
END_TEST

START_TEST(a_connect_that_is_under_way_ends_untold) {
  service("acme", "tcp any", "127.0.0.1:1001");
  conntrail__socket *client = fresh(1);
  conntrail__address local = at("127.0.0.1:40001");
  (void)ask(client, web);
  conntrail__socket_connected(client, CONNTRAIL__UNDERWAY, NULL, 0);
  conntrail__engine_reset(world);
  conntrail__socket_connected(client, CONNTRAIL__ESTABLISHED, &local, 0);
  ck_assert_int_eq(conntrail__socket_state_of(client), CONNTRAIL__CONNECTED);
  conntrail__socket *refused = fresh(1);
  (void)ask(refused, web);
  conntrail__socket_connected(refused, CONNTRAIL__UNDERWAY, NULL, 0);
  conntrail__engine_reset(world);
  conntrail__socket_connected(refused, CONNTRAIL__REJECTED, NULL, CONNTRAIL__WSAECONNREFUSED);
  expect_empty();
}
END_TEST

START_TEST(records_that_were_set_are_gone) {
  service("acme", "tcp any", "127.0.0.1:1001");
  conntrail__socket *proxy = listener(2, "127.0.0.1:1001");
  conntrail__socket *outbound = fresh(2);
  connect_from(fresh(1), web, "127.0.0.1:40001");
  transfer(accept_from(proxy, "127.0.0.1:40001"), outbound);
  conntrail__engine_reset(world);
  const conntrail_emu_service *acme = service("acme", "tcp any", "127.0.0.1:1001");
  ck_assert_int_eq(conntrail__socket_redirect_state(outbound, acme), CONNTRAIL_EMU_NOT_REDIRECTED);
}
END_TEST

static conntrail__socket *datagram_of(uint32_t process, const char *local) {
  conntrail__identity me = who(process);
  conntrail__socket *made = conntrail__socket_create(world, CONNTRAIL__DATAGRAM, &me, 0);
  ck_assert_ptr_nonnull(made);
  if (local != NULL) {
    conntrail__address address = at(local);
    conntrail__socket_bound(made, &address);
  }
  return made;
}

static void send_one(conntrail__socket *client) {
  conntrail__identity me = who(client->process);
  conntrail__address remote = at(web);
  conntrail__address own = at("127.0.0.1:40001");
  conntrail__datagram_decision choice = conntrail__datagram_sending(client, &remote, NULL, 0, &me);
  ck_assert_uint_eq(choice.native, 0);
  ck_assert(choice.unsettled == NULL || conntrail__datagram_settle(&choice, &own));
}

START_TEST(flows_end_and_what_was_enabled_stays) {
  conntrail__socket *client = datagram_of(1, NULL);
  conntrail__socket *proxy = datagram_of(2, "127.0.0.1:1001");
  ck_assert_uint_eq(conntrail__datagram_enable(proxy, 0, 60, true), 0);
  for (int i = 0; i < 2; i++) {
    uint8_t control[4096];
    conntrail__identity me = who(2);
    conntrail__received arrived = {
        .from = at("127.0.0.1:40001"), .control = control, .capacity = sizeof control};
    conntrail__engine_reset(world);
    ck_assert_uint_eq(conntrail__datagram_flow_count(world), 0);
    service("acme", "udp any", "127.0.0.1:1001");
    send_one(client);
    ck_assert_uint_eq(conntrail__datagram_flow_count(world), 1);
    conntrail__datagram_received(proxy, &me, &arrived);
    ck_assert_uint_eq(count(CONNTRAIL_EMU_RECORDS_RECEIVED), 1);
    ck_assert_uint_eq(count(CONNTRAIL_EMU_MISUSE), 0);
  }
}
END_TEST

START_TEST(chance_and_turns_begin_anew) {
  uint32_t answers[2][32];
  conntrail__socket *proxy = listener(2, "127.0.0.1:1001");
  for (int round = 0; round < 2; round++) {
    conntrail_emu_fault fault = CONNTRAIL_EMU_FAULT_INIT;
    conntrail__engine_reset(world);
    ck_assert(conntrail__engine_set_profile(world, CONNTRAIL_EMU_CONTRARY, &why));
    service("acme", "tcp any", "127.0.0.1:1001");
    connect_from(fresh(1), web, "127.0.0.1:40001");
    conntrail__socket *accepted = accept_from(proxy, "127.0.0.1:40001");
    fault.native = 10050;
    fault.per_million = 500000;
    ck_assert_int_eq(conntrail__fault_add(world, &fault, NULL, &why), CONNTRAIL_OK);
    for (int i = 0; i < 32; i++) {
      uint32_t bytes = 0;
      answers[round][i] = query(accepted, CONNTRAIL__QUERY_RECORDS, NULL, 0, &bytes);
    }
  }
  ck_assert_mem_eq(answers[0], answers[1], sizeof answers[0]);
}
END_TEST

UNIT_MAIN("engine_reset", world_begin, world_end, nothing_is_left_but_the_sockets,
          the_same_again_has_the_same_trail, an_open_connection_is_of_no_service_any_more,
          a_connect_that_is_under_way_ends_untold, records_that_were_set_are_gone,
          flows_end_and_what_was_enabled_stays, chance_and_turns_begin_anew)
