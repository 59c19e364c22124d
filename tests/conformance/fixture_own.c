/* SPDX-License-Identifier: MIT */
#include "fixture.h"

/* The engine is in this process, which is the default. */
unsigned fixture_offers_of_emulation(void) {
  return NEEDS_EMULATION | NEEDS_OWN | NEEDS_PENDING;
}
