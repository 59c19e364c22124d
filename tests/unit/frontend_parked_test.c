/* SPDX-License-Identifier: MIT */
/* The shared logic of the front ends never waits: every call that may is parked here, and others
 * are made meanwhile. */
#include <string.h>

#include "scripted_front_end.h"
#include "unit_main.h"

enum { NET_DOWN = SYSTEM_ERRORS + 10050, REFUSED = SYSTEM_ERRORS + 10061, ODD = 4711 };

static conntrail_emu *emu;

/* A connect that was begun, and waits for the system. */
typedef struct parked {
  conntrail__reference reference;
  conntrail__connect_target target;
} parked;

static void begin(void) {
  conntrail__address proxy = scripted_address("127.0.0.1:1001");
  conntrail__address server = scripted_address("127.0.0.1:1002");
  conntrail__refusal why = {""};
  scripted_begin();
  emu = conntrail_emu_create(NULL);
  ck_assert_ptr_nonnull(emu);
  conntrail_emu_service *acme = conntrail_emu_add_service(emu, "acme", NULL);
  ck_assert_int_eq(
      conntrail__filter_add(acme, CONNTRAIL__REDIRECT, "tcp 93.184.216.0/24", &proxy, &why), 0);
  ck_assert_int_eq(
      conntrail__filter_add(acme, CONNTRAIL__REDIRECT, "udp 93.184.216.0/24", &proxy, &why), 0);
  ck_assert_int_eq(conntrail__route_add(emu, "198.51.100.7:80", &server, &why), 0);
}

static void end(void) {
  conntrail_emu_destroy(emu);
  scripted_end();
}

static void end_emulation(void) {
  conntrail_emu_destroy(emu);
  emu = NULL;
}

static int park(intptr_t handle, const char *remote, parked *call) {
  conntrail__address address = scripted_address(remote);
  ck_assert(conntrail__reference_enter(handle, &call->reference));
  int error = conntrail__connect_decide(&call->reference, &address, &call->target);
  ck_assert_msg(!scripted_is_locked, "a parked call holds the lock");
  return error;
}

static void finish(parked *call, conntrail__outcome outcome, int error) {
  conntrail__connect_finish(&call->reference, outcome, error);
  ck_assert(!scripted_is_locked);
}

static void check_target(const parked *call, const char *expected) {
  char text[CONNTRAIL__ADDRESS_TEXT];
  conntrail__address target;
  ck_assert(conntrail__address_from_sockaddr((const struct sockaddr *)&call->target.address,
                                             call->target.size, &target));
  conntrail__address_format(&target, text);
  ck_assert_str_eq(text, expected);
}

static conntrail__socket_state state_of(intptr_t handle) {
  return conntrail__socket_state_of(scripted[handle].socket);
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

/* ---- Accepting ------------------------------------------------------------------------------- */

/* An accept that waits for the system; its listener is kept. */
static void park_accept(intptr_t listener, conntrail__reference *kept) {
  ck_assert(conntrail__reference_take(listener, kept));
  ck_assert(!scripted_is_locked);
}

/* The system's accept returned. */
static int arrive(const conntrail__reference *listener, const char *from, intptr_t *accepted) {
  conntrail__address peer = scripted_address(from);
  *accepted = scripted_arrive(listener->handle);
  int error = conntrail__track_accepted(listener, &peer, *accepted);
  ck_assert_msg(!scripted_is_locked, "an accept keeps the lock");
  return error;
}

static size_t accepted_count(void) {
  return conntrail_emu_count(emu, CONNTRAIL_EMU_ACCEPTED);
}

START_TEST(an_accept_is_parked_until_its_client_connects) {
  parked call;
  conntrail__reference waiting;
  intptr_t accepted;
  intptr_t listener = scripted_listen("127.0.0.1:1001");
  park_accept(listener, &waiting);
  intptr_t client = scripted_create(CONNTRAIL__STREAM);
  ck_assert_int_eq(park(client, "93.184.216.34:80", &call), 0);
  scripted[client].local = scripted_address("127.0.0.1:5001");
  finish(&call, CONNTRAIL__ESTABLISHED, 0);
  scripted_lock_rounds = 0;
  ck_assert_int_eq(arrive(&waiting, "127.0.0.1:5001", &accepted), 0);
  ck_assert_uint_eq(scripted_lock_rounds, 1);
  ck_assert_uint_eq(accepted_count(), 1);
  ck_assert_int_eq(state_of(accepted), CONNTRAIL__CONNECTED);
}
END_TEST

START_TEST(an_accept_may_be_quicker_than_the_connect_that_is_parked) {
  parked call;
  conntrail__reference waiting;
  intptr_t accepted;
  intptr_t listener = scripted_listen("127.0.0.1:1001");
  intptr_t client = scripted_create(CONNTRAIL__STREAM);
  ck_assert_int_eq(park(client, "93.184.216.34:80", &call), 0);
  scripted[client].local = scripted_address("127.0.0.1:5001");
  park_accept(listener, &waiting);
  ck_assert_int_eq(arrive(&waiting, "127.0.0.1:5001", &accepted), 0);
  ck_assert_uint_eq(accepted_count(), 1);
  finish(&call, CONNTRAIL__ESTABLISHED, 0);
  ck_assert_uint_eq(accepted_count(), 1);
}
END_TEST

START_TEST(a_listener_closed_while_its_accept_is_parked_is_still_asked) {
  conntrail__reference waiting;
  intptr_t accepted;
  intptr_t listener = scripted_listen("127.0.0.1:1001");
  park_accept(listener, &waiting);
  conntrail__native_lock();
  conntrail__socket_release(scripted[listener].socket);
  scripted[listener].socket = NULL;
  conntrail__native_unlock();
  ck_assert_int_eq(arrive(&waiting, "127.0.0.1:5001", &accepted), 0);
  ck_assert_ptr_eq(conntrail__socket_emulation(scripted[accepted].socket), emu);
}
END_TEST

START_TEST(the_emulation_ends_while_an_accept_is_parked) {
  conntrail__reference waiting;
  intptr_t accepted;
  park_accept(scripted_listen("127.0.0.1:1001"), &waiting);
  end_emulation();
  ck_assert_int_eq(arrive(&waiting, "127.0.0.1:5001", &accepted), 0);
  ck_assert_ptr_null(scripted[accepted].socket);
}
END_TEST

START_TEST(what_cannot_be_tracked_is_the_callers_to_close) {
  conntrail__reference waiting;
  intptr_t accepted;
  park_accept(scripted_listen("127.0.0.1:1001"), &waiting);
  scripted_failure = ODD;
  ck_assert_int_eq(arrive(&waiting, "127.0.0.1:5001", &accepted), ODD);
  ck_assert_ptr_null(scripted[accepted].socket);
}
END_TEST

START_TEST(an_accepted_socket_belongs_to_its_listeners_emulation) {
  conntrail__reference waiting;
  intptr_t accepted;
  intptr_t listener = scripted_listen("127.0.0.1:1001");
  conntrail_emu *other = conntrail_emu_create(NULL);
  conntrail_emu_enter(other);
  park_accept(listener, &waiting);
  ck_assert_int_eq(arrive(&waiting, "127.0.0.1:5001", &accepted), 0);
  ck_assert_ptr_eq(conntrail__socket_emulation(scripted[accepted].socket), emu);
  conntrail_emu_destroy(other);
}
END_TEST

START_TEST(a_copy_is_one_more_name_of_the_same_socket) {
  intptr_t one = scripted_create(CONNTRAIL__STREAM);
  intptr_t copy = scripted_arrive(one);
  conntrail__native_lock();
  scripted_failure = ODD;
  ck_assert_int_eq(conntrail__track_copy(one, copy), ODD);
  ck_assert_int_eq(conntrail__track_copy(one, copy), 0);
  conntrail__native_unlock();
  ck_assert_ptr_eq(scripted[copy].socket, scripted[one].socket);
  scripted_close(one);
  ck_assert_int_eq(state_of(copy), CONNTRAIL__FRESH);
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
          an_accept_is_parked_until_its_client_connects,
          an_accept_may_be_quicker_than_the_connect_that_is_parked,
          a_listener_closed_while_its_accept_is_parked_is_still_asked,
          the_emulation_ends_while_an_accept_is_parked,
          what_cannot_be_tracked_is_the_callers_to_close,
          an_accepted_socket_belongs_to_its_listeners_emulation,
          a_copy_is_one_more_name_of_the_same_socket, a_second_destination_gets_a_relay_socket,
          a_flow_whose_source_cannot_be_settled_never_existed,
          a_datagram_socket_is_connected_to_the_target,
          a_thread_returns_to_the_process_when_its_emulation_ends,
          as_many_emulations_as_there_is_room_for)
