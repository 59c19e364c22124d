/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include <event2/event.h>

#include "conntrail/emu.h"
#include "forgetful_proxy.h"
#include "loopback.h"
#include "run_tests.h"

static void keep_line(const char *line, void *argument) {
  strcat(argument, line);
}

static conntrail_emu_event loop_in(const conntrail_emu *emu) {
  conntrail_emu_event event = {.struct_size = sizeof event};
  while (event.kind != CONNTRAIL_EMU_LOOP) {
    ck_assert(conntrail_emu_next_event(emu, event.number, &event));
  }
  return event;
}

START_TEST(a_proxy_that_transfers_nothing_is_told_so_at_its_first_turn) {
  char said[256] = "";
  struct event_base *base = event_base_new();
  conntrail_emu *emu = conntrail_emu_create(NULL);
  minimal_proxy *proxy = forgetful_proxy_new(base, loopback_any_port(), NULL, keep_line, said);

  conntrail_emu_service *acme = conntrail_emu_add_service(emu, "acme", NULL);
  conntrail_emu_redirect(acme, "tcp 93.184.216.0/24 port 80", minimal_proxy_address(proxy));

  ck_assert_int_eq(conntrail_emu_act_as(40004711, "client"), CONNTRAIL_OK);
  ck_assert_str_eq(loopback_fetch(base, "93.184.216.34", 80), "");
  ck_assert_uint_eq(conntrail_emu_count(emu, CONNTRAIL_EMU_REDIRECTED), 1);
  ck_assert_uint_eq(conntrail_emu_count(emu, CONNTRAIL_EMU_LOOP), 1);
  ck_assert_int_eq(strncmp(said, "connect: ", 9), 0);

  const conntrail_emu_event loop = loop_in(emu);
  char trail[4096];
  char cure[128];
  snprintf(cure, sizeof cure,
           "call conntrail_transfer_records(socket %u, socket %u) before connect",
           (unsigned)loop.from, (unsigned)loop.socket);
  conntrail_emu_trail_text(emu, CONNTRAIL_EMU_TEXT_PLAIN, trail, sizeof trail);
  ck_assert_ptr_eq(loop.service, acme);
  ck_assert_ptr_nonnull(strstr(trail, cure));

  minimal_proxy_free(proxy);
  event_base_free(base);
  conntrail_emu_destroy(emu);
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("forgetful proxy");
  tcase_add_test(cases, a_proxy_that_transfers_nothing_is_told_so_at_its_first_turn);
  return run_tests(cases);
}
