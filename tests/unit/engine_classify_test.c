/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "backend-emu/engine/emulation.h"
#include "backend-emu/engine/socket.h"
#include "engine_world.h"
#include "unit_main.h"

#define WEB "93.184.216.34:80"

/* One hop: a client's connection, redirected and accepted; the proxy's next socket. */
static conntrail__socket *hop(conntrail__socket *client, conntrail__socket *proxy,
                              const char *local) {
  conntrail__decision decision = connect_from(client, WEB, local);
  ck_assert_uint_eq(decision.native, 0);
  ck_assert(conntrail__address_equal(&decision.target, &proxy->local));
  return accept_from(proxy, local);
}

START_TEST(r1_states_follow_the_records) {
  conntrail_emu_service *a = service("a", "tcp any", "127.0.0.1:1001");
  conntrail_emu_service *b = service("b", "tcp any", "127.0.0.1:1002");
  conntrail__socket *proxy_a = listener(2, "127.0.0.1:1001");
  conntrail__socket *proxy_b = listener(3, "127.0.0.1:1002");
  conntrail__socket *client = fresh(1);
  conntrail__socket *first = hop(client, proxy_a, "127.0.0.1:40001");
  conntrail__socket *second = fresh(2);
  ck_assert_int_eq(conntrail__socket_redirect_state(client, a), CONNTRAIL_EMU_NOT_REDIRECTED);
  transfer(first, second);
  ck_assert_int_eq(conntrail__socket_redirect_state(second, a), CONNTRAIL_EMU_REDIRECTED_BY_SELF);
  ck_assert_int_eq(conntrail__socket_redirect_state(second, b), CONNTRAIL_EMU_REDIRECTED_BY_OTHER);
  conntrail__socket *third = hop(second, proxy_b, "127.0.0.1:40002");
  conntrail__socket *fourth = fresh(3);
  transfer(third, fourth);
  ck_assert_int_eq(conntrail__socket_redirect_state(fourth, a),
                   CONNTRAIL_EMU_PREVIOUSLY_REDIRECTED_BY_SELF);
  ck_assert_int_eq(conntrail__socket_redirect_state(fourth, b), CONNTRAIL_EMU_REDIRECTED_BY_SELF);
  ck_assert_uint_eq(last(CONNTRAIL_EMU_RECORDS_SET)->hops, 2);
}
END_TEST

START_TEST(r2_by_other_permit_lets_it_be) {
  conntrail_emu_service *b = service("b", "tcp any by-other permit weight 1", "127.0.0.1:1002");
  service("a", "tcp any weight 2", "127.0.0.1:1001");
  conntrail__socket *accepted = hop(fresh(1), listener(2, "127.0.0.1:1001"), "127.0.0.1:40001");
  conntrail__socket *outbound = fresh(2);
  conntrail__address server = at("127.0.0.1:8080");
  conntrail__route_add(world, WEB, &server, &why);
  transfer(accepted, outbound);
  conntrail__decision decision = connect_from(outbound, WEB, "127.0.0.1:40002");
  ck_assert_uint_eq(decision.native, 0);
  ck_assert(conntrail__address_equal(&decision.target, &server));
  ck_assert_uint_eq(count(CONNTRAIL_EMU_DELIVERED), 1);
  ck_assert_ptr_eq(conntrail__event_service(world, last(CONNTRAIL_EMU_PERMITTED)), b);
}
END_TEST

START_TEST(r2_again_block_blocks_in_the_fourth_state) {
  service("a", "tcp any weight 2 again block", "127.0.0.1:1001");
  service("b", "tcp any weight 1", "127.0.0.1:1002");
  conntrail__socket *first = hop(fresh(1), listener(2, "127.0.0.1:1001"), "127.0.0.1:40001");
  conntrail__socket *second = fresh(2);
  transfer(first, second);
  conntrail__socket *third = hop(second, listener(3, "127.0.0.1:1002"), "127.0.0.1:40002");
  conntrail__socket *fourth = fresh(3);
  transfer(third, fourth);
  ck_assert_uint_eq(ask(fourth, WEB).native, 10013);
  ck_assert_int_eq(last(CONNTRAIL_EMU_BLOCKED)->state, CONNTRAIL_EMU_PREVIOUSLY_REDIRECTED_BY_SELF);
}
END_TEST

START_TEST(r3_one_redirect_an_attempt_and_weight_decides) {
  service("light", "tcp any weight 1", "127.0.0.1:1001");
  conntrail_emu_service *heavy = service("heavy", "tcp any weight 9", "127.0.0.1:1002");
  conntrail__decision decision = ask(fresh(1), WEB);
  ck_assert_uint_eq(decision.target.port, 1002);
  ck_assert_uint_eq(count(CONNTRAIL_EMU_REDIRECTED), 1);
  ck_assert_ptr_eq(conntrail__event_service(world, last(CONNTRAIL_EMU_REDIRECTED)), heavy);
  ck_assert_uint_eq(count(CONNTRAIL_EMU_PERMITTED), 1);
}
END_TEST

START_TEST(r3_a_later_service_may_still_block) {
  service("first", "tcp any weight 9", "127.0.0.1:1001");
  conntrail_emu_service *guard = conntrail__service_add(world, "guard", NULL, &why);
  ck_assert_int_eq(conntrail__filter_add(guard, CONNTRAIL__BLOCK, "tcp any", NULL, &why),
                   CONNTRAIL_OK);
  ck_assert_uint_eq(ask(fresh(1), WEB).native, 10013);
}
END_TEST

START_TEST(r4_a_remote_proxy_gets_no_records) {
  conntrail_emu_service *distant = conntrail__service_add(world, "far", NULL, &why);
  conntrail__address target = at("127.0.0.1:1001");
  uint8_t out[512];
  uint32_t bytes = 7;
  ck_assert_int_eq(
      conntrail__filter_add(distant, CONNTRAIL__REDIRECT_REMOTE, "tcp any", &target, &why),
      CONNTRAIL_OK);
  conntrail__socket *accepted = hop(fresh(1), listener(2, "127.0.0.1:1001"), "127.0.0.1:40001");
  ck_assert_uint_eq(query(accepted, CONNTRAIL__QUERY_RECORDS, out, sizeof out, &bytes),
                    0x80320008U);
  ck_assert_uint_eq(bytes, 0);
}
END_TEST

START_TEST(r5_the_target_follows_the_local_address) {
  service("a", "tcp any", "0.0.0.0:1001");
  conntrail__address local = at("127.0.0.9:5");
  conntrail__address loopback = at("127.0.0.1:1001");
  conntrail__address own = at("127.0.0.9:1001");
  conntrail__socket *bound = fresh(1);
  conntrail__decision decision = ask(fresh(1), WEB);
  ck_assert(conntrail__address_equal(&decision.target, &loopback));
  conntrail__socket_bound(bound, &local);
  decision = ask(bound, WEB);
  ck_assert(conntrail__address_equal(&decision.target, &own));
}
END_TEST

/* Proxy and client are one thread here, as in a test on one event loop. */
START_TEST(r7_a_forgetful_proxy_is_told_at_its_first_turn) {
  conntrail_emu_service *a = service("a", "tcp any", "127.0.0.1:1001");
  conntrail__socket *accepted = hop(fresh(1), listener(1, "127.0.0.1:1001"), "127.0.0.1:40001");
  conntrail__socket *outbound = fresh(1);
  ck_assert_uint_eq(ask(outbound, WEB).native, 10061);
  const conntrail__event *loop = last(CONNTRAIL_EMU_LOOP);
  ck_assert_ptr_eq(conntrail__event_service(world, loop), a);
  ck_assert_uint_eq(loop->socket, outbound->number);
  ck_assert_uint_eq(loop->from, accepted->number);
  ck_assert_uint_eq(loop->size, 0);
}
END_TEST

START_TEST(r7_queried_but_not_set_is_told_apart) {
  uint8_t records[512];
  uint32_t size = 0;
  service("a", "tcp any", "127.0.0.1:1001");
  conntrail__socket *accepted = hop(fresh(1), listener(1, "127.0.0.1:1001"), "127.0.0.1:40001");
  ck_assert_uint_eq(query(accepted, CONNTRAIL__QUERY_RECORDS, records, sizeof records, &size), 0);
  ck_assert_uint_eq(ask(fresh(1), WEB).native, 10061);
  ck_assert_uint_eq(last(CONNTRAIL_EMU_LOOP)->size, size);
}
END_TEST

START_TEST(r7_a_client_of_another_process_is_no_loop) {
  service("a", "tcp any", "127.0.0.1:1001");
  hop(fresh(1), listener(2, "127.0.0.1:1001"), "127.0.0.1:40001");
  ck_assert_uint_eq(ask(fresh(1), WEB).native, 0);
  ck_assert_uint_eq(count(CONNTRAIL_EMU_LOOP), 0);
}
END_TEST

START_TEST(r7_a_socket_that_appeared_before_the_accepted_one_is_no_loop) {
  service("a", "tcp any", "127.0.0.1:1001");
  conntrail__socket *second_client = fresh(1);
  (void)conntrail__socket_number(second_client);
  hop(fresh(1), listener(1, "127.0.0.1:1001"), "127.0.0.1:40001");
  ck_assert_uint_eq(ask(second_client, WEB).native, 0);
}
END_TEST

START_TEST(r7_the_loop_through_two_services_is_shown) {
  conntrail_emu_service *a = service("a", "tcp any weight 2", "127.0.0.1:1001");
  conntrail_emu_service *b = service("b", "tcp any weight 1", "127.0.0.1:1002");
  conntrail__socket *first = hop(fresh(1), listener(2, "127.0.0.1:1001"), "127.0.0.1:40001");
  conntrail__socket *second = fresh(2);
  transfer(first, second);
  conntrail__socket *third = hop(second, listener(3, "127.0.0.1:1002"), "127.0.0.1:40002");
  ck_assert_uint_eq(ask(fresh(3), WEB).native, 10061);
  ck_assert_ptr_eq(conntrail__event_untransferred_by(world, last(CONNTRAIL_EMU_LOOP)), b);
  ck_assert_ptr_eq(conntrail__event_service(world, last(CONNTRAIL_EMU_LOOP)), a);
  ck_assert_uint_eq(last(CONNTRAIL_EMU_LOOP)->from, third->number);
}
END_TEST

static void limit_loops_to(uint32_t limit) {
  conntrail_emu_options options = CONNTRAIL_EMU_OPTIONS_INIT;
  options.loop_limit = limit;
  world_end();
  world = conntrail__engine_create(&options, 1, &why);
}

START_TEST(r7_the_net_holds_where_threads_hide_the_loop) {
  char local[32];
  limit_loops_to(3);
  service("a", "tcp any", "127.0.0.1:1001");
  conntrail__socket *proxy = listener(2, "127.0.0.1:1001");
  for (int i = 0; i < 3; i++) {
    snprintf(local, sizeof local, "127.0.0.1:%d", 40001 + i);
    hop(fresh(1), proxy, local);
  }
  ck_assert_uint_eq(ask(fresh(1), WEB).native, 10061);
  ck_assert_uint_eq(last(CONNTRAIL_EMU_LOOP)->from, 0);
}
END_TEST

START_TEST(r7_the_net_lets_records_through) {
  limit_loops_to(1);
  service("a", "tcp any process 1", "127.0.0.1:1001");
  service("b", "tcp any process 2", "127.0.0.1:1002");
  conntrail__socket *proxy = listener(2, "127.0.0.1:1001");
  connect_from(fresh(1), WEB, "127.0.0.1:40001");
  connect_from(fresh(1), WEB, "127.0.0.1:40002");
  conntrail__socket *first = accept_from(proxy, "127.0.0.1:40001");
  conntrail__socket *outbound = fresh(2);
  accept_from(proxy, "127.0.0.1:40002");
  transfer(first, outbound);
  ck_assert_uint_eq(ask(outbound, WEB).native, 0);
  ck_assert_uint_eq(ask(fresh(1), WEB).native, 10061);
}
END_TEST

START_TEST(r8_exempt_processes_pass_and_two_exempting_vendors_still_loop) {
  conntrail_emu_service *a = service("a", "tcp any weight 2", "127.0.0.1:1001");
  conntrail_emu_service *b = service("b", "tcp any weight 1", "127.0.0.1:1002");
  ck_assert_int_eq(conntrail__service_exempt_process(a, 2, &why), CONNTRAIL_OK);
  ck_assert_int_eq(conntrail__service_exempt_process(b, 3, &why), CONNTRAIL_OK);
  hop(fresh(1), listener(2, "127.0.0.1:1001"), "127.0.0.1:40001");
  hop(fresh(2), listener(3, "127.0.0.1:1002"), "127.0.0.1:40002");
  ck_assert_uint_eq(count(CONNTRAIL_EMU_EXEMPTED), 1);
  ck_assert_uint_eq(ask(fresh(3), WEB).native, 10061);
  ck_assert_ptr_eq(conntrail__event_service(world, last(CONNTRAIL_EMU_LOOP)), a);
}
END_TEST

START_TEST(r8_an_exemption_ends_for_the_process_that_is_named) {
  conntrail_emu_service *a = service("a", "tcp any", "127.0.0.1:1001");
  for (uint32_t process = 2; process <= 4; process++) {
    ck_assert_int_eq(conntrail__service_exempt_process(a, process, &why), CONNTRAIL_OK);
    ck_assert_int_eq(conntrail__service_exempt_process(a, process, &why), CONNTRAIL_OK);
  }
  conntrail__service_end_exemption(a, 3);
  conntrail__service_end_exemption(a, 5);
  for (uint32_t process = 2; process <= 4; process++) {
    ask(fresh(process), WEB);
  }
  ck_assert_uint_eq(count(CONNTRAIL_EMU_EXEMPTED), 2);
  ck_assert_uint_eq(count(CONNTRAIL_EMU_REDIRECTED), 1);
  ck_assert_uint_eq(last(CONNTRAIL_EMU_REDIRECTED)->process, 3);
}
END_TEST

START_TEST(r9_a_lost_record_is_not_redirected) {
  conntrail_emu_fault fault = CONNTRAIL_EMU_FAULT_INIT;
  uint8_t out[512];
  uint32_t bytes = 0;
  fault.operation = CONNTRAIL_EMU_ACCEPT;
  service("a", "tcp any", "127.0.0.1:1001");
  ck_assert_int_eq(conntrail__fault_add(world, &fault, NULL, &why), CONNTRAIL_OK);
  conntrail__socket *accepted = hop(fresh(1), listener(2, "127.0.0.1:1001"), "127.0.0.1:40001");
  ck_assert_uint_eq(count(CONNTRAIL_EMU_RECORD_LOST), 1);
  ck_assert_uint_eq(count(CONNTRAIL_EMU_ACCEPTED), 0);
  ck_assert_uint_eq(query(accepted, CONNTRAIL__QUERY_RECORDS, out, sizeof out, &bytes),
                    0x80320008U);
}
END_TEST

START_TEST(a_stray_destination_is_refused_and_named) {
  ck_assert_uint_eq(ask(fresh(1), WEB).native, 10051);
  ck_assert_uint_eq(count(CONNTRAIL_EMU_REFUSED), 1);
}
END_TEST

START_TEST(loopback_needs_no_route_and_leaves_no_trace) {
  conntrail__decision decision = connect_from(fresh(1), "127.0.0.1:4444", "127.0.0.1:40001");
  ck_assert_uint_eq(decision.native, 0);
  ck_assert_uint_eq(decision.target.port, 4444);
  ck_assert_uint_eq(world->event_count, 0);
}
END_TEST

START_TEST(nobody_listening_is_a_named_misuse) {
  service("a", "tcp any", "127.0.0.1:1001");
  conntrail__socket *client = fresh(1);
  ck_assert_uint_eq(ask(client, WEB).native, 0);
  conntrail__socket_connected(client, CONNTRAIL__REJECTED, NULL, 10061);
  ck_assert_uint_eq(misuse(CONNTRAIL_EMU_MISUSE_NOBODY_LISTENS), 1);
  ck_assert_int_eq(conntrail__socket_state_of(client), CONNTRAIL__FRESH);
}
END_TEST

/* a exempts its proxy, which forgets the records of two connections. */
static void forget_twice(void) {
  conntrail_emu_service *a = conntrail__service_named(world, "a");
  conntrail__address server = at("127.0.0.1:8080");
  ck_assert_int_eq(conntrail__service_exempt_process(a, 2, &why), CONNTRAIL_OK);
  ck_assert_int_eq(conntrail__route_add(world, WEB, &server, &why), CONNTRAIL_OK);
  conntrail__socket *proxy = listener(2, "127.0.0.1:1001");
  for (int i = 0; i < 2; i++) {
    conntrail__socket *accepted =
        hop(fresh(1), proxy, i == 0 ? "127.0.0.1:40001" : "127.0.0.1:40003");
    ck_assert_uint_eq(connect_from(fresh(2), WEB, "127.0.0.1:40002").native, 0);
    conntrail__socket_release(accepted);
  }
}

START_TEST(closing_without_transfer_is_a_hint_where_the_only_service_exempts_its_proxy) {
  char text[512];
  service("a", "tcp any", "127.0.0.1:1001");
  forget_twice();
  ck_assert_uint_eq(misuse(CONNTRAIL_EMU_MISUSE_NOT_TRANSFERRED), 0);
  ck_assert_uint_eq(count(CONNTRAIL_EMU_HINT), 1);
  ck_assert_uint_gt(conntrail__event_text(world, last(CONNTRAIL_EMU_HINT), 0, text, sizeof text),
                    0);
  ck_assert_ptr_nonnull(strstr(text, "hint: the proxy of a connected to 93.184.216.34:80"));
}
END_TEST

START_TEST(closing_without_transfer_after_an_outbound_connection_is_misuse) {
  conntrail__address never = at("127.0.0.1:1002");
  service("a", "tcp any", "127.0.0.1:1001");
  conntrail_emu_service *b = conntrail__service_add(world, "b", NULL, &why);
  ck_assert_int_eq(conntrail__filter_add(b, CONNTRAIL__REDIRECT, "tcp any process 2", &never, &why),
                   CONNTRAIL_OK);
  ck_assert_int_eq(conntrail__service_exempt_process(b, 2, &why), CONNTRAIL_OK);
  forget_twice();
  ck_assert_uint_eq(misuse(CONNTRAIL_EMU_MISUSE_NOT_TRANSFERRED), 2);
  ck_assert_uint_eq(count(CONNTRAIL_EMU_HINT), 0);
}
END_TEST

START_TEST(a_late_transfer_still_makes_up_for_an_outbound_connection) {
  conntrail_emu_service *a = service("a", "tcp any", "127.0.0.1:1001");
  conntrail__address server = at("127.0.0.1:8080");
  ck_assert_int_eq(conntrail__service_exempt_process(a, 2, &why), CONNTRAIL_OK);
  ck_assert_int_eq(conntrail__route_add(world, WEB, &server, &why), CONNTRAIL_OK);
  conntrail__socket *accepted = hop(fresh(1), listener(2, "127.0.0.1:1001"), "127.0.0.1:40001");
  connect_from(fresh(2), WEB, "127.0.0.1:40002");
  transfer(accepted, fresh(2));
  conntrail__socket_release(accepted);
  ck_assert_uint_eq(misuse(CONNTRAIL_EMU_MISUSE_NOT_TRANSFERRED), 0);
  ck_assert_uint_eq(count(CONNTRAIL_EMU_HINT), 0);
}
END_TEST

START_TEST(a_listener_at_another_address_claims_nothing) {
  service("a", "tcp any", "127.0.0.1:1001");
  connect_from(fresh(1), WEB, "127.0.0.1:40001");
  conntrail__socket *other = accept_from(listener(2, "127.0.0.2:1001"), "127.0.0.1:40001");
  ck_assert_ptr_null(other->flow);
  conntrail__socket *everywhere = accept_from(listener(2, "0.0.0.0:1001"), "127.0.0.1:40001");
  ck_assert_ptr_nonnull(everywhere->flow);
}
END_TEST

START_TEST(an_early_accept_finds_the_connecting_socket) {
  service("a", "tcp any", "127.0.0.1:1001");
  conntrail__socket *proxy = listener(2, "127.0.0.1:1001");
  conntrail__socket *client = fresh(1);
  conntrail__address local = at("127.0.0.1:40001");
  ck_assert_uint_eq(ask(client, WEB).native, 0);
  conntrail__socket *untracked = accept_from(proxy, "127.0.0.1:40001");
  ck_assert_ptr_null(untracked->flow);
  conntrail__socket_connected(client, CONNTRAIL__UNDERWAY, &local, 0);
  conntrail__socket *accepted = accept_from(proxy, "127.0.0.1:40001");
  ck_assert_ptr_eq(accepted->flow, client->flow);
}
END_TEST

/* DisconnectEx, or connect() to AF_UNSPEC: the connection is over, and the socket goes on. */
START_TEST(dissolving_an_accepted_socket_ends_its_connection) {
  uint8_t records[4096];
  uint32_t size = 0;
  (void)service("a", "tcp any", "127.0.0.1:1001");
  conntrail__socket *proxy = listener(2, "127.0.0.1:1001");
  conntrail__socket *accepted = hop(fresh(1), proxy, "127.0.0.1:40001");
  ck_assert_uint_eq(query(accepted, CONNTRAIL__QUERY_RECORDS, records, sizeof records, &size), 0);
  conntrail__socket_dissolved(accepted);
  ck_assert_uint_eq(count(CONNTRAIL_EMU_CLOSED), 1);
  ck_assert_uint_eq(query(accepted, CONNTRAIL__QUERY_RECORDS, records, sizeof records, &size),
                    10057);
  /* What the same thread connects now continues nothing (R7). */
  ck_assert_uint_eq(connect_from(fresh(2), WEB, "127.0.0.1:40002").native, 0);
  ck_assert_uint_eq(count(CONNTRAIL_EMU_LOOP), 0);
  /* Used again, it may be a client, and is closed once. */
  ck_assert_uint_eq(connect_from(accepted, WEB, "127.0.0.1:40003").native, 0);
  conntrail__socket_release(accepted);
  ck_assert_uint_eq(count(CONNTRAIL_EMU_CLOSED), 1);
}
END_TEST

UNIT_MAIN("engine_classify", world_begin, world_end, r1_states_follow_the_records,
          r2_by_other_permit_lets_it_be, r2_again_block_blocks_in_the_fourth_state,
          r3_one_redirect_an_attempt_and_weight_decides, r3_a_later_service_may_still_block,
          r4_a_remote_proxy_gets_no_records, r5_the_target_follows_the_local_address,
          r7_a_forgetful_proxy_is_told_at_its_first_turn, r7_queried_but_not_set_is_told_apart,
          r7_a_client_of_another_process_is_no_loop,
          r7_a_socket_that_appeared_before_the_accepted_one_is_no_loop,
          r7_the_loop_through_two_services_is_shown, r7_the_net_holds_where_threads_hide_the_loop,
          r7_the_net_lets_records_through,
          r8_exempt_processes_pass_and_two_exempting_vendors_still_loop,
          r8_an_exemption_ends_for_the_process_that_is_named, r9_a_lost_record_is_not_redirected,
          a_stray_destination_is_refused_and_named, loopback_needs_no_route_and_leaves_no_trace,
          nobody_listening_is_a_named_misuse,
          closing_without_transfer_is_a_hint_where_the_only_service_exempts_its_proxy,
          closing_without_transfer_after_an_outbound_connection_is_misuse,
          a_late_transfer_still_makes_up_for_an_outbound_connection,
          dissolving_an_accepted_socket_ends_its_connection,
          a_listener_at_another_address_claims_nothing, an_early_accept_finds_the_connecting_socket)
