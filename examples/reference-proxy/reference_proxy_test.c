/* SPDX-License-Identifier: MIT */
/* What passes through the reference proxy, TCP and UDP. */
#include <event2/util.h>

#include "address.h"
#include "conntrail/emu.h"
#include "reference_scene.h"
#include "run_tests.h"
#include "splice.h"
#include "system.h"

enum { LARGE = 3 << 20, MANY = 40 };

/* Question and answer, each direction closed by itself. What fits the sockets' own buffers: one
 * thread. */
static void exchange(const scene *here, const char *where, size_t size) {
  conntrail_socket client = scene_connect(where), server = scene_next(here);
  scene_send(client, size);
  shutdown(client, SCENE_SHUT_SENDING);
  scene_expect(server, size);
  scene_expect_end(server);
  scene_send(server, size);
  shutdown(server, SCENE_SHUT_SENDING);
  scene_expect(client, size);
  scene_expect_end(client);
  scene_close(client);
  scene_close(server);
}

START_TEST(both_directions_pass_and_end_by_themselves) {
  scene *here = scene_make_4();
  scene_start_4(here);
  exchange(here, "93.184.216.34:80", 1000);
  scene_wait_until_ended(here, 1);
  ck_assert_uint_eq(conntrail_emu_count(here->emu, CONNTRAIL_EMU_REDIRECTED), 1);
  ck_assert_uint_eq(conntrail_emu_count(here->emu, CONNTRAIL_EMU_DELIVERED), 1);
  counters last = scene_stop(here);
  ck_assert_uint_eq(count_of(&last, COUNTER_accepted), 1);
  ck_assert_uint_eq(count_of(&last, COUNTER_records_transferred), 1);
  ck_assert_uint_eq(count_of(&last, COUNTER_bytes_up), 1000);
  ck_assert_uint_eq(count_of(&last, COUNTER_bytes_down), 1000);
}
END_TEST

START_TEST(ipv6_passes_as_well) {
  scene *here = scene_make("[::1]:0", "[2001:db8::1]:80");
  scene_start(here, "tcp 2001:db8::/32 port 80");
  exchange(here, "[2001:db8::1]:80", 1000);
  scene_wait_until_ended(here, 1);
  counters last = scene_stop(here);
  ck_assert_uint_eq(count_of(&last, COUNTER_records_transferred), 1);
}
END_TEST

static counters pass_much(bool splice) {
  scene *here = scene_make_4();
  here->config.splice = splice;
  scene_start_4(here);
  conntrail_socket client = scene_connect("93.184.216.34:80"), server = scene_next(here);
  for (int i = 0; i < 8; i++) {
    scene_send(client, LARGE / 8);
    scene_expect(server, LARGE / 8);
    scene_send(server, LARGE / 8);
    scene_expect(client, LARGE / 8);
  }
  scene_close(client);
  scene_expect_end(server);
  scene_close(server);
  scene_wait_until_ended(here, 1);
  counters last = scene_stop(here);
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
  scene *here = scene_make_4();
  here->config.workers = workers;
  scene_start_4(here);
  for (int i = 0; i < MANY; i++) {
    clients[i] = scene_connect("93.184.216.34:80");
  }
  for (int i = 0; i < MANY; i++) {
    servers[i] = scene_next(here);
    scene_send(servers[i], 5000);
  }
  for (int i = 0; i < MANY; i++) {
    scene_expect(clients[i], 5000);
    scene_close(clients[i]);
  }
  for (int i = 0; i < MANY; i++) {
    scene_expect_end(servers[i]);
    scene_close(servers[i]);
  }
  scene_wait_until_ended(here, MANY);
  counters last = scene_stop(here);
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
  scene *here = scene_make_4();
  here->config.connections = 1;
  scene_start_4(here);
  conntrail_socket first = scene_connect("93.184.216.34:80"),
                   second = scene_connect("93.184.216.34:80");
  conntrail_socket server = scene_next(here);
  counters sum;
  proxy_count(here->proxy, &sum);
  ck_assert_uint_eq(count_of(&sum, COUNTER_accepted), 1);
  scene_close(first);
  scene_expect_end(server);
  scene_close(server);
  server = scene_next(here);
  scene_send(server, 10);
  scene_expect(second, 10);
  scene_close(server);
  scene_expect_end(second);
  scene_close(second);
  scene_wait_until_ended(here, 2);
  counters last = scene_stop(here);
  ck_assert_uint_eq(count_of(&last, COUNTER_accept_pauses), 2);
}
END_TEST

START_TEST(who_was_not_redirected_goes_where_the_configuration_says) {
  scene *here = scene_make_4();
  struct sockaddr_storage server;
  ev_socklen_t size = sizeof server;
  char text[ADDRESS_TEXT];
  ck_assert_int_eq(getsockname(here->server, (struct sockaddr *)&server, &size), 0);
  here->config.listen[0].otherwise = server;
  scene_start_4(here);
  exchange(here, address_text(proxy_address(here->proxy, 0), text), 100);
  scene_wait_until_ended(here, 1);
  counters last = scene_stop(here);
  ck_assert_uint_eq(count_of(&last, COUNTER_not_redirected), 1);
}
END_TEST

START_TEST(what_is_under_way_goes_on_while_the_proxy_drains) {
  scene *here = scene_make_4();
  scene_start_4(here);
  conntrail_socket client = scene_connect("93.184.216.34:80"), server = scene_next(here);
  proxy_drain(here->proxy);
  scene_send(client, 100);
  scene_expect(server, 100);
  scene_close(server);
  scene_expect_end(client);
  scene_close(client);
  scene_wait_until_ended(here, 1);
  scene_stop(here);
}
END_TEST

/* With records as a first hop has them, and with records larger than any buffer on the stack. */
START_TEST(a_flow_of_udp_passes) {
  static const size_t paddings[] = {0, 60000};
  scene *here = scene_make_4();
  struct sockaddr_storage to = scene_address("192.0.2.53:53"), back = scene_address("127.0.0.1:0"),
                          from;
  ev_socklen_t size = sizeof back;
  char text[8] = "";
  conntrail_socket server = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
  conntrail_socket client = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
  ck_assert_int_eq(bind(server, (struct sockaddr *)&back, address_size(&back)), 0);
  ck_assert_int_eq(getsockname(server, (struct sockaddr *)&back, &size), 0);
  conntrail_emu_route(here->emu, "192.0.2.53:53", (struct sockaddr *)&back);
  ck_assert_int_eq(conntrail_emu_set_record_padding(here->acme, paddings[_i]), CONNTRAIL_OK);
  here->config.listen[0].is_udp = true;
  scene_start(here, "udp 192.0.2.53 port 53");
  ck_assert_int_eq(system_send_to(client, "ask", 3, (struct sockaddr_in *)&to), 3);
  ck_assert_int_eq(system_receive_from(server, text, sizeof text, (struct sockaddr_in *)&from), 3);
  ck_assert_str_eq(text, "ask");
  ck_assert_int_eq(system_send_to(server, "told", 4, (struct sockaddr_in *)&from), 4);
  ck_assert_int_eq(system_receive_from(client, text, sizeof text, (struct sockaddr_in *)&from), 4);
  ck_assert(address_is_same(&from, &to));
  ck_assert_uint_eq(conntrail_emu_count(here->emu, CONNTRAIL_EMU_DELIVERED), 1);
  scene_close(client);
  scene_close(server);
  scene_stop(here);
}
END_TEST

START_TEST(an_address_in_use_is_no_proxy) {
  scene *here = scene_make_4();
  scene_start_4(here);
  proxy_config second = here->config;
  second.listen[0].address = *proxy_address(here->proxy, 0);
  ck_assert_ptr_null(proxy_start(&second, &here->log));
  scene_stop(here);
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
