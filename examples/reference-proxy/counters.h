/* SPDX-License-Identifier: MIT */
#ifndef REFERENCE_PROXY_COUNTERS_H
#define REFERENCE_PROXY_COUNTERS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/** The one list: X(name). They count connections unless README.md says otherwise. */
#define COUNTERS(X)                                                                                \
  X(accepted)                                                                                      \
  X(open)                                                                                          \
  X(records_transferred)                                                                           \
  X(not_redirected)                                                                                \
  X(loops)                                                                                         \
  X(records_failed)                                                                                \
  X(no_destination)                                                                                \
  X(connected)                                                                                     \
  X(connect_failed)                                                                                \
  X(connect_timed_out)                                                                             \
  X(ended)                                                                                         \
  X(broken)                                                                                        \
  X(idle_timed_out)                                                                                \
  X(bytes_up)                                                                                      \
  X(bytes_down)                                                                                    \
  X(spliced)                                                                                       \
  X(peeked)                                                                                        \
  X(accept_pauses)                                                                                 \
  X(udp_flows)                                                                                     \
  X(udp_dropped)

typedef enum counter {
#define COUNTER_CONSTANT(name) COUNTER_##name,
  COUNTERS(COUNTER_CONSTANT)
#undef COUNTER_CONSTANT
      COUNTER_COUNT
} counter;

/** The counters of one worker: its thread writes them, any thread may read them. */
typedef struct counters {
  _Atomic uint64_t values[COUNTER_COUNT];
} counters;

/* Only one thread writes, so that no atomic addition is needed. */
static inline void count_by(counters *all, counter which, uint64_t amount) {
  _Atomic uint64_t *value = &all->values[which];
  atomic_store_explicit(value, atomic_load_explicit(value, memory_order_relaxed) + amount,
                        memory_order_relaxed);
}

static inline void count(counters *all, counter which) {
  count_by(all, which, 1);
}

static inline void count_down(counters *all, counter which) {
  count_by(all, which, UINT64_MAX);
}

static inline void count_set(counters *all, counter which, uint64_t value) {
  atomic_store_explicit(&all->values[which], value, memory_order_relaxed);
}

static inline uint64_t count_of(const counters *all, counter which) {
  return atomic_load_explicit(&all->values[which], memory_order_relaxed);
}

/** Adds all counters. */
void counters_add(counters *sum, const counters *more);

/** One JSON object in one line: {"accepted":1,...}. Cut if capacity is too small; 1,024 bytes are
 * enough.
 */
void counters_write(const counters *all, char *text, size_t capacity);

#endif
