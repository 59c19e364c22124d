/* SPDX-License-Identifier: MIT */
#include "fixture.h"

/* The engine is in this process, which is the default. */
unsigned fixture_offers_of_environment(void) {
  return NEEDS_EMULATION | NEEDS_RECORDS | NEEDS_CONTEXT | NEEDS_OWN | NEEDS_PENDING |
         NEEDS_UNWATCHED;
}

unsigned fixture_forbids_of_environment(void) {
  return NEEDS_NOTHING;
}

/* The profile that is compiled in serves. */
void fixture_use_table(conntrail_emu *emulation) {
  (void)emulation;
}
