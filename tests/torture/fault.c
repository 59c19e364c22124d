/* SPDX-License-Identifier: MIT */
#include "fault.h"

#include <execinfo.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

typedef struct shared {
  atomic_uint calls;
  atomic_bool has_failed;
  torture_record record;
} shared;

static shared *state;
static atomic_uint failing;
static atomic_long blocks;

static _Thread_local unsigned hits;
static _Thread_local unsigned depth;
static _Thread_local const char *outermost;
static _Thread_local unsigned product_depth;

bool torture_prepare(void) {
  void *memory =
      mmap(NULL, sizeof *state, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  state = memory == MAP_FAILED ? NULL : memory;
  /* The first call allocates. */
  void *frame[1];
  (void)backtrace(frame, 1);
  return state != NULL;
}

void torture_arm(unsigned nth) {
  memset(&state->record, 0, sizeof state->record);
  atomic_store(&state->has_failed, false);
  atomic_store(&state->calls, 0);
  atomic_store(&failing, nth);
  depth = 0;
}

torture_record *torture_result(void) {
  state->record.calls = atomic_load(&state->calls);
  state->record.has_failed = atomic_load(&state->has_failed);
  return &state->record;
}

bool torture_fails(const char *call) {
  unsigned number = atomic_fetch_add(&state->calls, 1) + 1;
  if (number != atomic_load(&failing)) {
    return false;
  }
  ++hits;
  state->record.failed = call;
  state->record.within = depth > 0 ? outermost : NULL;
  state->record.is_of_product = product_depth > 0;
  state->record.stack_size = backtrace(state->record.stack, TORTURE_STACK);
  atomic_store(&state->has_failed, true);
  return true;
}

unsigned torture_hits(void) {
  return hits;
}

void torture_enter(const char *call) {
  if (depth++ == 0) {
    outermost = call;
  }
}

void torture_leave(void) {
  depth -= depth > 0;
}

bool torture_is_outermost(void) {
  return depth == 1;
}

void torture_enter_product(void) {
  ++product_depth;
}

void torture_leave_product(void) {
  --product_depth;
}

void torture_count_block(int change) {
  atomic_fetch_add(&blocks, change);
}

long torture_blocks(void) {
  return atomic_load(&blocks);
}
