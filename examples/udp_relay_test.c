/* SPDX-License-Identifier: MIT */
/* A UDP relay between clients and servers that echo: each reply compared. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "conntrail/conntrail.h"
#include "conntrail/emu.h"
#include "loopback.h"
#include "run_tests.h"
#include "system.h"
#include "udp_flow.h"
#include "udp_relay.h"
#include "udp_world.h"

START_TEST(a_client_reaches_its_destination_through_the_relay) {
  udp_world w = udp_world_open(1);
  conntrail_socket client = udp_client();
  udp_ask(&w, client, 0, "what is it", 10);
  udp_expect_reply(&w, client, 0, "what is it", 10);
  ck_assert_uint_eq(conntrail_emu_count(w.emu, CONNTRAIL_EMU_DELIVERED), 1);
  evutil_closesocket((evutil_socket_t)client);
  udp_world_close(&w);
}
END_TEST

/* Of DNS' size, empty, and as large as UDP can be. */
START_TEST(datagrams_of_each_size_pass) {
  static const size_t sizes[] = {0, 1, 512, 1232, 9000, 60000};
  static char text[60000];
  udp_world w = udp_world_open(1);
  conntrail_socket client = udp_client();
  for (size_t i = 0; i < sizeof text; i++) {
    text[i] = (char)('a' + i % 26);
  }
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    udp_ask(&w, client, 0, text, sizes[i]);
    udp_expect_reply(&w, client, 0, text, sizes[i]);
  }
  ck_assert_uint_eq(udp_relay_flows(w.relay), 1);
  evutil_closesocket((evutil_socket_t)client);
  udp_world_close(&w);
}
END_TEST

START_TEST(destinations_of_one_client_are_not_confused) {
  udp_world w = udp_world_open(UDP_MOST_SERVERS);
  conntrail_socket client = udp_client();
  for (unsigned turn = 0; turn < 3; turn++) {
    for (unsigned i = 0; i < UDP_MOST_SERVERS; i++) {
      udp_ask(&w, client, i, "same text", 9);
    }
    for (unsigned i = 0; i < UDP_MOST_SERVERS; i++) {
      udp_expect_any_reply(&w, client, "same text", 9);
    }
  }
  ck_assert_uint_eq(udp_relay_flows(w.relay), UDP_MOST_SERVERS);
  evutil_closesocket((evutil_socket_t)client);
  udp_world_close(&w);
}
END_TEST

START_TEST(a_connected_client_is_served) {
  udp_world w = udp_world_open(1);
  conntrail_socket client = udp_client();
  struct sockaddr_in to = udp_destination(0);
  ck_assert_int_eq(connect(client, (struct sockaddr *)&to, sizeof to), 0);
  ck_assert_int_eq(send(client, "hello", 5, 0), 5);
  udp_expect_reply(&w, client, 0, "hello", 5);
  evutil_closesocket((evutil_socket_t)client);
  udp_world_close(&w);
}
END_TEST

static unsigned refusals;

static void count_refusal(const char *line, void *unused) {
  (void)unused;
  ck_assert_str_eq(line, "original destination: the connection was not redirected");
  refusals++;
}

/* A datagram that was not redirected goes nowhere. The log says so once, and not each time. */
START_TEST(datagrams_that_were_not_redirected_are_not_relayed) {
  udp_world w = udp_world_open_logged(1, count_refusal);
  conntrail_socket direct = udp_client();
  struct sockaddr_in relay;
  memcpy(&relay, udp_relay_address(w.relay), sizeof relay);
  for (unsigned i = 1; i <= 2; i++) {
    ck_assert_int_eq(system_send_to(direct, "x", 1, &relay), 1);
    event_base_loop(w.base, EVLOOP_NONBLOCK);
    ck_assert_uint_eq(udp_relay_flows(w.relay), 0);
    ck_assert_uint_eq(udp_relay_dropped(w.relay), i);
  }
  ck_assert_uint_eq(refusals, 1);
  ck_assert_uint_eq(conntrail_emu_count(w.emu, CONNTRAIL_EMU_DELIVERED), 0);
  evutil_closesocket((evutil_socket_t)direct);
  udp_world_close(&w);
}
END_TEST

/* Bytes of the records that the last flow's first datagram brought. */
static size_t records_size(const udp_world *w) {
  conntrail_emu_event event = {.struct_size = sizeof event};
  size_t size = 0;
  while (conntrail_emu_next_event(w->emu, event.number, &event)) {
    size = event.kind == CONNTRAIL_EMU_RECORDS_RECEIVED ? event.size : size;
  }
  return size;
}

/* Up to the largest that the library takes (Q4). One that is lost would make a loop, or a misuse
 * (X11): closing the world asks for both. */
START_TEST(records_of_each_size_pass) {
  udp_world w = udp_world_open(1);
  size_t padding = 0, usual = 0;
  for (unsigned i = 0; i < 4; i++) {
    conntrail_socket client = udp_client();
    ck_assert_int_eq(conntrail_emu_set_record_padding(w.acme, padding), CONNTRAIL_OK);
    udp_ask(&w, client, 0, "what is it", 10);
    udp_expect_reply(&w, client, 0, "what is it", 10);
    udp_ask(&w, client, 0, "and then", 8);
    udp_expect_reply(&w, client, 0, "and then", 8);
    usual = i == 0 ? records_size(&w) : usual;
    ck_assert_uint_eq(records_size(&w), usual + padding);
    evutil_closesocket((evutil_socket_t)client);
    const size_t next[] = {CONNTRAIL_USUAL_BLOB, 20000, CONNTRAIL_LARGEST_BLOB - usual, 0};
    padding = next[i];
  }
  ck_assert_uint_eq(conntrail_emu_count(w.emu, CONNTRAIL_EMU_DELIVERED), 4);
  ck_assert_uint_eq(udp_relay_dropped(w.relay), 0);
  udp_world_close(&w);
}
END_TEST

static void lose_sends(const udp_world *w, uint32_t nth) {
  conntrail_emu_fault full = CONNTRAIL_EMU_FAULT_INIT;
  full.operation = CONNTRAIL_EMU_SEND_MESSAGE;
  full.native = 10035;
  full.nth = nth;
  ck_assert_int_eq(conntrail_emu_add_fault(w->emu, &full), CONNTRAIL_OK);
}

/* The client's first datagram is lost in a full buffer: the records go with the next one. */
START_TEST(records_outlive_a_datagram_that_could_not_be_sent) {
  static const size_t paddings[] = {0, 30000};
  udp_world w = udp_world_open(1);
  conntrail_socket client = udp_client();
  ck_assert_int_eq(conntrail_emu_set_record_padding(w.acme, paddings[_i]), CONNTRAIL_OK);
  lose_sends(&w, 1);
  udp_ask(&w, client, 0, "lost", 4);
  udp_ask(&w, client, 0, "again", 5);
  udp_expect_reply(&w, client, 0, "again", 5);
  ck_assert_uint_eq(conntrail_emu_count(w.emu, CONNTRAIL_EMU_FAULT), 1);
  ck_assert_uint_eq(conntrail_emu_count(w.emu, CONNTRAIL_EMU_DELIVERED), 1);
  evutil_closesocket((evutil_socket_t)client);
  udp_world_close(&w);
}
END_TEST

static unsigned lines;

static void count_line(const char *line, void *unused) {
  (void)unused;
  ck_assert_ptr_nonnull(strstr(line, "no room for the records"));
  lines++;
}

/* The relay receives a datagram, and cannot send it; then so many flows are left. */
static void lose_one(const udp_world *w, conntrail_socket client, size_t flows) {
  udp_ask(w, client, 0, "lost", 4);
  event_base_loop(w->base, EVLOOP_ONCE);
  ck_assert_uint_eq(udp_relay_flows(w->relay), flows);
}

/* Of two flows whose datagrams are lost the second finds no room. There is some again as soon as
 * the first ends, or its records are sent. */
START_TEST(records_that_wait_have_a_limit) {
  enum { COUNT = 4 };
  conntrail_socket some[COUNT];
  udp_world w = udp_world_open_logged(1, count_line);
  udp_relay_limit_records(w.relay, 30000);
  ck_assert_int_eq(conntrail_emu_set_record_padding(w.acme, 20000), CONNTRAIL_OK);
  for (unsigned i = 0; i < COUNT; i++) {
    some[i] = udp_client();
  }
  lose_sends(&w, 0);
  lose_one(&w, some[0], 1);
  lose_one(&w, some[1], 1);
  ck_assert_uint_eq(lines, 1);
  udp_relay_limit(w.relay, 1, 60);
  lose_one(&w, some[2], 1);
  conntrail_emu_clear_faults(w.emu);
  udp_ask(&w, some[2], 0, "again", 5);
  udp_expect_reply(&w, some[2], 0, "again", 5);
  udp_relay_limit(w.relay, 2, 60);
  lose_sends(&w, 1);
  lose_one(&w, some[3], 2);
  udp_ask(&w, some[3], 0, "again", 5);
  udp_expect_reply(&w, some[3], 0, "again", 5);
  ck_assert_uint_eq(lines, 1);
  for (unsigned i = 0; i < COUNT; i++) {
    evutil_closesocket((evutil_socket_t)some[i]);
  }
  udp_world_close(&w);
}
END_TEST

enum { CLIENTS = 200, TURNS = 2 };

/* Many clients at once, of which each asks two servers. The load test has more. */
START_TEST(many_clients_are_served) {
  static conntrail_socket clients[CLIENTS];
  udp_world w = udp_world_open(2);
  for (unsigned i = 0; i < CLIENTS; i++) {
    clients[i] = udp_client();
  }
  for (unsigned turn = 0; turn < TURNS; turn++) {
    for (unsigned i = 0; i < CLIENTS; i++) {
      char text[32];
      int size = snprintf(text, sizeof text, "client %u turn %u", i, turn);
      udp_ask(&w, clients[i], 0, text, (size_t)size);
      udp_ask(&w, clients[i], 1, text, (size_t)size);
      udp_expect_any_reply(&w, clients[i], text, (size_t)size);
      udp_expect_any_reply(&w, clients[i], text, (size_t)size);
    }
  }
  ck_assert_uint_eq(udp_relay_flows(w.relay), (size_t)2 * CLIENTS);
  for (unsigned i = 0; i < CLIENTS; i++) {
    evutil_closesocket((evutil_socket_t)clients[i]);
  }
  udp_world_close(&w);
}
END_TEST

START_TEST(above_the_limit_the_oldest_flow_ends) {
  static conntrail_socket some[3];
  udp_world w = udp_world_open(1);
  udp_relay_limit(w.relay, 2, 60);
  for (unsigned i = 0; i < 3; i++) {
    some[i] = udp_client();
    udp_ask(&w, some[i], 0, "first", 5);
    udp_expect_reply(&w, some[i], 0, "first", 5);
  }
  ck_assert_uint_eq(udp_relay_flows(w.relay), 2);
  for (unsigned i = 1; i < 3; i++) { /* the two that are left go on */
    udp_ask(&w, some[i], 0, "again", 5);
    udp_expect_reply(&w, some[i], 0, "again", 5);
  }
  ck_assert_uint_eq(udp_relay_dropped(w.relay), 0);
  for (unsigned i = 0; i < 3; i++) {
    evutil_closesocket((evutil_socket_t)some[i]);
  }
  udp_world_close(&w);
}
END_TEST

START_TEST(an_idle_flow_ends) {
  udp_world w = udp_world_open(1);
  udp_relay_limit(w.relay, 2, 1);
  conntrail_socket client = udp_client();
  udp_ask(&w, client, 0, "first", 5);
  udp_expect_reply(&w, client, 0, "first", 5);
  ck_assert_uint_eq(udp_relay_flows(w.relay), 1);
  while (udp_relay_flows(w.relay) > 0) { /* ctest ends a test that waits in vain */
    event_base_loop(w.base, EVLOOP_ONCE);
  }
  evutil_closesocket((evutil_socket_t)client);
  udp_world_close(&w);
}
END_TEST

/* If each datagram says where it was sent to, its two addresses may belong to another
 * destination after a pause. A clock that was set back is a pause as well. */
START_TEST(after_a_pause_the_destination_is_asked_again) {
  static const struct {
    struct sockaddr_storage local; /* where the datagram was sent to */
    long quiet;
    bool asks;
  } cases[] = {{{.ss_family = AF_INET}, 0, false},   {{.ss_family = AF_INET}, 15, false},
               {{.ss_family = AF_INET}, 20, true},   {{.ss_family = AF_INET6}, 60, true},
               {{.ss_family = AF_INET}, -5, true},   {{.ss_family = AF_UNSPEC}, 20, false},
               {{.ss_family = AF_UNSPEC}, 0, false}, {{.ss_family = AF_UNSPEC}, -5, false}};
  struct timeval now;
  struct udp_relay relay = {.base = event_base_new()};
  udp_flow known = {.relay = &relay};
  ck_assert_int_eq(event_base_gettimeofday_cached(relay.base, &now), 0);
  known.ends.local = cases[_i].local;
  known.heard_at = (long)now.tv_sec - cases[_i].quiet;
  ck_assert_int_eq(udp_flow_must_ask_again(&known), cases[_i].asks);
  event_base_free(relay.base);
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("udp relay");
  tcase_add_test(cases, above_the_limit_the_oldest_flow_ends);
  tcase_add_test(cases, an_idle_flow_ends);
  tcase_add_loop_test(cases, after_a_pause_the_destination_is_asked_again, 0, 8);
  tcase_add_test(cases, a_client_reaches_its_destination_through_the_relay);
  tcase_add_test(cases, datagrams_of_each_size_pass);
  tcase_add_test(cases, destinations_of_one_client_are_not_confused);
  tcase_add_test(cases, a_connected_client_is_served);
  tcase_add_test(cases, datagrams_that_were_not_redirected_are_not_relayed);
  tcase_add_test(cases, records_of_each_size_pass);
  tcase_add_loop_test(cases, records_outlive_a_datagram_that_could_not_be_sent, 0, 2);
  tcase_add_test(cases, records_that_wait_have_a_limit);
  tcase_add_test(cases, many_clients_are_served);
  return run_tests(cases);
}
