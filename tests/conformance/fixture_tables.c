/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "conntrail/emu_files.h"
#include "expect.h"

/* As fixture_own.c, but the profile comes from a file: NAME.json in the folder that the environment
 * names in CONNTRAIL_TEST_TABLES (tests/conformance/tables). */
unsigned fixture_offers_of_environment(void) {
  return NEEDS_EMULATION | NEEDS_RECORDS | NEEDS_CONTEXT | NEEDS_OWN | NEEDS_PENDING |
         NEEDS_UNWATCHED;
}

unsigned fixture_forbids_of_environment(void) {
  return NEEDS_NOTHING;
}

void fixture_use_table(conntrail_emu *emulation) {
  enum { PATH_BYTES = 1024 };
  char path[PATH_BYTES];
  const char *folder = getenv("CONNTRAIL_TEST_TABLES");
  if (emulation == NULL) {
    return; /* the case says why */
  }
  (void)snprintf(path, sizeof path, "%s/%s.json", folder == NULL ? "." : folder,
                 conntrail_emu_builtin_table(fixture_profile())->name);
  expect_that(EXPECT_PLACE(conntrail_emu_load_profile),
              conntrail_emu_load_profile(emulation, path) == CONNTRAIL_OK, conntrail_emu_refusal(),
              "OK");
}
