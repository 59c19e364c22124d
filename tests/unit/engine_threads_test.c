/* SPDX-License-Identifier: MIT */
/* Loops that go through several threads or processes, and threads that prove nothing (R7). */
#include <stdio.h>

#include "backend-emu/engine/emulation.h"
#include "backend-emu/engine/socket.h"
#include "backend-emu/engine/waiting.h"
#include "engine_world.h"
#include "unit_main.h"

#define WEB "93.184.216.34:80"

/* One hop: a client's connection, redirected and accepted. */
static conntrail__socket *hop(conntrail__socket *client, conntrail__socket *proxy,
                              const char *local) {
  ck_assert_uint_eq(connect_from(client, WEB, local).native, 0);
  return accept_from(proxy, local);
}

/* The accepting thread hands over to another, which connects: round and round. */
static conntrail__decision connect_in_thread(conntrail__socket *client, uint64_t actor,
                                             const char *local) {
  conntrail__identity me = {.actor = actor, .process = client->process};
  conntrail__address remote = at(WEB);
  conntrail__address address = at(local);
  conntrail__decision decision = conntrail__socket_connecting(client, &remote, &me);
  if (decision.native == 0) {
    conntrail__socket_connected(client, CONNTRAIL__ESTABLISHED, &address, 0);
  }
  return decision;
}

static int rounds_until_loop(conntrail__socket *proxy, int most, int delivered_at) {
  char local[32];
  for (int i = 0; i < most; i++) {
    snprintf(local, sizeof local, "127.0.0.1:%d", 41001 + i);
    if (connect_in_thread(fresh(2), 99, local).native != 0) {
      return i;
    }
    ck_assert_ptr_nonnull(accept_from(proxy, local));
    if (i == delivered_at) {
      conntrail__address remote = at(WEB);
      conntrail__waiting_delivered(world, &remote, false);
    }
  }
  return most;
}

START_TEST(r7_a_loop_through_another_thread_ends_after_ten_entries) {
  service("a", "tcp any", "127.0.0.1:1001");
  ck_assert_int_eq(rounds_until_loop(listener(2, "127.0.0.1:1001"), 100, -1), 10);
  ck_assert_uint_eq(count(CONNTRAIL_EMU_LOOP), 1);
}
END_TEST

static conntrail__socket *carrier(conntrail__socket *accepted, uint64_t actor) {
  conntrail__socket *outbound = fresh(2);
  transfer(accepted, outbound);
  ck_assert_uint_eq(connect_in_thread(outbound, actor, "127.0.0.1:44000").native, 0);
  return outbound;
}

/* A proxy in process 2 whose client is another process. */
static conntrail__socket *asked(conntrail__socket *proxy, const char *local) {
  ck_assert_uint_eq(connect_from(fresh(1), WEB, local).native, 0);
  return accept_from(proxy, local);
}

static conntrail__socket *route_and_listen(void) {
  conntrail__address server = at("127.0.0.1:8080");
  service("a", "tcp any", "127.0.0.1:1001");
  ck_assert_int_eq(conntrail__route_add(world, WEB, &server, &why), CONNTRAIL_OK);
  return listener(2, "127.0.0.1:1001");
}

START_TEST(r7_a_thread_is_a_hint_where_another_one_carries_the_records) {
  conntrail__socket *proxy = route_and_listen();
  carrier(asked(proxy, "127.0.0.1:40001"), 99);
  conntrail__socket *accepted = asked(proxy, "127.0.0.1:40002");
  ck_assert_uint_eq(connect_in_thread(fresh(2), 2, "127.0.0.1:40003").native, 0);
  ck_assert_uint_eq(count(CONNTRAIL_EMU_LOOP), 0);
  conntrail__socket_release(accepted);
  ck_assert_uint_eq(misuse(CONNTRAIL_EMU_MISUSE_NOT_TRANSFERRED), 0);
}
END_TEST

START_TEST(r7_a_thread_is_a_proof_where_it_carries_the_records_itself) {
  conntrail__socket *proxy = route_and_listen();
  carrier(asked(proxy, "127.0.0.1:40001"), 2);
  conntrail__socket *accepted = asked(proxy, "127.0.0.1:40002");
  ck_assert_uint_eq(connect_in_thread(fresh(2), 2, "127.0.0.1:40003").native, 10061);
  ck_assert_uint_eq(last(CONNTRAIL_EMU_LOOP)->from, accepted->number);
}
END_TEST

START_TEST(r7_another_program_of_the_same_number_is_judged_anew) {
  conntrail__socket *proxy = route_and_listen();
  carrier(asked(proxy, "127.0.0.1:40001"), 99);
  conntrail__engine_process_begins(world, 2);
  conntrail__engine_process_begins(world, 3);
  asked(proxy, "127.0.0.1:40002");
  ck_assert_uint_eq(connect_in_thread(fresh(2), 2, "127.0.0.1:40003").native, 10061);
}
END_TEST

START_TEST(r7_what_is_delivered_meanwhile_counts_anew) {
  service("a", "tcp any", "127.0.0.1:1001");
  ck_assert_int_eq(rounds_until_loop(listener(2, "127.0.0.1:1001"), 100, 4), 15);
}
END_TEST

START_TEST(r7_clients_of_other_processes_are_no_entries) {
  service("a", "tcp any", "127.0.0.1:1001");
  conntrail__socket *proxy = listener(2, "127.0.0.1:1001");
  for (int i = 0; i < 30; i++) {
    char local[32];
    snprintf(local, sizeof local, "127.0.0.1:%d", 42001 + i);
    ck_assert_uint_eq(connect_from(fresh(1), WEB, local).native, 0);
    ck_assert_ptr_nonnull(accept_from(proxy, local));
  }
  ck_assert_uint_eq(count(CONNTRAIL_EMU_LOOP), 0);
}
END_TEST

/* The accepting process hands over to a child that it forked, which connects. */
static int rounds_of_child(uint32_t child_family) {
  const conntrail__identity child = {.actor = 3, .process = 3, .family = child_family};
  const conntrail__address remote = at(WEB);
  conntrail__socket *proxy = listener(2, "127.0.0.1:1001");
  for (int i = 0; i < 30; i++) {
    char local[32];
    snprintf(local, sizeof local, "127.0.0.1:%d", 43001 + i);
    const conntrail__address address = at(local);
    conntrail__socket *client = fresh(3);
    if (conntrail__socket_connecting(client, &remote, &child).native != 0) {
      return i;
    }
    conntrail__socket_connected(client, CONNTRAIL__ESTABLISHED, &address, 0);
    ck_assert_ptr_nonnull(accept_from(proxy, local));
  }
  return 30;
}

START_TEST(r7_a_loop_through_a_forked_child_ends_after_ten_entries) {
  service("a", "tcp any", "127.0.0.1:1001");
  ck_assert_int_eq(rounds_of_child(2), 10);
}
END_TEST

START_TEST(r7_a_child_that_runs_another_program_is_no_entry) {
  service("a", "tcp any", "127.0.0.1:1001");
  ck_assert_int_eq(rounds_of_child(3), 30);
}
END_TEST

/* A program connects to another one, by no service. */
static conntrail__socket *lead(uint32_t from, uint32_t to) {
  conntrail__socket *socket = fresh(from);
  const conntrail__identity who = {.actor = from, .process = from};
  const conntrail__address helper = at("127.0.0.1:3128");
  ck_assert_uint_eq(conntrail__socket_connecting(socket, &helper, &who).native, 0);
  conntrail__socket_leads_to(socket, to);
  return socket;
}

static int rounds_of_program(int links) {
  service("a", "tcp 93.184.216.0/24", "127.0.0.1:1001");
  for (int i = 0; i < links; i++) {
    lead(2, 3);
  }
  return rounds_of_child(3);
}

START_TEST(r7_a_loop_through_another_program_ends_after_ten_entries) {
  ck_assert_int_eq(rounds_of_program(10), 10);
}
END_TEST

START_TEST(r7_a_program_that_is_asked_less_often_is_no_entry) {
  ck_assert_int_eq(rounds_of_program(9), 30);
}
END_TEST

START_TEST(r7_a_connection_between_programs_ends) {
  for (int i = 0; i < 10; i++) {
    conntrail__socket_release(lead(2, 3));
    conntrail__socket_connected(lead(2, 3), CONNTRAIL__REJECTED, NULL, 10061);
  }
  ck_assert_ptr_null(world->links);
}
END_TEST

START_TEST(r7_a_loop_through_programs_between_ends_after_ten_entries) {
  service("a", "tcp 93.184.216.0/24", "127.0.0.1:1001");
  for (int i = 0; i < 10; i++) {
    lead(4, 3);
    lead(5, 4);
    lead(2, 5);
  }
  ck_assert_int_eq(rounds_of_child(3), 10);
}
END_TEST

START_TEST(r7_what_a_service_redirects_leads_to_no_program) {
  conntrail__socket *client = fresh(2);
  service("a", "tcp any", "127.0.0.1:1001");
  ck_assert_uint_eq(ask(client, WEB).native, 0);
  conntrail__socket_leads_to(client, 3);
  ck_assert_ptr_null(world->links);
}
END_TEST

START_TEST(r7_another_thread_of_the_process_is_no_loop) {
  conntrail__identity other_thread = {.actor = 99, .process = 1};
  conntrail__address remote = at(WEB);
  service("a", "tcp any", "127.0.0.1:1001");
  hop(fresh(1), listener(1, "127.0.0.1:1001"), "127.0.0.1:40001");
  ck_assert_uint_eq(conntrail__socket_connecting(fresh(1), &remote, &other_thread).native, 0);
}
END_TEST

UNIT_MAIN("engine_threads", world_begin, world_end,
          r7_a_loop_through_another_thread_ends_after_ten_entries,
          r7_a_thread_is_a_hint_where_another_one_carries_the_records,
          r7_a_thread_is_a_proof_where_it_carries_the_records_itself,
          r7_another_program_of_the_same_number_is_judged_anew,
          r7_what_is_delivered_meanwhile_counts_anew, r7_clients_of_other_processes_are_no_entries,
          r7_a_loop_through_a_forked_child_ends_after_ten_entries,
          r7_a_child_that_runs_another_program_is_no_entry,
          r7_a_loop_through_another_program_ends_after_ten_entries,
          r7_a_program_that_is_asked_less_often_is_no_entry, r7_a_connection_between_programs_ends,
          r7_a_loop_through_programs_between_ends_after_ten_entries,
          r7_what_a_service_redirects_leads_to_no_program,
          r7_another_thread_of_the_process_is_no_loop)
