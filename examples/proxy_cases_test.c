/* SPDX-License-Identifier: MIT */
#include <event2/event.h>

#include "conntrail/emu.h"
#include "loopback.h"
#include "minimal_proxy.h"
#include "run_tests.h"

/* More cases for the test of a proxy: docs/how-to/test-a-proxy.md shows them. */

static conntrail_emu_service *add_service(conntrail_emu *emu, const char *name,
                                          const minimal_proxy *proxy) {
  conntrail_emu_service *service = conntrail_emu_add_service(emu, name, NULL);
  ck_assert_int_eq(
      conntrail_emu_redirect(service, "tcp 93.184.216.0/24 port 80", minimal_proxy_address(proxy)),
      CONNTRAIL_OK);
  return service;
}

static void count_line(const char *line, void *count) {
  (void)line;
  ++*(unsigned *)count;
}

START_TEST(two_vendors_inspect_a_connection_once_each) {
  struct event_base *base = event_base_new();
  conntrail_emu *emu = conntrail_emu_create(NULL);
  minimal_proxy *first = minimal_proxy_new(base, loopback_any_port(), NULL, fail_test, NULL);
  minimal_proxy *second = minimal_proxy_new(base, loopback_any_port(), NULL, fail_test, NULL);
  loopback_server *server = loopback_server_new(base, "hello");
  add_service(emu, "acme", first);
  add_service(emu, "bravo", second);
  conntrail_emu_route(emu, "93.184.216.34:80", loopback_server_address(server));

  conntrail_emu_act_as(40004711, "client");
  ck_assert_str_eq(loopback_fetch(base, "93.184.216.34", 80), "hello");
  ck_assert_uint_eq(conntrail_emu_count(emu, CONNTRAIL_EMU_REDIRECTED), 2);
  ck_assert_uint_eq(conntrail_emu_count(emu, CONNTRAIL_EMU_DELIVERED), 1);
  ck_assert_uint_eq(conntrail_emu_count(emu, CONNTRAIL_EMU_LOOP), 0);

  loopback_server_free(server);
  minimal_proxy_free(second);
  minimal_proxy_free(first);
  event_base_free(base);
  conntrail_emu_destroy(emu);
}
END_TEST

START_TEST(the_least_convenient_kernel_changes_nothing) {
  conntrail_emu_options options = CONNTRAIL_EMU_OPTIONS_INIT;
  options.profile = CONNTRAIL_EMU_CONTRARY;
  struct event_base *base = event_base_new();
  conntrail_emu *emu = conntrail_emu_create(&options);
  minimal_proxy *proxy = minimal_proxy_new(base, loopback_any_port(), NULL, fail_test, NULL);
  loopback_server *server = loopback_server_new(base, "hello");
  conntrail_emu_service *acme = add_service(emu, "acme", proxy);
  conntrail_emu_set_record_padding(acme, 2000); /* larger than most programs expect */
  conntrail_emu_route(emu, "93.184.216.34:80", loopback_server_address(server));

  for (int i = 0; i < 20; i++) {
    ck_assert_str_eq(loopback_fetch(base, "93.184.216.34", 80), "hello");
  }
  ck_assert_uint_eq(conntrail_emu_count(emu, CONNTRAIL_EMU_DELIVERED), 20);

  loopback_server_free(server);
  minimal_proxy_free(proxy);
  event_base_free(base);
  conntrail_emu_destroy(emu);
}
END_TEST

START_TEST(a_failed_query_fails_one_client) {
  unsigned lines = 0;
  struct event_base *base = event_base_new();
  conntrail_emu *emu = conntrail_emu_create(NULL);
  minimal_proxy *proxy = minimal_proxy_new(base, loopback_any_port(), NULL, count_line, &lines);
  loopback_server *server = loopback_server_new(base, "hello");
  conntrail_emu_service *acme = add_service(emu, "acme", proxy);
  conntrail_emu_route(emu, "93.184.216.34:80", loopback_server_address(server));

  conntrail_emu_fault fault = CONNTRAIL_EMU_FAULT_INIT;
  fault.operation = CONNTRAIL_EMU_QUERY_RECORDS;
  fault.service = acme;
  fault.native = 10050; /* WSAENETDOWN */
  fault.nth = 2;
  ck_assert_int_eq(conntrail_emu_add_fault(emu, &fault), CONNTRAIL_OK);

  ck_assert_str_eq(loopback_fetch(base, "93.184.216.34", 80), "hello");
  ck_assert_str_eq(loopback_fetch(base, "93.184.216.34", 80), "");
  ck_assert_str_eq(loopback_fetch(base, "93.184.216.34", 80), "hello");
  ck_assert_uint_eq(conntrail_emu_count(emu, CONNTRAIL_EMU_FAULT), 1);
  ck_assert_uint_eq(lines, 1);

  loopback_server_free(server);
  minimal_proxy_free(proxy);
  event_base_free(base);
  conntrail_emu_destroy(emu);
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("proxy cases");
  tcase_add_test(cases, two_vendors_inspect_a_connection_once_each);
  tcase_add_test(cases, the_least_convenient_kernel_changes_nothing);
  tcase_add_test(cases, a_failed_query_fails_one_client);
  return run_tests(cases);
}
