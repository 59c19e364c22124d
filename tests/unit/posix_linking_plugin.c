/* SPDX-License-Identifier: MIT */
/* The one part of posix_linking_test that is linked with conntrail, and so that no other part's
 * connect() comes to it. */
#include "conntrail/emu.h"

CONNTRAIL_API const char *refusal_in_plugin(void);

const char *refusal_in_plugin(void) {
  conntrail_emu *emu = conntrail_emu_create(NULL);
  conntrail_emu_destroy(emu);
  return emu == NULL ? conntrail_emu_refusal() : "it was created";
}
