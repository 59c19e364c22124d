/* SPDX-License-Identifier: MIT */
/* What the reference proxy ends, holds back or refuses: times, limits, its own end. */
#include <event2/util.h>
#include <stdatomic.h>
#include <string.h>

#include "address.h"
#include "conntrail/emu.h"
#include "reference_scene.h"
#include "run_tests.h"
#include "system.h"

static const char destination[] = "93.184.216.34:80";

/* Reset, or ended: Wine's sockets cannot be reset. */
static void expect_gone(conntrail_socket from) {
  char byte;
  ck_assert_int_le(system_receive(from, &byte, 1), 0);
}

static counters count_now(const scene *here) {
  counters sum;
  proxy_count(here->proxy, &sum);
  return sum;
}

/* ---- Times ---------------------------------------------------------------------------------- */

/* By a clock that is never set. */
static int64_t milliseconds(void) {
  static struct evutil_monotonic_timer *clock;
  struct timeval now;
  if (!clock) {
    clock = evutil_monotonic_timer_new();
    ck_assert_int_eq(evutil_configure_monotonic_time(clock, 0), 0);
  }
  ck_assert_int_eq(evutil_gettime_monotonic(clock, &now), 0);
  return (int64_t)now.tv_sec * 1000 + now.tv_usec / 1000;
}

enum { FILLING = 4 };

/* A server whose backlog is full, so that it answers no client. */
static conntrail_socket open_full_server(conntrail_socket filling[FILLING],
                                         struct sockaddr_storage *address) {
  conntrail_socket full = scene_open_server("127.0.0.1:0", 0, address);
  for (int i = 0; i < FILLING; i++) {
    filling[i] = system_stream_socket(AF_INET);
    (void)connect(filling[i], (struct sockaddr *)address, address_size(address));
  }
  return full;
}

START_TEST(who_does_not_answer_in_time_is_given_up) {
  conntrail_socket filling[FILLING];
  struct sockaddr_storage address;
  scene *here = scene_make_4();
  conntrail_socket full = open_full_server(filling, &address);
  ck_assert_int_eq(conntrail_emu_route(here->emu, destination, (struct sockaddr *)&address), 0);
  here->config.connect_seconds = 2;
  scene_start_4(here);
  const int64_t before = milliseconds();
  conntrail_socket client = scene_connect(destination);
  expect_gone(client);
  ck_assert_int_ge(milliseconds() - before, 2000);
  scene_close(client);
  for (int i = 0; i < FILLING; i++) {
    scene_close(filling[i]);
  }
  scene_close(full);
  counters last = scene_stop(here);
  ck_assert_uint_eq(count_of(&last, COUNTER_records_transferred), 1);
  ck_assert_uint_eq(count_of(&last, COUNTER_connect_timed_out), 1);
  ck_assert_uint_eq(count_of(&last, COUNTER_connected), 0);
  ck_assert_uint_eq(count_of(&last, COUNTER_open), 0);
}
END_TEST

START_TEST(where_nobody_listens_the_client_is_told) {
  struct sockaddr_storage address;
  scene *here = scene_make_4();
  scene_close(scene_open_server("127.0.0.1:0", 1, &address));
  ck_assert_int_eq(conntrail_emu_route(here->emu, destination, (struct sockaddr *)&address), 0);
  scene_start_4(here);
  conntrail_socket client = scene_connect(destination);
  expect_gone(client);
  scene_close(client);
  counters last = scene_stop(here);
  ck_assert_uint_eq(count_of(&last, COUNTER_connect_failed), 1);
  ck_assert_uint_eq(count_of(&last, COUNTER_open), 0);
}
END_TEST

/* There and back. */
static void pass_a_byte(conntrail_socket client, conntrail_socket server) {
  scene_send(client, 1);
  scene_expect(server, 1);
  scene_send(server, 1);
  scene_expect(client, 1);
}

START_TEST(who_is_idle_for_too_long_is_ended_and_nobody_else) {
  scene *here = scene_make_4();
  counters sum;
  here->config.idle_seconds = 2;
  scene_start_4(here);
  conntrail_socket idle = scene_connect(destination), idle_server = scene_next(here);
  conntrail_socket busy = scene_connect(destination), busy_server = scene_next(here);
  pass_a_byte(idle, idle_server);
  const int64_t before = milliseconds();
  do {
    pass_a_byte(busy, busy_server);
    sum = count_now(here);
  } while (count_of(&sum, COUNTER_idle_timed_out) == 0);
  ck_assert_int_ge(milliseconds() - before, 2000);
  expect_gone(idle);
  expect_gone(idle_server);
  pass_a_byte(busy, busy_server);
  scene_close(busy);
  scene_expect_end(busy_server);
  scene_close(busy_server);
  scene_close(idle);
  scene_close(idle_server);
  scene_wait_until_ended(here, 1);
  counters last = scene_stop(here);
  ck_assert_uint_eq(count_of(&last, COUNTER_idle_timed_out), 1);
}
END_TEST

/* ---- Ends ----------------------------------------------------------------------------------- */

/* An end that sent everything may still receive: the server first, and then its client. */
START_TEST(a_server_that_ended_still_hears_its_client) {
  scene *here = scene_make_4();
  scene_start_4(here);
  conntrail_socket client = scene_connect(destination), server = scene_next(here);
  scene_send(server, 5000);
  ck_assert_int_eq(shutdown(server, SCENE_SHUT_SENDING), 0);
  scene_expect(client, 5000);
  scene_expect_end(client);
  scene_send(client, 5000);
  scene_expect(server, 5000);
  counters sum = count_now(here);
  ck_assert_uint_eq(count_of(&sum, COUNTER_open), 1);
  ck_assert_int_eq(shutdown(client, SCENE_SHUT_SENDING), 0);
  scene_expect_end(server);
  scene_close(client);
  scene_close(server);
  scene_wait_until_ended(here, 1);
  scene_stop(here);
}
END_TEST

/* A client that comes before the worker learns of the end is accepted, and reset. */
static void wait_until_refused(const struct sockaddr_storage *at) {
  bool is_refused = false;
  while (!is_refused) {
    conntrail_socket tried = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    is_refused = connect(tried, (const struct sockaddr *)at, address_size(at)) != 0;
    scene_close(tried);
  }
}

START_TEST(who_drains_takes_nobody_and_ends_the_rest_when_it_stops) {
  scene *here = scene_make_4();
  scene_start_4(here);
  conntrail_socket client = scene_connect(destination), server = scene_next(here);
  proxy_drain(here->proxy);
  wait_until_refused(proxy_address(here->proxy, 0));
  pass_a_byte(client, server);
  counters last = scene_stop(here);
  ck_assert_uint_eq(count_of(&last, COUNTER_open), 1);
  expect_gone(client);
  expect_gone(server);
  scene_close(client);
  scene_close(server);
}
END_TEST

/* ---- Limits --------------------------------------------------------------------------------- */

static void hear_the_end(conntrail_socket server) {
  scene_expect_end(server);
  scene_close(server);
}

/* Each of two workers may have one. */
START_TEST(workers_share_the_limit_of_connections) {
  enum { COUNT = 3 };
  conntrail_socket clients[COUNT], servers[COUNT];
  scene *here = scene_make_4();
  here->config.workers = 2;
  here->config.connections = 2;
  scene_start_4(here);
  for (int i = 0; i < COUNT; i++) {
    clients[i] = scene_connect(destination);
  }
  servers[0] = scene_next(here);
  servers[1] = scene_next(here);
  counters sum;
  do {
    sum = count_now(here);
  } while (count_of(&sum, COUNTER_accept_pauses) < 2);
  ck_assert_uint_eq(count_of(&sum, COUNTER_accepted), 2);
  scene_close(clients[0]);
  scene_close(clients[1]);
  hear_the_end(servers[0]); /* whichever of the two clients is its */
  hear_the_end(servers[1]);
  servers[2] = scene_next(here);
  scene_close(clients[2]);
  hear_the_end(servers[2]);
  scene_wait_until_ended(here, COUNT);
  scene_stop(here);
}
END_TEST

enum { PIECE = 65536, BUFFERS = 16 /* of a MiB */, STUCK = BUFFERS + 1 };

/* As much as finds room, of a piece. */
static size_t push(conntrail_socket to, size_t place) {
  unsigned char bytes[PIECE];
  for (size_t i = 0; i < sizeof bytes; i++) {
    bytes[i] = scene_byte(place + i);
  }
  const ptrdiff_t sent = system_send(to, bytes, sizeof bytes);
  if (sent <= 0 && !system_would_wait()) {
    ck_abort_msg("nothing can be sent");
  }
  return sent > 0 ? (size_t)sent : 0;
}

/* More connections whose clients do not read than there are buffers: what finds none stays with its
 * sender, and nothing is lost. */
START_TEST(memory_has_a_limit_and_nothing_is_lost_beyond_it) {
  conntrail_socket clients[STUCK], servers[STUCK];
  size_t sent[STUCK] = {0};
  counters sum;
  scene *here = scene_make_4();
  here->config.buffers_mib = 1;
  here->config.splice = false;
  scene_start_4(here);
  for (int i = 0; i < STUCK; i++) {
    clients[i] = scene_connect(destination);
    servers[i] = scene_next(here);
    ck_assert_int_eq(evutil_make_socket_nonblocking((evutil_socket_t)servers[i]), 0);
  }
  do {
    for (int i = 0; i < STUCK; i++) {
      sent[i] += push(servers[i], sent[i]);
    }
    sum = count_now(here);
  } while (count_of(&sum, COUNTER_peeked) == 0);
  for (int i = 0; i < STUCK; i++) {
    scene_close(servers[i]);
    scene_expect(clients[i], sent[i]);
    scene_expect_end(clients[i]);
    scene_close(clients[i]);
  }
  scene_wait_until_ended(here, STUCK);
  scene_stop(here);
}
END_TEST

static void count_full(log_level level, const char *line, void *argument) {
  (void)level;
  atomic_fetch_add((atomic_uint *)argument, strstr(line, "udp: forward: no room") != NULL);
}

/* Those of one flow are kept for its next datagram; with no room for them it ends. */
START_TEST(records_that_wait_have_the_configured_limit) {
  atomic_uint lines = 0;
  struct sockaddr_storage to = scene_address("192.0.2.53:53");
  scene *here = scene_make("127.0.0.1:0", "192.0.2.53:53");
  conntrail_emu_fault full = CONNTRAIL_EMU_FAULT_INIT;
  full.operation = CONNTRAIL_EMU_SEND_MESSAGE;
  full.native = 10035;
  ck_assert_int_eq(conntrail_emu_add_fault(here->emu, &full), CONNTRAIL_OK);
  here->log = (proxy_log){LOG_LEVEL_WARNING, count_full, &lines};
  here->config.listen[0].is_udp = true;
  here->config.udp_records_mib = 0;
  scene_start(here, "udp 192.0.2.53 port 53");
  conntrail_socket client = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
  ck_assert_int_eq(system_send_to(client, "ask", 3, (struct sockaddr_in *)&to), 3);
  while (atomic_load(&lines) == 0) { /* ctest ends a test that waits in vain */
  }
  scene_close(client);
  scene_stop(here);
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("reference proxy, limits");
  tcase_add_test(cases, who_does_not_answer_in_time_is_given_up);
  tcase_add_test(cases, where_nobody_listens_the_client_is_told);
  tcase_add_test(cases, who_is_idle_for_too_long_is_ended_and_nobody_else);
  tcase_add_test(cases, a_server_that_ended_still_hears_its_client);
  tcase_add_test(cases, who_drains_takes_nobody_and_ends_the_rest_when_it_stops);
  tcase_add_test(cases, workers_share_the_limit_of_connections);
  tcase_add_test(cases, memory_has_a_limit_and_nothing_is_lost_beyond_it);
  tcase_add_test(cases, records_that_wait_have_the_configured_limit);
  return run_tests(cases);
}
