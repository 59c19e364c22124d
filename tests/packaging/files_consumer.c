/* SPDX-License-Identifier: MIT */

/* A user's test, whose emulation reads a profile and a scenario: here ones that are not
 * there. */

#include <stdio.h>
#include <string.h>

#include "conntrail/conntrail.h"
#include "conntrail/emu.h"
#include "conntrail/emu_files.h"

static const char profile[] = "no-such-profile.json";
static const char scenario[] = "no-such-scenario.json";

int main(void) {
  conntrail_emu *emu = conntrail_emu_create(NULL);

  if (emu == NULL || conntrail_emu_load_profile(emu, profile) != CONNTRAIL_INVALID ||
      strstr(conntrail_emu_refusal(), profile) == NULL ||
      conntrail_emu_load_scenario(emu, scenario, NULL, 0) != CONNTRAIL_INVALID ||
      strstr(conntrail_emu_refusal(), scenario) == NULL) {
    printf("refusal: %s\n", conntrail_emu_refusal());
    return 1;
  }
  conntrail_emu_destroy(emu);
  printf("conntrail %s\n", CONNTRAIL_VERSION_TEXT);
  return 0;
}
