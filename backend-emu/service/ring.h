/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SERVICE_RING_H
#define CONNTRAIL_SERVICE_RING_H

/*
 * What a process tells the service without waiting for an answer goes through memory that both
 * have: a ring that the process writes and the service reads. The service makes it, sealed, so
 * that a process cannot take memory away from under it, and trusts nothing that it reads there.
 *
 * The service looks into the rings before each answer, and every millisecond while something
 * comes. Otherwise it sleeps, and wants to be woken by whoever tells something.
 */

#include <stdatomic.h>
#include <time.h>

#include "protocol.h"

enum { CONNTRAIL__RING_PLACES = 512 };

/* Without a payload. time orders what several processes tell. */
typedef struct conntrail__told {
  uint64_t time; /* nanoseconds of the monotonic clock, when it was told */
  conntrail__request request;
} conntrail__told;

/* What the process writes, what the service writes, and what both do, a cache line each. Both
 * counts pass 2^32 by and begin again. */
typedef struct conntrail__ring {
  _Alignas(64) _Atomic uint32_t written;
  _Alignas(64) _Atomic uint32_t taken;
  _Alignas(64) _Atomic uint32_t wants_waking;
  _Alignas(64) conntrail__told places[CONNTRAIL__RING_PLACES];
} conntrail__ring;

_Static_assert(sizeof(conntrail__told) == 160, "the same for 32 and 64 bits");
_Static_assert((CONNTRAIL__RING_PLACES & (CONNTRAIL__RING_PLACES - 1)) == 0, "the counts wrap");

static inline uint64_t conntrail__ring_now(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

#endif
