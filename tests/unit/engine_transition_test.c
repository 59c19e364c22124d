/* SPDX-License-Identifier: MIT */
/* Every line of the two state diagrams in docs/explanation/architecture.md. */
#include <string.h>

#include "backend-emu/engine/datagram_flow.h"
#include "backend-emu/engine/emulation.h"
#include "backend-emu/engine/flow.h"
#include "backend-emu/engine/socket.h"
#include "engine_world.h"
#include "unit_main.h"

#define WEB "93.184.216.34:80"
#define OWN "127.0.0.1:40001"

static void begin(void) {
  world_begin();
  (void)service("acme", "tcp 93.184.216.0/24", "127.0.0.1:1001");
  conntrail__address proxy = at("127.0.0.1:1001");
  ck_assert_int_eq(conntrail__filter_add(conntrail__service_named(world, "acme"),
                                         CONNTRAIL__REDIRECT, "udp any", &proxy, &why),
                   CONNTRAIL_OK);
}

/* ---- Stream sockets -------------------------------------------------------------------------- */

static conntrail__socket *bound(void) {
  conntrail__address local = at("127.0.0.1:40009");
  conntrail__socket *socket = fresh(1);
  conntrail__socket_bound(socket, &local);
  return socket;
}

static conntrail__socket *connecting(void) {
  conntrail__socket *socket = fresh(1);
  ck_assert_uint_eq(ask(socket, WEB).native, 0);
  return socket;
}

static void report(conntrail__socket *socket, conntrail__outcome outcome) {
  conntrail__address local = at(OWN);
  conntrail__socket_connected(socket, outcome, outcome == CONNTRAIL__REJECTED ? NULL : &local,
                              outcome == CONNTRAIL__REJECTED ? 10061 : 0);
}

static void expect(const conntrail__socket *socket, conntrail__socket_state state) {
  ck_assert_int_eq(conntrail__socket_state_of(socket), state);
}

static conntrail__socket *accepted(void) {
  conntrail__socket *client = fresh(1);
  ck_assert_uint_eq(connect_from(client, WEB, OWN).native, 0);
  return accept_from(listener(2, "127.0.0.1:1001"), OWN);
}

START_TEST(bind_and_listen) {
  conntrail__address local = at("127.0.0.1:1002");
  conntrail__socket *socket = bound();
  expect(fresh(1), CONNTRAIL__FRESH);
  expect(socket, CONNTRAIL__BOUND);
  conntrail__socket_listening(socket, &local);
  expect(socket, CONNTRAIL__LISTENING);
  expect(listener(1, "127.0.0.1:1003"), CONNTRAIL__LISTENING);
}
END_TEST

START_TEST(connect_refused) {
  conntrail__socket *unbound = fresh(1);
  conntrail__socket *other = bound();
  ck_assert_uint_eq(ask(unbound, "198.51.100.7:80").native, 10051);
  ck_assert_uint_eq(ask(other, "198.51.100.7:80").native, 10051);
  expect(unbound, CONNTRAIL__FRESH);
  expect(other, CONNTRAIL__BOUND);
}
END_TEST

START_TEST(connect_allowed) {
  conntrail__socket *other = bound();
  expect(connecting(), CONNTRAIL__CONNECTING);
  ck_assert_uint_eq(ask(other, WEB).native, 0);
  expect(other, CONNTRAIL__CONNECTING);
  report(other, CONNTRAIL__REJECTED);
  expect(other, CONNTRAIL__BOUND);
}
END_TEST

START_TEST(outcomes) {
  conntrail__socket *client = connecting();
  report(client, CONNTRAIL__UNDERWAY);
  expect(client, CONNTRAIL__CONNECTING);
  ck_assert_ptr_nonnull(client->flow->arrival);
  report(client, CONNTRAIL__ESTABLISHED);
  expect(client, CONNTRAIL__CONNECTED);
  conntrail__socket *refused = connecting();
  report(refused, CONNTRAIL__REJECTED);
  expect(refused, CONNTRAIL__FRESH);
  ck_assert_ptr_null(refused->flow);
}
END_TEST

START_TEST(accepted_with_and_without_a_record) {
  conntrail__socket *with = accepted();
  conntrail__socket *without = accept_from(listener(2, "127.0.0.1:1005"), "127.0.0.1:40005");
  expect(with, CONNTRAIL__CONNECTED);
  expect(without, CONNTRAIL__CONNECTED);
  ck_assert_ptr_nonnull(with->flow);
  ck_assert_ptr_null(without->flow);
}
END_TEST

static void check_anew(conntrail__socket *socket) {
  conntrail__socket_dissolved(socket);
  expect(socket, CONNTRAIL__FRESH);
  ck_assert_ptr_null(socket->flow);
  ck_assert(!socket->is_accepted && !socket->is_undecided && !socket->is_traced);
  ck_assert(!conntrail__socket_is_bound(socket));
  ck_assert_uint_eq(ask(socket, WEB).native, 0);
  report(socket, CONNTRAIL__ESTABLISHED);
  expect(socket, CONNTRAIL__CONNECTED);
  conntrail__socket_release(socket);
}

START_TEST(dissolved) {
  check_anew(fresh(1));
  check_anew(bound());
  check_anew(connecting());
  check_anew(listener(1, "127.0.0.1:1004"));
  ck_assert_uint_eq(count(CONNTRAIL_EMU_CLOSED), 0);
  check_anew(accepted());
  ck_assert_uint_eq(count(CONNTRAIL_EMU_CLOSED), 1);
}
END_TEST

START_TEST(closed) {
  conntrail__socket_release(fresh(1));
  conntrail__socket_release(bound());
  conntrail__socket_release(connecting());
  conntrail__socket_release(listener(1, "127.0.0.1:1004"));
  conntrail__socket_release(accepted());
  ck_assert_uint_eq(count(CONNTRAIL_EMU_CLOSED), 1);
  ck_assert_ptr_null(world->undecided);
}
END_TEST

/* ---- Datagram flows -------------------------------------------------------------------------- */

static unsigned closed_relays;

static void close_relay(intptr_t relay) {
  ck_assert_int_eq((int)relay, 7);
  closed_relays++;
}

static conntrail__socket *client_of_udp(void) {
  conntrail__identity me = who(1);
  closed_relays = 0;
  return conntrail__socket_create(world, CONNTRAIL__DATAGRAM, &me, 0);
}

static conntrail__datagram_decision send_first(conntrail__socket *client, const char *remote) {
  conntrail__address to = at(remote);
  conntrail__identity me = who(1);
  conntrail__datagram_decision decision = conntrail__datagram_sending(client, &to, NULL, 0, &me);
  ck_assert_uint_eq(decision.native, 0);
  return decision;
}

static void settle(conntrail__datagram_decision *decision) {
  conntrail__address own = at(OWN);
  ck_assert_ptr_nonnull(decision->unsettled);
  ck_assert(conntrail__datagram_settle(decision, &own));
}

static void relay(conntrail__datagram_decision *decision) {
  conntrail__address own = at(OWN);
  conntrail__address source = at("127.0.0.1:40002");
  ck_assert(!conntrail__datagram_settle(decision, &own));
  ck_assert(conntrail__datagram_carry(decision, &own, 7, &source, close_relay));
}

/* Two flows: of its own address, and with a relay socket. */
static conntrail__socket *client_with_both(void) {
  conntrail__socket *client = client_of_udp();
  conntrail__datagram_decision first = send_first(client, "93.184.216.34:53");
  settle(&first);
  conntrail__datagram_decision second = send_first(client, "93.184.216.35:53");
  relay(&second);
  ck_assert_uint_eq(conntrail__datagram_flow_count(world), 2);
  return client;
}

START_TEST(settled_relayed_or_never) {
  conntrail__socket *client = client_with_both();
  conntrail__datagram_decision third = send_first(client, "93.184.216.36:53");
  conntrail__datagram_abandon(&third);
  ck_assert_uint_eq(conntrail__datagram_flow_count(world), 2);
  ck_assert_int_eq((int)send_first(client, "93.184.216.34:53").relay, CONNTRAIL__NO_RELAY);
  ck_assert_int_eq((int)send_first(client, "93.184.216.35:53").relay, 7);
}
END_TEST

static conntrail__datagram_decision connect_udp(conntrail__socket *client, const char *remote) {
  conntrail__address to = at(remote);
  conntrail__identity me = who(1);
  conntrail__datagram_decision decision = conntrail__datagram_connecting(client, &to, &me);
  ck_assert_uint_eq(decision.native, 0);
  if (decision.unsettled != NULL) {
    settle(&decision);
  }
  conntrail__socket_associated(client, &to);
  return decision;
}

START_TEST(associated_and_dissolved) {
  conntrail__socket *client = client_with_both();
  (void)connect_udp(client, "93.184.216.34:53");
  expect(client, CONNTRAIL__CONNECTED);
  conntrail__datagram_advance(world, 3600000);
  ck_assert_uint_eq(conntrail__datagram_flow_count(world), 1); /* the relayed one was idle */
  ck_assert_uint_eq(closed_relays, 1);
  conntrail__socket_associated(client, NULL);
  expect(client, CONNTRAIL__FRESH);
  conntrail__datagram_advance(world, 3600000);
  ck_assert_uint_eq(conntrail__datagram_flow_count(world), 0);
}
END_TEST

/* It needs the client's own address: the flow that has it is displaced. */
START_TEST(a_relayed_flow_is_connected) {
  conntrail__socket *client = client_with_both();
  (void)connect_udp(client, "93.184.216.35:53");
  ck_assert_uint_eq(closed_relays, 1);
  ck_assert_uint_eq(conntrail__datagram_flow_count(world), 1);
  (void)connect_udp(client, "93.184.216.36:53");
  ck_assert_uint_eq(conntrail__datagram_flow_count(world), 1);
}
END_TEST

START_TEST(another_client_of_the_same_port_displaces) {
  conntrail__socket *first = client_with_both();
  conntrail__socket *second = client_of_udp();
  conntrail__datagram_decision decision = send_first(second, "93.184.216.34:53");
  settle(&decision);
  ck_assert_uint_eq(conntrail__datagram_flow_count(world), 2);
  conntrail__socket_release(first);
  ck_assert_uint_eq(conntrail__datagram_flow_count(world), 1);
}
END_TEST

START_TEST(its_client_closes) {
  conntrail__socket *client = client_with_both();
  (void)connect_udp(client, "93.184.216.34:53");
  conntrail__socket_release(client);
  ck_assert_uint_eq(conntrail__datagram_flow_count(world), 0);
  ck_assert_uint_eq(closed_relays, 1);
}
END_TEST

UNIT_MAIN("engine_transition", begin, world_end, bind_and_listen, connect_refused, connect_allowed,
          outcomes, accepted_with_and_without_a_record, dissolved, closed, settled_relayed_or_never,
          associated_and_dissolved, a_relayed_flow_is_connected,
          another_client_of_the_same_port_displaces, its_client_closes)
