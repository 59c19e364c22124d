/* SPDX-License-Identifier: MIT */
/* The allocations of the code under test, whose objects call these functions in place of libc's
 * (CMakeLists.txt). */
#include <errno.h>
#include <stdlib.h>

#include "fault.h"

void *torture_malloc(size_t size);
void *torture_calloc(size_t count, size_t size);
void *torture_realloc(void *block, size_t size);
void torture_free(void *block);

static void *count(void *block) {
  torture_count_block(block != NULL);
  return block;
}

static void *refuse(void) {
  errno = ENOMEM;
  return NULL;
}

void *torture_malloc(size_t size) {
  return torture_fails("malloc") ? refuse() : count(malloc(size));
}

void *torture_calloc(size_t number, size_t size) {
  return torture_fails("calloc") ? refuse() : count(calloc(number, size));
}

void *torture_realloc(void *block, size_t size) {
  if (torture_fails("realloc")) {
    return refuse();
  }
  void *moved = realloc(block, size);
  torture_count_block(block == NULL && moved != NULL);
  return moved;
}

void torture_free(void *block) {
  torture_count_block(block == NULL ? 0 : -1);
  free(block);
}
