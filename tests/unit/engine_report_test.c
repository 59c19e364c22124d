/* SPDX-License-Identifier: MIT */
/* E14: what became of connections, from the events that the engine itself wrote. */
#include <stdio.h>
#include <string.h>

#include "backend-emu/engine/report.h"
#include "engine_world.h"
#include "unit_main.h"

static const char web[] = "93.184.216.34:80";

static void use_trail_of(uint32_t capacity) {
  conntrail_emu_options options = CONNTRAIL_EMU_OPTIONS_INIT;
  options.trail_capacity = capacity;
  world_end();
  world = conntrail__engine_create(&options, 1, &why);
}

static conntrail_emu_summary summary(void) {
  conntrail_emu_summary result = CONNTRAIL_EMU_SUMMARY_INIT;
  ck_assert(conntrail__report_summarise(world, &result));
  return result;
}

static void expect_text(const char *expected) {
  char text[2048];
  size_t length = 0;
  ck_assert(conntrail__report_text(world, text, sizeof text, &length));
  ck_assert_str_eq(text, expected);
  ck_assert_uint_eq(length, strlen(expected));
}

/* The client of process 1 comes from this address; the proxy of process 2 accepts it. */
static conntrail__socket *enter(conntrail__socket *proxy, const char *from) {
  connect_from(fresh(1), web, from);
  return accept_from(proxy, from);
}

static void route(void) {
  conntrail__address server = at("127.0.0.1:3001");
  ck_assert_int_eq(conntrail__route_add(world, web, &server, &why), CONNTRAIL_OK);
}

START_TEST(e14_a_proxy_that_transfers_continues_the_connection) {
  conntrail_emu_service *acme = service("acme", "tcp any", "127.0.0.1:1001");
  conntrail__socket *proxy = listener(2, "127.0.0.1:1001");
  conntrail__socket *outbound = fresh(2);
  route();
  transfer(enter(proxy, "127.0.0.1:40001"), outbound);
  connect_from(outbound, web, "127.0.0.1:40002");
  const conntrail_emu_summary s = summary();
  ck_assert_uint_eq(s.connections, 1);
  ck_assert_uint_eq(s.delivered, 1);
  ck_assert_uint_eq(s.undelivered, 0);
  ck_assert_uint_eq(s.lost_events, 0);
  ck_assert_uint_eq(conntrail__report_of_service(acme, CONNTRAIL_EMU_REDIRECTED), 1);
  ck_assert_uint_eq(conntrail__report_of_service(acme, CONNTRAIL_EMU_PERMITTED), 1);
  expect_text("1 TCP connection, 1 delivered\n  acme: redirected 1, permitted 1\n");
}
END_TEST

START_TEST(e14_a_proxy_that_forgets_begins_another_one) {
  conntrail_emu_service *acme = service("acme", "tcp any", "127.0.0.1:1001");
  conntrail__socket *proxy = listener(2, "127.0.0.1:1001");
  route();
  for (int i = 0; i < 2; i++) {
    const char *from = i == 0 ? "127.0.0.1:40001" : "127.0.0.1:40002";
    uint8_t records[512];
    uint32_t size = 0;
    (void)query(enter(proxy, from), CONNTRAIL__QUERY_RECORDS, records, sizeof records, &size);
    ck_assert_uint_eq(ask(fresh(2), web).native, CONNTRAIL__WSAECONNREFUSED);
  }
  const conntrail_emu_summary s = summary();
  ck_assert_uint_eq(s.connections, 4); /* two of the client, two of the proxy */
  ck_assert_uint_eq(s.delivered, 0);
  ck_assert_uint_eq(s.undelivered, 4);
  ck_assert_uint_eq(s.loops, 2);
  ck_assert_uint_eq(conntrail__report_of_service(acme, CONNTRAIL_EMU_LOOP), 2);
  expect_text("4 TCP connections, 0 delivered\n"
              "  acme: redirected 2, loops refused 2\n"
              "  never delivered to 93.184.216.34:80: 4 connections; entered the proxy of acme 2 "
              "times\n");
}
END_TEST

START_TEST(e14_what_was_never_delivered_is_by_destination) {
  static const char *const wanted[] = {"198.51.100.2:80", "198.51.100.1:80", "198.51.100.2:80"};
  for (size_t i = 0; i < 3; i++) {
    ask(fresh(1), wanted[i]);
  }
  ck_assert_uint_eq(summary().refused, 3);
  expect_text("3 TCP connections, 0 delivered\n"
              "  never delivered to 198.51.100.2:80: 2 connections\n"
              "  never delivered to 198.51.100.1:80: 1 connection\n");
}
END_TEST

START_TEST(ten_destinations_are_shown_and_no_more) {
  char text[2048];
  size_t length = 0;
  for (int i = 1; i <= 11; i++) {
    char wanted[32];
    snprintf(wanted, sizeof wanted, "198.51.100.%d:80", i);
    ask(fresh(1), wanted);
  }
  ck_assert(conntrail__report_text(world, text, sizeof text, &length));
  ck_assert_ptr_nonnull(strstr(text, "  never delivered to 198.51.100.10:80: 1 connection\n"
                                     "  and to other destinations; the trail has them all\n"));
  ck_assert_ptr_null(strstr(text, "198.51.100.11"));
}
END_TEST

START_TEST(each_attempt_of_a_client_is_one) {
  conntrail__socket *client = fresh(1);
  ask(client, "198.51.100.1:80");
  ask(client, "198.51.100.2:80");
  ck_assert_uint_eq(summary().connections, 2);
}
END_TEST

START_TEST(e14_a_service_counts_on_where_the_trail_is_full) {
  use_trail_of(4);
  conntrail_emu_service *acme = service("acme", "tcp any", "127.0.0.1:1001");
  conntrail_emu_service *other = service("other", "udp any", "127.0.0.1:1002");
  for (int i = 0; i < 11; i++) {
    ask(fresh(1), web);
  }
  ck_assert_uint_eq(conntrail__report_of_service(acme, CONNTRAIL_EMU_REDIRECTED), 11);
  ck_assert_uint_eq(conntrail__report_of_service(other, CONNTRAIL_EMU_REDIRECTED), 0);
  ck_assert_uint_eq(conntrail__report_of_service(acme, CONNTRAIL_EMU_PERMITTED), 0);
  ck_assert_uint_eq(summary().connections, 2); /* of 22 events 4 are kept */
  ck_assert_uint_eq(summary().lost_events, 18);
}
END_TEST

START_TEST(datagrams_are_no_connections) {
  conntrail__identity identity = who(1);
  conntrail__socket *client = conntrail__socket_create(world, CONNTRAIL__DATAGRAM, &identity, 0);
  conntrail__address remote = at("198.51.100.1:53");
  (void)conntrail__datagram_sending(client, &remote, NULL, 0, &identity);
  ck_assert_uint_eq(count(CONNTRAIL_EMU_REFUSED), 1);
  ck_assert_uint_eq(summary().connections, 0);
}
END_TEST

START_TEST(misuse_is_named_with_its_cure) {
  for (int i = 0; i < 2; i++) {
    conntrail__note_misuse(world, NULL, CONNTRAIL_EMU_MISUSE_OUTSIDE, 0);
  }
  conntrail__note_misuse(world, NULL, CONNTRAIL_EMU_MISUSE_SET_AFTER_BIND, 0);
  ck_assert_uint_eq(summary().misuses, 3);
  ck_assert_uint_eq(summary().escapes, 2);
  expect_text(
      "0 TCP connections, 0 delivered\n"
      "  misuse, 1 time: records set after bind; set them right after socket()\n"
      "  misuse, 2 times: the socket was created before the emulation, or created or connected by "
      "a call that is not watched (io_uring, a raw system call); create it after "
      "conntrail_emu_create, and connect it by connect()\n");
}
END_TEST

START_TEST(no_event_is_no_text) {
  expect_text("");
}
END_TEST

START_TEST(the_text_counts_on_where_the_room_ends) {
  char whole[256];
  char part[8];
  size_t length = 0;
  size_t again = 0;
  ask(fresh(1), web);
  ck_assert(conntrail__report_text(world, whole, sizeof whole, &length));
  ck_assert(conntrail__report_text(world, NULL, 0, &again));
  ck_assert_uint_eq(again, length);
  ck_assert(conntrail__report_text(world, part, sizeof part, &again));
  ck_assert_uint_eq(again, length);
  ck_assert_str_eq(part, "1 TCP c");
}
END_TEST

UNIT_MAIN("engine_report", world_begin, world_end,
          e14_a_proxy_that_transfers_continues_the_connection,
          e14_a_proxy_that_forgets_begins_another_one,
          e14_what_was_never_delivered_is_by_destination, ten_destinations_are_shown_and_no_more,
          each_attempt_of_a_client_is_one, e14_a_service_counts_on_where_the_trail_is_full,
          datagrams_are_no_connections, misuse_is_named_with_its_cure, no_event_is_no_text,
          the_text_counts_on_where_the_room_ends)
