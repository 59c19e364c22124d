/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include <stddef.h>

#include "expect.h"

/* Any process but ours. [D] pid_max of proc(5): Linux counts to 4,194,304 at most; Windows' numbers
 * are multiples of 4. */
enum { CLIENT_PROCESS = 40004711 };

static conntrail_emu_profile profile;
static conntrail_emu *emulation;

void fixture_begin(conntrail_emu_profile asked) {
  profile = asked;
  (void)net_begin();
}

void fixture_end(void) {
  fixture_close();
  net_end();
}

conntrail_emu_profile fixture_profile(void) {
  return profile;
}

void fixture_open(const conntrail_emu_options *options) {
  conntrail_emu_options wanted = CONNTRAIL_EMU_OPTIONS_INIT;
  if (options != NULL) {
    wanted = *options;
  }
  wanted.profile = profile;
  emulation = conntrail_emu_create(&wanted);
  expect_that(EXPECT_PLACE(conntrail_emu_create), emulation != NULL, conntrail_emu_refusal(),
              "an emulation");
  fixture_use_table(emulation);
}

void fixture_close(void) {
  conntrail_emu_destroy(emulation);
  emulation = NULL;
}

conntrail_emu *fixture_emulation(void) {
  return emulation;
}

conntrail_emu_service *fixture_redirect(const char *name, const char *rule,
                                        const struct sockaddr_storage *proxy) {
  conntrail_emu_service *service = conntrail_emu_add_service(emulation, name, NULL);
  expect_that(EXPECT_PLACE(conntrail_emu_add_service), service != NULL, conntrail_emu_refusal(),
              "a service");
  conntrail_status status = conntrail_emu_redirect(service, rule, (const struct sockaddr *)proxy);
  expect_that(EXPECT_PLACE(conntrail_emu_redirect), status == CONNTRAIL_OK, conntrail_emu_refusal(),
              "OK");
  return service;
}

void fixture_client_begin(void) {
  (void)conntrail_emu_act_as(CLIENT_PROCESS, NULL);
}

void fixture_client_end(void) {
  (void)conntrail_emu_act_as(0, NULL);
}
