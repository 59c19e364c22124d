/* SPDX-License-Identifier: MIT */
#include "fixture.h"

/* A supervisor answers the system calls (tests/supervised). There is one emulation, which crosses
 * fork; without it there is the real kernel, and it learns of a socket by its first use, whenever
 * it was made. No query could be completed. */
unsigned fixture_offers_of_environment(void) {
  return NEEDS_EMULATION | NEEDS_RECORDS | NEEDS_CONTEXT | NEEDS_UNWATCHED | NEEDS_PASSING |
         NEEDS_BORROWING;
}

/* No service would see what they send (E8). */
unsigned fixture_forbids_of_environment(void) {
  return NEEDS_RAW_SOCKETS;
}

/* The profile that is compiled in serves. */
void fixture_use_table(conntrail_emu *emulation) {
  (void)emulation;
}
