/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ATOMICS_H
#define CONNTRAIL_ATOMICS_H

/*
 * A number that threads share. backend-win has a file of the same name: Visual Studio has no
 * stdatomic.h in C. Each call is one step, and all threads see the steps in one order.
 */

#include <stdatomic.h>
#include <stdbool.h>

typedef struct conntrail__atomic {
  atomic_int value;
} conntrail__atomic;

/* For a number that no other thread knows yet. */
static inline void conntrail__atomic_init(conntrail__atomic *number, int value) {
  atomic_init(&number->value, value);
}

static inline int conntrail__atomic_load(const conntrail__atomic *number) {
  return atomic_load(&number->value);
}

static inline void conntrail__atomic_store(conntrail__atomic *number, int value) {
  atomic_store(&number->value, value);
}

/* These return what the number was before. */
static inline int conntrail__atomic_exchange(conntrail__atomic *number, int value) {
  return atomic_exchange(&number->value, value);
}

static inline int conntrail__atomic_add(conntrail__atomic *number, int value) {
  return atomic_fetch_add(&number->value, value);
}

/* Whether the number was `from`; then it is `to` now. */
static inline bool conntrail__atomic_replace(conntrail__atomic *number, int from, int to) {
  return atomic_compare_exchange_strong(&number->value, &from, to);
}

#endif
