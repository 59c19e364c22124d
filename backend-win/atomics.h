/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ATOMICS_H
#define CONNTRAIL_ATOMICS_H

/* A number that threads share; the contracts are those of backend-linux/atomics.h. */

#include <stdbool.h>

#include "win.h"

typedef struct conntrail__atomic {
  volatile LONG value;
} conntrail__atomic;

static inline void conntrail__atomic_init(conntrail__atomic *number, int value) {
  number->value = value;
}

/* [D] Each Interlocked call is a full barrier; the header has none that only reads. */
static inline int conntrail__atomic_load(const conntrail__atomic *number) {
  return (int)InterlockedCompareExchange((volatile LONG *)(uintptr_t)&number->value, 0, 0);
}

static inline int conntrail__atomic_exchange(conntrail__atomic *number, int value) {
  return (int)InterlockedExchange(&number->value, value);
}

static inline void conntrail__atomic_store(conntrail__atomic *number, int value) {
  (void)conntrail__atomic_exchange(number, value);
}

static inline int conntrail__atomic_add(conntrail__atomic *number, int value) {
  return (int)InterlockedExchangeAdd(&number->value, value);
}

static inline bool conntrail__atomic_replace(conntrail__atomic *number, int from, int to) {
  return InterlockedCompareExchange(&number->value, to, from) == from;
}

#endif
