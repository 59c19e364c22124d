/* SPDX-License-Identifier: MIT */
#include "buffers.h"

#include <stdlib.h>

enum { MOST_IDLE = 64 };

/* An idle buffer's first bytes. */
typedef struct buffer {
  struct buffer *next;
} buffer;

void *buffers_take(buffers *of) {
  buffer *taken = of->idle;
  if (taken) {
    of->idle = taken->next;
    of->idle_count--;
    return taken;
  }
  taken = of->made < of->most ? malloc(BUFFER_SIZE) : NULL;
  of->made += taken != NULL;
  return taken;
}

void buffers_give(buffers *to, void *given) {
  buffer *idle = given;
  if (to->idle_count == MOST_IDLE) {
    free(given);
    to->made--;
    return;
  }
  idle->next = to->idle;
  to->idle = idle;
  to->idle_count++;
}

void buffers_free(buffers *all) {
  while (all->idle) {
    buffer *freed = all->idle;
    all->idle = freed->next;
    free(freed);
  }
  all->idle_count = 0;
}
