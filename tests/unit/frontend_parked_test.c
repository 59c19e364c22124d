/* SPDX-License-Identifier: MIT */
/* The shared logic of the front ends never waits: every call that may is parked here, and others
 * are made meanwhile. */
#include "scripted_world.h"
#include "unit_main.h"

enum {
  IN_USE = SYSTEM_ERRORS + 10048,
  NOT_AVAILABLE = SYSTEM_ERRORS + 10049,
  NET_DOWN = SYSTEM_ERRORS + 10050,
  REFUSED = SYSTEM_ERRORS + 10061,
  ODD = 4711
};

static void check_target(const parked *call, const char *expected) {
  char text[CONNTRAIL__ADDRESS_TEXT];
  conntrail__address target;
  ck_assert(conntrail__address_from_sockaddr((const struct sockaddr *)&call->target.address,
                                             call->target.size, &target));
  conntrail__address_format(&target, text);
  ck_assert_str_eq(text, expected);
}

START_TEST(connects_are_parked_side_by_side) {
  parked first;
  parked second;
  intptr_t one = scripted_create(CONNTRAIL__STREAM);
  intptr_t other = scripted_create(CONNTRAIL__STREAM);
  ck_assert_int_eq(park(one, "93.184.216.34:80", &first), 0);
  ck_assert_int_eq(park(other, "198.51.100.7:80", &second), 0);
  check_target(&first, "127.0.0.1:1001");
  check_target(&second, "127.0.0.1:1002");
  scripted[other].local = scripted_address("127.0.0.1:5002");
  finish(&second, CONNTRAIL__ESTABLISHED, 0);
  ck_assert_int_eq(state_of(other), CONNTRAIL__CONNECTED);
  ck_assert_int_eq(state_of(one), CONNTRAIL__CONNECTING);
  scripted[one].local = scripted_address("127.0.0.1:5001");
  finish(&first, CONNTRAIL__ESTABLISHED, 0);
  ck_assert_int_eq(state_of(one), CONNTRAIL__CONNECTED);
}
END_TEST

START_TEST(a_connect_takes_the_lock_twice) {
  parked call;
  intptr_t one = scripted_create(CONNTRAIL__STREAM);
  scripted_lock_rounds = 0;
  ck_assert_int_eq(park(one, "93.184.216.34:80", &call), 0);
  finish(&call, CONNTRAIL__REJECTED, REFUSED);
  ck_assert_uint_eq(scripted_lock_rounds, 2);
}
END_TEST

START_TEST(a_refused_connect_may_be_tried_again) {
  parked call;
  intptr_t one = scripted_create(CONNTRAIL__STREAM);
  ck_assert_int_eq(park(one, "93.184.216.34:80", &call), 0);
  finish(&call, CONNTRAIL__REJECTED, REFUSED);
  ck_assert_int_eq(state_of(one), CONNTRAIL__FRESH);
  ck_assert_uint_eq(conntrail_emu_misuse_count(emu, CONNTRAIL_EMU_MISUSE_NOBODY_LISTENS), 1);
  ck_assert_int_eq(park(one, "93.184.216.34:80", &call), 0);
  finish(&call, CONNTRAIL__UNDERWAY, 0);
  ck_assert_int_eq(state_of(one), CONNTRAIL__CONNECTING);
}
END_TEST

START_TEST(a_setting_that_cannot_be_lifted_refuses_the_connect) {
  parked call;
  intptr_t one = scripted_create(CONNTRAIL__STREAM);
  scripted_lift_failure = ODD;
  ck_assert_int_eq(park(one, "198.51.100.7:80", &call), ODD);
  ck_assert_int_eq(state_of(one), CONNTRAIL__FRESH);
  ck_assert_uint_eq(conntrail_emu_count(emu, CONNTRAIL_EMU_FAILED), 1);
}
END_TEST

/* What the program gets for what the system said. */
static int explained(intptr_t handle, const char *remote, int error) {
  parked call;
  ck_assert_int_eq(park(handle, remote, &call), 0);
  int answer = conntrail__connect_error(&call.reference, &call.target, error);
  finish(&call, CONNTRAIL__REJECTED, answer);
  return answer;
}

START_TEST(a_local_port_is_named_where_the_emulation_brought_it_into_conflict) {
  conntrail__address local = scripted_address("127.0.0.1:5001");
  intptr_t bound = scripted_create(CONNTRAIL__STREAM);
  intptr_t fresh = scripted_create(CONNTRAIL__STREAM);
  conntrail__native_lock();
  conntrail__socket_bound(scripted[bound].socket, &local);
  conntrail__native_unlock();
  ck_assert_int_eq(explained(bound, "93.184.216.34:80", NOT_AVAILABLE), IN_USE);
  ck_assert_int_eq(explained(bound, "93.184.216.34:80", REFUSED), REFUSED);
  ck_assert_int_eq(explained(bound, "127.0.0.1:9", NOT_AVAILABLE), NOT_AVAILABLE);
  ck_assert_int_eq(explained(fresh, "93.184.216.34:80", NOT_AVAILABLE), NOT_AVAILABLE);
}
END_TEST

START_TEST(a_socket_closed_while_its_connect_is_parked_lives_until_then) {
  parked call;
  intptr_t one = scripted_create(CONNTRAIL__STREAM);
  ck_assert_int_eq(park(one, "93.184.216.34:80", &call), 0);
  scripted_close(one);
  intptr_t other = scripted_create(CONNTRAIL__STREAM);
  ck_assert_int_eq((int)other, (int)one);
  finish(&call, CONNTRAIL__REJECTED, REFUSED);
  ck_assert_int_eq(state_of(other), CONNTRAIL__FRESH);
  ck_assert_uint_eq(conntrail_emu_count(emu, CONNTRAIL_EMU_FAILED), 1);
}
END_TEST

START_TEST(the_emulation_ends_while_a_connect_is_parked) {
  parked call;
  intptr_t one = scripted_create(CONNTRAIL__STREAM);
  ck_assert_int_eq(park(one, "93.184.216.34:80", &call), 0);
  end_emulation();
  finish(&call, CONNTRAIL__ESTABLISHED, 0);
  ck_assert(!conntrail__reference_enter(one, &call.reference));
  conntrail__native_lock();
  ck_assert_ptr_null(conntrail__session_current());
  conntrail__native_unlock();
}
END_TEST

START_TEST(no_decision_after_the_end_is_net_down) {
  conntrail__address remote = scripted_address("93.184.216.34:80");
  conntrail__connect_target target;
  conntrail__reference kept;
  intptr_t one = scripted_create(CONNTRAIL__STREAM);
  ck_assert(conntrail__reference_take(one, &kept));
  end_emulation();
  ck_assert_int_eq(conntrail__connect_decide_kept(&kept, &remote, &target), NET_DOWN);
  conntrail__reference_drop(&kept);
}
END_TEST

START_TEST(another_emulation_in_the_same_memory_is_not_the_one_that_ended) {
  conntrail__reference kept;
  intptr_t one = scripted_create(CONNTRAIL__STREAM);
  ck_assert(conntrail__reference_take(one, &kept));
  end_emulation();
  emu = conntrail_emu_create(NULL);
  ck_assert(!conntrail__reference_resume(&kept));
}
END_TEST

START_TEST(an_uncounted_reference_knows_its_socket_again) {
  conntrail__reference entered;
  intptr_t one = scripted_create(CONNTRAIL__DATAGRAM);
  ck_assert(conntrail__reference_enter(one, &entered));
  conntrail__reference_leave();
  ck_assert(conntrail__reference_resume(&entered));
  conntrail__reference_end(&entered);
  scripted_close(one);
  (void)scripted_create(CONNTRAIL__STREAM);
  entered.socket = NULL; /* memory may be used again */
  ck_assert(!conntrail__reference_resume(&entered));
}
END_TEST

/* ---- Datagrams ------------------------------------------------------------------------------- */

/* What sending decides; a relay socket is used before the lock is given back. */
static conntrail__send_decision send_to(intptr_t handle, const char *remote) {
  conntrail__address address = scripted_address(remote);
  conntrail__reference socket;
  conntrail__outgoing message;
  conntrail__identity who;
  conntrail__send_decision decision;
  ck_assert(conntrail__outgoing_read(&message, NULL, 0));
  ck_assert(conntrail__reference_enter(handle, &socket));
  conntrail__session_identity(&who);
  conntrail__send_decide(&socket, &address, &message, &who, &decision);
  conntrail__reference_leave();
  return decision;
}

START_TEST(a_second_destination_gets_a_relay_socket) {
  intptr_t client = scripted_create(CONNTRAIL__DATAGRAM);
  conntrail__send_decision first = send_to(client, "93.184.216.34:53");
  conntrail__send_decision second = send_to(client, "93.184.216.35:53");
  ck_assert(first.is_elsewhere && second.is_elsewhere);
  ck_assert(!send_to(client, "127.0.0.1:9").is_elsewhere);
  ck_assert_int_eq(first.error, 0);
  ck_assert_int_eq((int)first.relay, CONNTRAIL__NO_RELAY);
  ck_assert_int_ne((int)second.relay, CONNTRAIL__NO_RELAY);
  ck_assert_uint_eq(scripted_open_count(), 2);
  ck_assert_uint_ne(scripted[client].local.port, 0);
  ck_assert_int_eq(state_of(client), CONNTRAIL__BOUND);
  scripted_close(client);
  ck_assert_uint_eq(scripted_open_count(), 0);
}
END_TEST

static void check_failed_send(intptr_t client, const char *remote) {
  size_t flows = conntrail_emu_datagram_flows(emu);
  unsigned sockets = scripted_open_count();
  scripted_failure = ODD;
  ck_assert_int_eq(send_to(client, remote).error, ODD);
  ck_assert_uint_eq(conntrail_emu_datagram_flows(emu), flows);
  ck_assert_uint_eq(scripted_open_count(), sockets);
  ck_assert_int_eq(send_to(client, remote).error, 0);
}

START_TEST(a_flow_whose_source_cannot_be_settled_never_existed) {
  intptr_t client = scripted_create(CONNTRAIL__DATAGRAM);
  check_failed_send(client, "93.184.216.34:53");
  check_failed_send(client, "93.184.216.35:53");
}
END_TEST

START_TEST(a_datagram_socket_is_connected_to_the_target) {
  conntrail__address remote = scripted_address("93.184.216.34:53");
  conntrail__reference socket;
  intptr_t client = scripted_create(CONNTRAIL__DATAGRAM);
  ck_assert(conntrail__reference_enter(client, &socket));
  ck_assert_int_eq(conntrail__connect_datagram(&socket, &remote), 0);
  conntrail__reference_leave();
  ck_assert_uint_eq(scripted[client].peer.port, 1001);
  ck_assert_int_eq(state_of(client), CONNTRAIL__CONNECTED);
  ck_assert(conntrail__reference_enter(client, &socket));
  conntrail__address before = scripted[client].local;
  scripted[client].local.port = 0; /* as Linux dissolves */
  conntrail__tell_dissolved(&socket, &before);
  conntrail__reference_leave();
  ck_assert_int_eq(state_of(client), CONNTRAIL__BOUND);
  ck_assert(conntrail__address_equal(&scripted[client].local, &before));
}
END_TEST

/* ---- Sessions -------------------------------------------------------------------------------- */

START_TEST(a_thread_returns_to_the_process_when_its_emulation_ends) {
  conntrail_emu *other = conntrail_emu_create(NULL);
  conntrail_emu_enter(other);
  intptr_t one = scripted_create(CONNTRAIL__STREAM);
  ck_assert_ptr_eq(conntrail__socket_emulation(scripted[one].socket), other);
  conntrail_emu_destroy(other);
  intptr_t two = scripted_create(CONNTRAIL__STREAM);
  ck_assert_ptr_eq(conntrail__socket_emulation(scripted[two].socket), emu);
}
END_TEST

START_TEST(as_many_emulations_as_there_is_room_for) {
  conntrail_emu *all[CONNTRAIL__MOST_EMULATIONS] = {emu};
  for (unsigned i = 1; i < CONNTRAIL__MOST_EMULATIONS; i++) {
    all[i] = conntrail_emu_create(NULL);
    ck_assert_ptr_nonnull(all[i]);
  }
  ck_assert_ptr_null(conntrail_emu_create(NULL));
  conntrail_emu_destroy(all[100]);
  all[100] = conntrail_emu_create(NULL);
  ck_assert_ptr_nonnull(all[100]);
  for (unsigned i = 1; i < CONNTRAIL__MOST_EMULATIONS; i++) {
    conntrail_emu_destroy(all[i]);
  }
}
END_TEST

UNIT_MAIN("frontend_parked", begin, end, connects_are_parked_side_by_side,
          a_connect_takes_the_lock_twice, a_refused_connect_may_be_tried_again,
          a_socket_closed_while_its_connect_is_parked_lives_until_then,
          the_emulation_ends_while_a_connect_is_parked, no_decision_after_the_end_is_net_down,
          another_emulation_in_the_same_memory_is_not_the_one_that_ended,
          an_uncounted_reference_knows_its_socket_again,
          a_setting_that_cannot_be_lifted_refuses_the_connect,
          a_local_port_is_named_where_the_emulation_brought_it_into_conflict,
          a_second_destination_gets_a_relay_socket,
          a_flow_whose_source_cannot_be_settled_never_existed,
          a_datagram_socket_is_connected_to_the_target,
          a_thread_returns_to_the_process_when_its_emulation_ends,
          as_many_emulations_as_there_is_room_for)
