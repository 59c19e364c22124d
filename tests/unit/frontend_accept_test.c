/* SPDX-License-Identifier: MIT */
/* The shared logic of the front ends enters sockets that were created, accepted or duplicated. An
 * accept is parked here until the system's returns. */
#include "scripted_world.h"
#include "unit_main.h"

enum { ODD = 4711 };

/* For the accept that waits. */
static conntrail__accept_room reserved;

/* An accept that waits for the system; its listener is kept. */
static void park_accept(intptr_t listener, conntrail__reference *kept) {
  ck_assert(conntrail__reference_enter(listener, kept));
  ck_assert(conntrail__track_reserve(kept->socket, &reserved));
  conntrail__reference_keep(kept);
  ck_assert(!scripted_is_locked);
}

/* The system's accept returned. */
static int arrive(const conntrail__reference *listener, const char *from, intptr_t *accepted) {
  conntrail__address peer = scripted_address(from);
  *accepted = scripted_arrive(listener->handle);
  int error = conntrail__track_accepted(listener, &peer, *accepted, &reserved);
  reserved = (conntrail__accept_room){NULL, NULL};
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

START_TEST(an_accepted_socket_takes_what_was_reserved) {
  conntrail__reference waiting;
  intptr_t accepted;
  park_accept(scripted_listen("127.0.0.1:1001"), &waiting);
  const conntrail__socket *room = reserved.socket;
  ck_assert_int_eq(arrive(&waiting, "127.0.0.1:5001", &accepted), 0);
  ck_assert_ptr_eq(scripted[accepted].socket, room);
  ck_assert(scripted_was_reserved);
}
END_TEST

START_TEST(without_memory_nothing_is_reserved) {
  conntrail__reference listener;
  ck_assert(conntrail__reference_enter(scripted_listen("127.0.0.1:1001"), &listener));
  scripted_failure = ODD;
  ck_assert(!conntrail__track_reserve(listener.socket, &reserved));
  conntrail__reference_leave();
  ck_assert_ptr_null(reserved.socket);
  ck_assert_ptr_null(reserved.entry);
}
END_TEST

START_TEST(what_was_reserved_for_an_accept_that_fails_is_given_back) {
  conntrail__reference waiting;
  park_accept(scripted_listen("127.0.0.1:1001"), &waiting);
  conntrail__reference_drop(&waiting);
  conntrail__track_unreserve(&reserved); /* a sanitizer sees what it leaves */
}
END_TEST

/* To the engine it was accepted and closed at once. */
START_TEST(what_cannot_be_tracked_is_the_callers_to_close) {
  parked call;
  conntrail__reference waiting;
  intptr_t accepted;
  intptr_t client = scripted_create(CONNTRAIL__STREAM);
  ck_assert_int_eq(park(client, "93.184.216.34:80", &call), 0);
  scripted[client].local = scripted_address("127.0.0.1:5001");
  finish(&call, CONNTRAIL__ESTABLISHED, 0);
  park_accept(scripted_listen("127.0.0.1:1001"), &waiting);
  scripted_failure = ODD;
  ck_assert_int_eq(arrive(&waiting, "127.0.0.1:5001", &accepted), ODD);
  ck_assert_ptr_null(scripted[accepted].socket);
  ck_assert_uint_eq(accepted_count(), 1);
  ck_assert_uint_eq(conntrail_emu_count(emu, CONNTRAIL_EMU_CLOSED), 1);
}
END_TEST

START_TEST(a_socket_of_no_emulation_is_not_tracked) {
  end_emulation();
  intptr_t one = scripted_arrive(0);
  conntrail__native_lock();
  ck_assert_int_eq(conntrail__track_created(one, AF_INET, true), 0);
  ck_assert_int_eq(conntrail__track_copy(one, one), 0);
  conntrail__native_unlock();
  ck_assert_ptr_null(scripted[one].socket);
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

UNIT_MAIN("frontend_accept", begin, end, an_accept_is_parked_until_its_client_connects,
          an_accept_may_be_quicker_than_the_connect_that_is_parked,
          a_listener_closed_while_its_accept_is_parked_is_still_asked,
          the_emulation_ends_while_an_accept_is_parked, an_accepted_socket_takes_what_was_reserved,
          without_memory_nothing_is_reserved,
          what_was_reserved_for_an_accept_that_fails_is_given_back,
          what_cannot_be_tracked_is_the_callers_to_close, a_socket_of_no_emulation_is_not_tracked,
          an_accepted_socket_belongs_to_its_listeners_emulation,
          a_copy_is_one_more_name_of_the_same_socket)
