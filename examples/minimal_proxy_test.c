/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "conntrail/conntrail.h"
#include "conntrail/emu.h"
#include "loopback.h"
#include "minimal_proxy.h"
#include "run_tests.h"

/* A proxy of acme's in front of 93.184.216.34:80, where a server says hello. */
typedef struct scene {
  struct event_base *base;
  conntrail_emu *emu;
  conntrail_emu_service *acme;
  loopback_server *server;
  minimal_proxy *proxy;
  char said[512]; /* by the proxy */
} scene;

static void keep_line(const char *line, void *argument) {
  scene *here = argument;
  strcat(strcat(here->said, line), "\n");
}

static scene *open_scene(void) {
  scene *here = calloc(1, sizeof *here);
  here->base = event_base_new();
  here->emu = conntrail_emu_create(NULL);
  here->acme = conntrail_emu_add_service(here->emu, "acme", NULL);
  here->server = loopback_server_new(here->base, "hello");
  here->proxy = minimal_proxy_new(here->base, loopback_any_port(), NULL, keep_line, here);
  ck_assert_int_eq(conntrail_emu_redirect(here->acme, "93.184.216.34 port 80",
                                          minimal_proxy_address(here->proxy)),
                   CONNTRAIL_OK);
  ck_assert_int_eq(
      conntrail_emu_route(here->emu, "93.184.216.34:80", loopback_server_address(here->server)),
      CONNTRAIL_OK);
  ck_assert_int_eq(conntrail_emu_act_as(40004711, "client"), CONNTRAIL_OK);
  return here;
}

static void close_scene(scene *here) {
  if (here->proxy) {
    minimal_proxy_free(here->proxy);
  }
  if (here->server) {
    loopback_server_free(here->server);
  }
  event_base_free(here->base);
  conntrail_emu_destroy(here->emu);
  free(here);
}

static const char *fetch(scene *here) {
  return loopback_fetch(here->base, "93.184.216.34", 80);
}

START_TEST(many_clients_one_after_the_other) {
  scene *here = open_scene();
  for (int i = 0; i < 100; i++) {
    ck_assert_str_eq(fetch(here), "hello");
  }
  ck_assert_str_eq(here->said, "");
  ck_assert_uint_eq(conntrail_emu_count(here->emu, CONNTRAIL_EMU_DELIVERED), 100);
  while (conntrail_emu_count(here->emu, CONNTRAIL_EMU_CLOSED) < 100) {
    event_base_loop(here->base, EVLOOP_ONCE);
  }
  ck_assert_uint_eq(conntrail_emu_count(here->emu, CONNTRAIL_EMU_MISUSE), 0);
  close_scene(here);
}
END_TEST

START_TEST(who_was_not_redirected_is_turned_away) {
  scene *here = open_scene();
  const struct sockaddr_in *proxy = (const struct sockaddr_in *)minimal_proxy_address(here->proxy);
  ck_assert_str_eq(loopback_fetch(here->base, "127.0.0.1", ntohs(proxy->sin_port)), "");
  ck_assert_str_eq(here->said, "original destination: the connection was not redirected\n");
  close_scene(here);
}
END_TEST

START_TEST(a_context_of_unknown_layout_is_named) {
  scene *here = open_scene();
  ck_assert_int_eq(conntrail_emu_set_context(here->acme, "own", 3), CONNTRAIL_OK);
  ck_assert_str_eq(fetch(here), "");
  ck_assert_str_eq(here->said, "original destination: the redirect context has a layout that "
                               "conntrail does not know: pass a decoder of your own\n");
  close_scene(here);
}
END_TEST

START_TEST(records_that_may_not_be_set_stop_the_connection) {
  scene *here = open_scene();
  conntrail_emu_set_privileged(here->emu, false);
  ck_assert_str_eq(fetch(here), "");
  ck_assert_uint_eq(conntrail_emu_count(here->emu, CONNTRAIL_EMU_CONNECTING), 1);
  ck_assert_str_eq(here->said, "transfer of records: on the outbound socket: the system refused "
                               "access: redirect records may need an elevated process\n");
  close_scene(here);
}
END_TEST

START_TEST(a_destination_where_nobody_answers_is_logged) {
  scene *here = open_scene();
  loopback_server_free(here->server);
  here->server = NULL;
  ck_assert_str_eq(fetch(here), "");
  ck_assert_int_eq(strncmp(here->said, "connect: ", 9), 0);
  ck_assert_uint_eq(conntrail_emu_count(here->emu, CONNTRAIL_EMU_DELIVERED), 0);
  close_scene(here);
}
END_TEST

START_TEST(an_address_in_use_is_logged) {
  scene *here = open_scene();
  ck_assert_ptr_null(
      minimal_proxy_new(here->base, minimal_proxy_address(here->proxy), NULL, keep_line, here));
  ck_assert_int_eq(strncmp(here->said, "listen: ", 8), 0);
  close_scene(here);
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("minimal proxy");
  tcase_add_test(cases, many_clients_one_after_the_other);
  tcase_add_test(cases, who_was_not_redirected_is_turned_away);
  tcase_add_test(cases, a_context_of_unknown_layout_is_named);
  tcase_add_test(cases, records_that_may_not_be_set_stop_the_connection);
  tcase_add_test(cases, a_destination_where_nobody_answers_is_logged);
  tcase_add_test(cases, an_address_in_use_is_logged);
  return run_tests(cases);
}
