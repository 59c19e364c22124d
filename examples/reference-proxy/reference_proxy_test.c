/* SPDX-License-Identifier: MIT */
/* The reference proxy in its own threads, with a client and a server in the test's. */
#include <stdlib.h>
#include <string.h>

#include <event2/util.h>

#include "address.h"
#include "conntrail/emu.h"
#include "proxy.h"
#include "run_tests.h"
#include "splice.h"
#include "system.h"

enum { LARGE = 3 << 20, MANY = 40, SHUT_SENDING = 1 };

typedef struct scene {
  conntrail_emu *emu;
  conntrail_emu_service *acme;
  conntrail_socket server; /* listens; 93.184.216.34:80 and [2001:db8::1]:80 lead here */
  proxy_config config;
  proxy_log log;
  proxy *proxy;
} scene;

static void drop_line(log_level level, const char *line, void *unused) {
  (void)level, (void)line, (void)unused;
}

static struct sockaddr_storage address_of(const char *text) {
  struct sockaddr_storage address;
  ck_assert(address_parse(text, &address));
  return address;
}

static conntrail_socket open_server(const char *family, struct sockaddr_storage *address) {
  ev_socklen_t size = sizeof *address;
  *address = address_of(family);
  conntrail_socket made = socket(address->ss_family, SOCK_STREAM, IPPROTO_TCP);
  ck_assert_int_eq(bind(made, (struct sockaddr *)address, address_size(address)), 0);
  ck_assert_int_eq(listen(made, 100), 0);
  ck_assert_int_eq(getsockname(made, (struct sockaddr *)address, &size), 0);
  return made;
}

/* A scene whose proxy is not started: a test may change its configuration first. */
static scene *make_scene(const char *loopback, const char *destination) {
  struct sockaddr_storage server;
  scene *here = calloc(1, sizeof *here);
  here->log = (proxy_log){LOG_LEVEL_WARNING, drop_line, NULL};
  ck_assert(system_begin());
  config_defaults(&here->config);
  here->config.listen[0].address = address_of(loopback);
  here->config.listen_count = 1;
  here->emu = conntrail_emu_create(NULL);
  here->acme = conntrail_emu_add_service(here->emu, "acme", NULL);
  here->server = open_server(loopback, &server);
  ck_assert_int_eq(conntrail_emu_route(here->emu, destination, (struct sockaddr *)&server), 0);
  return here;
}

static void start(scene *here, const char *rule) {
  here->proxy = proxy_start(&here->config, &here->log);
  ck_assert_ptr_nonnull(here->proxy);
  ck_assert_int_eq(conntrail_emu_redirect(here->acme, rule,
                                          (const struct sockaddr *)proxy_address(here->proxy, 0)),
                   CONNTRAIL_OK);
}

static scene *make_4(void) {
  return make_scene("127.0.0.1:0", "93.184.216.34:80");
}

static void start_4(scene *here) {
  start(here, "tcp 93.184.216.34 port 80");
}

static counters stop(scene *here) {
  counters last;
  proxy_stop(here->proxy, &last);
  ck_assert_uint_eq(conntrail_emu_count(here->emu, CONNTRAIL_EMU_MISUSE), 0);
  evutil_closesocket((evutil_socket_t)here->server);
  conntrail_emu_destroy(here->emu);
  free(here);
  return last;
}

static conntrail_socket connect_to(const char *where) {
  struct sockaddr_storage to = address_of(where);
  conntrail_socket made = socket(to.ss_family, SOCK_STREAM, IPPROTO_TCP);
  ck_assert_int_eq(connect(made, (struct sockaddr *)&to, address_size(&to)), 0);
  return made;
}

static conntrail_socket next_at(const scene *here) {
  conntrail_socket accepted = accept(here->server, NULL, NULL);
  ck_assert(accepted != CONNTRAIL_INVALID_SOCKET);
  return accepted;
}

static void close_socket(conntrail_socket closed) {
  evutil_closesocket((evutil_socket_t)closed);
}

static unsigned char byte_at(size_t place) {
  return (unsigned char)(place * 31 + place / 251);
}

static void send_all(conntrail_socket to, size_t size) {
  unsigned char *bytes = malloc(size);
  for (size_t i = 0; i < size; i++) {
    bytes[i] = byte_at(i);
  }
  for (size_t sent = 0; sent < size;) {
    const ptrdiff_t more = system_send(to, bytes + sent, size - sent);
    ck_assert_int_gt(more, 0);
    sent += (size_t)more;
  }
  free(bytes);
}

static void expect_all(conntrail_socket from, size_t size) {
  unsigned char bytes[4096];
  bool are_same = true; /* one assertion: Check writes a line for each */
  for (size_t received = 0; received < size;) {
    const size_t left = size - received;
    const ptrdiff_t more = system_receive(from, bytes, left < sizeof bytes ? left : sizeof bytes);
    if (more <= 0) {
      ck_abort_msg("it ended after %lu bytes", (unsigned long)received);
    }
    for (size_t i = 0; i < (size_t)more; i++) {
      are_same = are_same && bytes[i] == byte_at(received + i);
    }
    received += (size_t)more;
  }
  ck_assert(are_same);
}

static void expect_end(conntrail_socket from) {
  char byte;
  ck_assert_int_eq(system_receive(from, &byte, 1), 0);
}

/* Asked and answered, each end told by itself. What fits the sockets' own buffers: one thread. */
static void exchange(const scene *here, const char *where, size_t size) {
  conntrail_socket client = connect_to(where), server = next_at(here);
  send_all(client, size);
  shutdown(client, SHUT_SENDING);
  expect_all(server, size);
  expect_end(server);
  send_all(server, size);
  shutdown(server, SHUT_SENDING);
  expect_all(client, size);
  expect_end(client);
  close_socket(client);
  close_socket(server);
}

static void wait_until_ended(const scene *here, uint64_t wanted) {
  counters sum;
  do { /* ctest ends a test that waits in vain */
    proxy_count(here->proxy, &sum);
  } while (count_of(&sum, COUNTER_ended) < wanted || count_of(&sum, COUNTER_open) > 0);
}

START_TEST(both_directions_pass_and_end_by_themselves) {
  scene *here = make_4();
  start_4(here);
  exchange(here, "93.184.216.34:80", 1000);
  wait_until_ended(here, 1);
  ck_assert_uint_eq(conntrail_emu_count(here->emu, CONNTRAIL_EMU_REDIRECTED), 1);
  ck_assert_uint_eq(conntrail_emu_count(here->emu, CONNTRAIL_EMU_DELIVERED), 1);
  counters last = stop(here);
  ck_assert_uint_eq(count_of(&last, COUNTER_accepted), 1);
  ck_assert_uint_eq(count_of(&last, COUNTER_records_transferred), 1);
  ck_assert_uint_eq(count_of(&last, COUNTER_bytes_up), 1000);
  ck_assert_uint_eq(count_of(&last, COUNTER_bytes_down), 1000);
}
END_TEST

START_TEST(ipv6_passes_as_well) {
  scene *here = make_scene("[::1]:0", "[2001:db8::1]:80");
  start(here, "tcp 2001:db8::/32 port 80");
  exchange(here, "[2001:db8::1]:80", 1000);
  wait_until_ended(here, 1);
  counters last = stop(here);
  ck_assert_uint_eq(count_of(&last, COUNTER_records_transferred), 1);
}
END_TEST

static counters pass_much(bool splice) {
  scene *here = make_4();
  here->config.splice = splice;
  start_4(here);
  conntrail_socket client = connect_to("93.184.216.34:80"), server = next_at(here);
  for (int i = 0; i < 8; i++) {
    send_all(client, LARGE / 8);
    expect_all(server, LARGE / 8);
    send_all(server, LARGE / 8);
    expect_all(client, LARGE / 8);
  }
  close_socket(client);
  expect_end(server);
  close_socket(server);
  wait_until_ended(here, 1);
  counters last = stop(here);
  ck_assert_uint_eq(count_of(&last, COUNTER_bytes_up), LARGE);
  ck_assert_uint_eq(count_of(&last, COUNTER_bytes_down), LARGE);
  return last;
}

START_TEST(much_passes_by_copies) {
  counters last = pass_much(false);
  ck_assert_uint_eq(count_of(&last, COUNTER_spliced), 0);
}
END_TEST

START_TEST(much_passes_by_splice_where_there_is_such_a_thing) {
  splice_pipes pipes = {.most = 1};
  splice_pipe *tried = splice_take(&pipes);
  const bool is_there = tried != NULL;
  if (is_there) {
    splice_give(&pipes, tried);
  }
  splice_free(&pipes);
  counters last = pass_much(true);
  ck_assert_uint_eq(count_of(&last, COUNTER_spliced), is_there);
}
END_TEST

static void pass_many(unsigned workers) {
  conntrail_socket clients[MANY], servers[MANY];
  scene *here = make_4();
  here->config.workers = workers;
  start_4(here);
  for (int i = 0; i < MANY; i++) {
    clients[i] = connect_to("93.184.216.34:80");
  }
  for (int i = 0; i < MANY; i++) {
    servers[i] = next_at(here);
    send_all(servers[i], 5000);
  }
  for (int i = 0; i < MANY; i++) {
    expect_all(clients[i], 5000);
    close_socket(clients[i]);
  }
  for (int i = 0; i < MANY; i++) {
    expect_end(servers[i]);
    close_socket(servers[i]);
  }
  wait_until_ended(here, MANY);
  counters last = stop(here);
  ck_assert_uint_eq(count_of(&last, COUNTER_records_transferred), MANY);
}

START_TEST(many_pass_at_once) {
  pass_many(1);
}
END_TEST

START_TEST(several_workers_share_the_connections) {
  pass_many(4);
}
END_TEST

START_TEST(connections_above_the_limit_wait_for_their_turn) {
  scene *here = make_4();
  here->config.connections = 1;
  start_4(here);
  conntrail_socket first = connect_to("93.184.216.34:80"), second = connect_to("93.184.216.34:80");
  conntrail_socket server = next_at(here);
  counters sum;
  proxy_count(here->proxy, &sum);
  ck_assert_uint_eq(count_of(&sum, COUNTER_accepted), 1);
  close_socket(first);
  expect_end(server);
  close_socket(server);
  server = next_at(here);
  send_all(server, 10);
  expect_all(second, 10);
  close_socket(server);
  expect_end(second);
  close_socket(second);
  wait_until_ended(here, 2);
  counters last = stop(here);
  ck_assert_uint_eq(count_of(&last, COUNTER_accept_pauses), 2);
}
END_TEST

START_TEST(who_was_not_redirected_goes_where_the_configuration_says) {
  scene *here = make_4();
  struct sockaddr_storage server;
  ev_socklen_t size = sizeof server;
  char text[ADDRESS_TEXT];
  ck_assert_int_eq(getsockname(here->server, (struct sockaddr *)&server, &size), 0);
  here->config.listen[0].otherwise = server;
  start_4(here);
  exchange(here, address_text(proxy_address(here->proxy, 0), text), 100);
  wait_until_ended(here, 1);
  counters last = stop(here);
  ck_assert_uint_eq(count_of(&last, COUNTER_not_redirected), 1);
}
END_TEST

START_TEST(what_is_under_way_goes_on_while_the_proxy_drains) {
  scene *here = make_4();
  start_4(here);
  conntrail_socket client = connect_to("93.184.216.34:80"), server = next_at(here);
  proxy_drain(here->proxy);
  send_all(client, 100);
  expect_all(server, 100);
  close_socket(server);
  expect_end(client);
  close_socket(client);
  wait_until_ended(here, 1);
  stop(here);
}
END_TEST

/* With records as a first hop has them, and with such as nobody's buffer on a stack holds. */
START_TEST(a_flow_of_udp_passes) {
  static const size_t paddings[] = {0, 60000};
  scene *here = make_4();
  struct sockaddr_storage to = address_of("192.0.2.53:53"), back = address_of("127.0.0.1:0"), from;
  ev_socklen_t size = sizeof back;
  char text[8] = "";
  conntrail_socket server = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
  conntrail_socket client = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
  ck_assert_int_eq(bind(server, (struct sockaddr *)&back, address_size(&back)), 0);
  ck_assert_int_eq(getsockname(server, (struct sockaddr *)&back, &size), 0);
  conntrail_emu_route(here->emu, "192.0.2.53:53", (struct sockaddr *)&back);
  ck_assert_int_eq(conntrail_emu_set_record_padding(here->acme, paddings[_i]), CONNTRAIL_OK);
  here->config.listen[0].is_udp = true;
  start(here, "udp 192.0.2.53 port 53");
  ck_assert_int_eq(system_send_to(client, "ask", 3, (struct sockaddr_in *)&to), 3);
  ck_assert_int_eq(system_receive_from(server, text, sizeof text, (struct sockaddr_in *)&from), 3);
  ck_assert_str_eq(text, "ask");
  ck_assert_int_eq(system_send_to(server, "told", 4, (struct sockaddr_in *)&from), 4);
  ck_assert_int_eq(system_receive_from(client, text, sizeof text, (struct sockaddr_in *)&from), 4);
  ck_assert(address_is_same(&from, &to));
  ck_assert_uint_eq(conntrail_emu_count(here->emu, CONNTRAIL_EMU_DELIVERED), 1);
  close_socket(client);
  close_socket(server);
  stop(here);
}
END_TEST

START_TEST(an_address_in_use_is_no_proxy) {
  scene *here = make_4();
  start_4(here);
  proxy_config second = here->config;
  second.listen[0].address = *proxy_address(here->proxy, 0);
  ck_assert_ptr_null(proxy_start(&second, &here->log));
  stop(here);
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("reference proxy");
  tcase_add_test(cases, both_directions_pass_and_end_by_themselves);
  tcase_add_test(cases, ipv6_passes_as_well);
  tcase_add_test(cases, much_passes_by_copies);
  tcase_add_test(cases, much_passes_by_splice_where_there_is_such_a_thing);
  tcase_add_test(cases, many_pass_at_once);
  tcase_add_test(cases, several_workers_share_the_connections);
  tcase_add_test(cases, connections_above_the_limit_wait_for_their_turn);
  tcase_add_test(cases, who_was_not_redirected_goes_where_the_configuration_says);
  tcase_add_test(cases, what_is_under_way_goes_on_while_the_proxy_drains);
  tcase_add_loop_test(cases, a_flow_of_udp_passes, 0, 2);
  tcase_add_test(cases, an_address_in_use_is_no_proxy);
  return run_tests(cases);
}
