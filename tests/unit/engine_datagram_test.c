/* SPDX-License-Identifier: MIT */
/* UDP flows without a front end: sources, relay sockets and their end, and what never begins (M2,
 * M9). */
#include <string.h>

#include "backend-emu/engine/datagram_flow.h"
#include "backend-emu/engine/flow.h"
#include "backend-emu/engine/socket.h"
#include "engine_world.h"
#include "unit_main.h"

enum { RELAY = 77, MOST_CLOSED = 8 };

static conntrail__socket *client;
static conntrail__socket *proxy;
static intptr_t closed[MOST_CLOSED];
static unsigned closed_count;

static void close_relay(intptr_t relay) {
  ck_assert_uint_lt(closed_count, MOST_CLOSED);
  closed[closed_count++] = relay;
}

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

static void begin(void) {
  world_begin();
  (void)service("acme", "udp 93.184.216.0/24", "127.0.0.1:1001");
  client = datagram_of(1, NULL);
  proxy = datagram_of(2, "127.0.0.1:1001");
  closed_count = 0;
}

static conntrail__datagram_decision sending(conntrail__socket *from, const char *to) {
  conntrail__identity me = who(from->process);
  conntrail__address remote = at(to);
  return conntrail__datagram_sending(from, &remote, NULL, 0, &me);
}

static bool settle(conntrail__datagram_decision *choice, const char *own) {
  conntrail__address address = at(own);
  return conntrail__datagram_settle(choice, &address);
}

static bool carry(conntrail__datagram_decision *choice, const char *own, intptr_t relay,
                  const char *source) {
  conntrail__address mine = at(own);
  conntrail__address its = at(source);
  return conntrail__datagram_carry(choice, &mine, relay, &its, close_relay);
}

static void open_two(void) {
  conntrail__datagram_decision first = sending(client, "93.184.216.1:53");
  ck_assert_ptr_nonnull(first.unsettled);
  ck_assert(settle(&first, "127.0.0.1:40001"));
  ck_assert_ptr_null(first.unsettled);
  ck_assert_int_eq(first.relay, CONNTRAIL__NO_RELAY);
  conntrail__datagram_decision second = sending(client, "93.184.216.2:53");
  ck_assert(!settle(&second, "127.0.0.1:40001"));
  ck_assert(carry(&second, "127.0.0.1:40001", RELAY, "127.0.0.1:40002"));
  ck_assert_int_eq(second.relay, RELAY);
  ck_assert_uint_eq(conntrail__datagram_flow_count(world), 2);
}

static conntrail__received receive(conntrail__socket *socket, const char *from) {
  conntrail__identity me = who(socket->process);
  conntrail__received arrived = {.from = at(from), .is_plain = true};
  conntrail__datagram_received(socket, &me, &arrived);
  return arrived;
}

static void expect_address(const conntrail__address *address, const char *text) {
  conntrail__address wanted = at(text);
  ck_assert(conntrail__address_equal(address, &wanted));
}

START_TEST(a_second_destination_has_a_relay) {
  open_two();
  conntrail__datagram_decision again = sending(client, "93.184.216.2:53");
  ck_assert_ptr_null(again.unsettled);
  ck_assert_int_eq(again.relay, RELAY);
  expect_address(&again.target, "127.0.0.1:1001");
  conntrail__received own = receive(client, "127.0.0.1:1001");
  expect_address(&own.sender, "93.184.216.1:53");
  conntrail__received carried = receive(client, "127.0.0.1:40002");
  expect_address(&carried.sender, "93.184.216.2:53");
  conntrail__received untracked = receive(client, "127.0.0.1:40003");
  expect_address(&untracked.sender, "127.0.0.1:40003");
}
END_TEST

START_TEST(an_answer_to_a_relay_goes_through_it) {
  open_two();
  conntrail__datagram_decision answer = sending(proxy, "127.0.0.1:40002");
  ck_assert_int_eq(answer.relay, RELAY);
  expect_address(&answer.target, "127.0.0.1:40001");
  conntrail__datagram_decision direct = sending(proxy, "127.0.0.1:40001");
  ck_assert_int_eq(direct.relay, CONNTRAIL__NO_RELAY);
  expect_address(&direct.target, "127.0.0.1:40001");
  /* Who is not where the flow goes has nothing to answer. */
  conntrail__datagram_decision other = sending(datagram_of(2, "127.0.0.1:1002"), "127.0.0.1:40002");
  ck_assert_int_eq(other.relay, CONNTRAIL__NO_RELAY);
  ck_assert_uint_eq(conntrail__datagram_flow_count(world), 2);
}
END_TEST

START_TEST(a_relay_is_closed_with_its_flow) {
  open_two();
  conntrail__datagram_advance(world, 59999);
  ck_assert_uint_eq(closed_count, 0);
  (void)receive(client, "127.0.0.1:1001");
  conntrail__datagram_advance(world, 1);
  ck_assert_uint_eq(closed_count, 1);
  ck_assert_int_eq(closed[0], RELAY);
  ck_assert_uint_eq(conntrail__datagram_flow_count(world), 1);
  conntrail__socket_release(client);
  ck_assert_uint_eq(closed_count, 1);
  ck_assert_uint_eq(conntrail__datagram_flow_count(world), 0);
}
END_TEST

START_TEST(the_end_of_the_emulation_closes_relays) {
  open_two();
  world_end();
  ck_assert_uint_eq(closed_count, 1);
  world_begin();
}
END_TEST

START_TEST(an_abandoned_flow_never_was) {
  conntrail__datagram_decision choice = sending(client, "93.184.216.1:53");
  conntrail__datagram_abandon(&choice);
  ck_assert_ptr_null(choice.unsettled);
  ck_assert_uint_eq(conntrail__datagram_flow_count(world), 0);
  conntrail__datagram_decision again = sending(client, "93.184.216.1:53");
  ck_assert_ptr_nonnull(again.unsettled);
  ck_assert(settle(&again, "127.0.0.1:40001"));
}
END_TEST

START_TEST(a_shared_port_belongs_to_the_later_socket) {
  open_two();
  conntrail__socket *later = datagram_of(1, NULL);
  conntrail__datagram_decision choice = sending(later, "93.184.216.9:53");
  ck_assert(settle(&choice, "127.0.0.1:40001"));
  ck_assert_uint_eq(conntrail__datagram_flow_count(world), 2);
  ck_assert_ptr_null(client->datagram->newest->next);
  expect_address(&client->datagram->newest->flow->original, "93.184.216.2:53");
}
END_TEST

/* A socket that was closed by a raw system call may be unknown to have ended when its port is given
 * to a relay socket (E11). */
START_TEST(an_address_belongs_to_the_later_relay) {
  open_two();
  conntrail__socket *later = datagram_of(1, NULL);
  conntrail__datagram_decision own = sending(later, "93.184.216.9:53");
  ck_assert(settle(&own, "127.0.0.1:40003"));
  conntrail__datagram_decision relayed = sending(later, "93.184.216.8:53");
  ck_assert(!settle(&relayed, "127.0.0.1:40003"));
  ck_assert(carry(&relayed, "127.0.0.1:40003", RELAY + 1, "127.0.0.1:40001"));
  ck_assert_uint_eq(conntrail__datagram_flow_count(world), 3);
  conntrail__socket_release(later);
  conntrail__address stale = at("127.0.0.1:40001");
  ck_assert_ptr_null(conntrail__datagram_by_source(proxy, &stale));
}
END_TEST

START_TEST(connect_takes_the_own_address) {
  conntrail__identity me = who(1);
  conntrail__address remote = at("93.184.216.3:53");
  open_two();
  conntrail__datagram_decision choice = conntrail__datagram_connecting(client, &remote, &me);
  ck_assert(settle(&choice, "127.0.0.1:40001"));
  conntrail__socket_associated(client, &remote);
  ck_assert_uint_eq(conntrail__datagram_flow_count(world), 2);
  conntrail__received own = receive(client, "127.0.0.1:1001");
  expect_address(&own.sender, "93.184.216.3:53");
  conntrail__datagram_advance(world, 1000000);
  ck_assert_uint_eq(conntrail__datagram_flow_count(world), 1);
  ck_assert_uint_eq(closed_count, 1);
}
END_TEST

/* Its flow has a relay socket: connected, it begins anew with its own address. */
START_TEST(connect_to_a_carried_destination_begins_anew) {
  conntrail__identity me = who(1);
  conntrail__address remote = at("93.184.216.2:53");
  open_two();
  conntrail__datagram_decision choice = conntrail__datagram_connecting(client, &remote, &me);
  ck_assert_uint_eq(closed_count, 1);
  ck_assert_ptr_nonnull(choice.unsettled);
  ck_assert(settle(&choice, "127.0.0.1:40001"));
  ck_assert_uint_eq(conntrail__datagram_flow_count(world), 1);
  ck_assert_uint_eq(count(CONNTRAIL_EMU_REDIRECTED), 3);
}
END_TEST

START_TEST(options_are_of_datagrams_alone) {
  ck_assert(conntrail__is_message_option(0, 60));
  ck_assert(conntrail__is_message_option(41, 70));
  ck_assert(!conntrail__is_message_option(17, 60));
  ck_assert(!conntrail__is_message_option(0, 61));
  ck_assert_uint_eq(conntrail__datagram_enable(proxy, 0, 60, true), 0);
  ck_assert_uint_eq(conntrail__datagram_enable(proxy, 0, 61, true), 10042);
  ck_assert_uint_eq(conntrail__datagram_enable(fresh(1), 0, 60, true), 10042);
  ck_assert_uint_eq(proxy->datagram->options, 1);
  ck_assert_uint_eq(conntrail__datagram_enable(proxy, 41, 70, true), 0);
  ck_assert_uint_eq(proxy->datagram->options, 9);
  ck_assert_uint_eq(conntrail__datagram_enable(proxy, 0, 60, false), 0);
  ck_assert_uint_eq(proxy->datagram->options, 8);
}
END_TEST

START_TEST(without_a_peer_there_is_no_way) {
  conntrail__identity me = who(1);
  conntrail__datagram_decision choice = conntrail__datagram_sending(client, NULL, NULL, 0, &me);
  ck_assert_uint_eq(choice.native, 10057);
}
END_TEST

UNIT_MAIN("engine_datagram", begin, world_end, a_second_destination_has_a_relay,
          an_answer_to_a_relay_goes_through_it, a_relay_is_closed_with_its_flow,
          the_end_of_the_emulation_closes_relays, an_abandoned_flow_never_was,
          a_shared_port_belongs_to_the_later_socket, an_address_belongs_to_the_later_relay,
          connect_takes_the_own_address, connect_to_a_carried_destination_begins_anew,
          options_are_of_datagrams_alone, without_a_peer_there_is_no_way)
