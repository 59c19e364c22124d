/* SPDX-License-Identifier: MIT */
#include "counters.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const names[] = {
#define COUNTER_NAME(name) #name,
    COUNTERS(COUNTER_NAME)
#undef COUNTER_NAME
};

void counters_add(counters *sum, const counters *more) {
  for (int i = 0; i < COUNTER_COUNT; i++) {
    count_by(sum, (counter)i, count_of(more, (counter)i));
  }
}

void counters_write(const counters *all, char *text, size_t capacity) {
  size_t used = 0;
  for (int i = 0; i < COUNTER_COUNT && used < capacity; i++) {
    const int more = snprintf(text + used, capacity - used, "%s\"%s\":%" PRIu64, i == 0 ? "{" : ",",
                              names[i], count_of(all, (counter)i));
    used += (size_t)more;
  }
  if (used < capacity) {
    (void)snprintf(text + used, capacity - used, "}");
  }
}
