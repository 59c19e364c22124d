/* SPDX-License-Identifier: MIT */
#include <event2/event.h>

#include "conntrail/emu.h"
#include "loopback.h"
#include "minimal_proxy.h"
#include "run_tests.h"

START_TEST(a_client_reaches_its_destination_through_the_proxy) {
  struct event_base *base = event_base_new();
  conntrail_emu *emu = conntrail_emu_create(NULL);
  minimal_proxy *proxy = minimal_proxy_new(base, loopback_any_port(), NULL, fail_test, NULL);
  loopback_server *server = loopback_server_new(base, "hello");

  conntrail_emu_service *acme = conntrail_emu_add_service(emu, "acme", NULL);
  conntrail_emu_redirect(acme, "tcp 93.184.216.0/24 port 80", minimal_proxy_address(proxy));
  conntrail_emu_route(emu, "93.184.216.34:80", loopback_server_address(server));

  ck_assert_str_eq(loopback_fetch(base, "93.184.216.34", 80), "hello");
  ck_assert_uint_eq(conntrail_emu_count(emu, CONNTRAIL_EMU_REDIRECTED), 1);
  ck_assert_uint_eq(conntrail_emu_count(emu, CONNTRAIL_EMU_DELIVERED), 1);
  ck_assert_uint_eq(conntrail_emu_count(emu, CONNTRAIL_EMU_MISUSE), 0);

  loopback_server_free(server);
  minimal_proxy_free(proxy);
  event_base_free(base);
  conntrail_emu_destroy(emu);
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("proxy");
  tcase_add_test(cases, a_client_reaches_its_destination_through_the_proxy);
  return run_tests(cases);
}
