/* SPDX-License-Identifier: MIT */

/* Somebody else's test, whose emulation reads a profile: here one that is not there. */

#include <stdio.h>
#include <string.h>

#include "conntrail/conntrail.h"
#include "conntrail/emu.h"
#include "conntrail/emu_files.h"

int main(void) {
  static const char name[] = "no-such-profile.json";
  conntrail_emu *emu = conntrail_emu_create(NULL);

  if (emu == NULL || conntrail_emu_load_profile(emu, name) != CONNTRAIL_INVALID ||
      strstr(conntrail_emu_refusal(), name) == NULL) {
    printf("refusal: %s\n", conntrail_emu_refusal());
    return 1;
  }
  conntrail_emu_destroy(emu);
  printf("conntrail %s\n", CONNTRAIL_VERSION_TEXT);
  return 0;
}
