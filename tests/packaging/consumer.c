/* SPDX-License-Identifier: MIT */

/*
 * A program of somebody else. It proves that the headers belong to the library that it runs with,
 * and that the emulation is whole: creating one fails where the watched calls were left out of the
 * link (clause E7).
 */

#include <stdio.h>

#include "conntrail/conntrail.h"
#include "conntrail/emu.h"

int main(void) {
  conntrail_emu *emu;

  if (conntrail_version() != CONNTRAIL_VERSION) {
    printf("headers are %s, the library is %06x\n", CONNTRAIL_VERSION_TEXT,
           (unsigned)conntrail_version());
    return 1;
  }
  emu = conntrail_emu_create(NULL);
  if (emu == NULL) {
    printf("no emulation: %s\n", conntrail_emu_refusal());
    return 2;
  }
  conntrail_emu_destroy(emu);
  printf("conntrail %s\n", CONNTRAIL_VERSION_TEXT);
  return 0;
}
