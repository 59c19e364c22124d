/* SPDX-License-Identifier: MIT */
#include "random.h"
#include "emulation.h"

/* SplitMix64: small, seedable, and good enough to spread faults. */
uint64_t conntrail__random(conntrail_emu *emu) {
  uint64_t z = emu->random += UINT64_C(0x9E3779B97F4A7C15);
  z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
  return z ^ (z >> 31);
}
