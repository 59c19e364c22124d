/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ENGINE_RANDOM_H
#define CONNTRAIL_ENGINE_RANDOM_H

/* Random numbers from the emulation's seed, and the seal of its records. */

#include "engine.h"

uint64_t conntrail__random(conntrail_emu *emu);
/* SipHash-2-4 (seal.c). */
uint64_t conntrail__seal(const uint64_t key[2], const void *bytes, size_t size);

#endif
