/* SPDX-License-Identifier: MIT */

#include "scripted_heap.h"

static bool watching;
static unsigned calls;
static unsigned failing;
static size_t last_size;

void scripted_heap_begin(unsigned failing_call) {
  watching = false;
  calls = 0;
  failing = failing_call;
  last_size = 0;
}

bool scripted_heap_watch(bool watch) {
  bool before = watching;
  watching = watch;
  return before;
}

unsigned scripted_heap_calls(void) {
  return calls;
}

size_t scripted_heap_last_size(void) {
  return last_size;
}

/* The linker's names for the wrapper and for the wrapped function. */
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

void *__wrap_malloc(size_t size) {
  if (!watching) {
    return __real_malloc(size);
  }
  calls++;
  last_size = size;
  return calls == failing ? NULL : __real_malloc(size);
}
