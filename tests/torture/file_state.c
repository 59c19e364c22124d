/* SPDX-License-Identifier: MIT */
/* conntrail-emu with one failing call: which one, and what came of it, stands in a file that the
 * test has made (supervisor_test.py). All processes of conntrail-emu share it; the programs that it
 * starts do not know it. */
#include <execinfo.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fault.h"

enum { NAME_SIZE = 32, STATE_SIZE = 8192, NAMES = 96 };

/* How often a call was made. */
typedef struct tally {
  atomic_uint calls;
  char name[NAME_SIZE];
} tally;

/* supervisor_test.py reads and writes it. */
typedef struct file_state {
  uint32_t failing;     /* in; 0: none */
  char only[NAME_SIZE]; /* in; not "": of the calls of this name */
  atomic_uint calls;
  atomic_uint has_failed;
  uint32_t process; /* whose call it was */
  uint32_t stack_size;
  char name[NAME_SIZE];
  uint64_t stack[TORTURE_STACK]; /* relative to the program's first byte */
  tally tallies[NAMES];
} file_state;

_Static_assert(sizeof(file_state) <= STATE_SIZE, "the file's size");

extern const char __executable_start;
static file_state *state;

__attribute__((constructor)) static void open_state(void) {
  const char *path = getenv("CONNTRAIL_TORTURE");
  int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
  void *memory =
      fd < 0 ? MAP_FAILED : mmap(NULL, STATE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) {
    perror("torture: CONNTRAIL_TORTURE");
    _exit(EXIT_FAILURE);
  }
  (void)close(fd);
  state = memory;
  void *frame[1];
  (void)backtrace(frame, 1); /* the first call allocates */
}

static void note(const char *call) {
  void *stack[TORTURE_STACK];
  int size = backtrace(stack, TORTURE_STACK);
  (void)snprintf(state->name, sizeof state->name, "%s", call);
  for (int index = 0; index < size; ++index) {
    state->stack[index] = (uint64_t)((uintptr_t)stack[index] - (uintptr_t)&__executable_start);
  }
  state->stack_size = (uint32_t)size;
  state->process = (uint32_t)getpid();
  atomic_store(&state->has_failed, 1);
}

static tally *tally_of(const char *call) {
  int index = 0;
  while (index < NAMES - 1 && state->tallies[index].name[0] != '\0' &&
         strncmp(state->tallies[index].name, call, NAME_SIZE - 1) != 0) {
    ++index;
  }
  if (state->tallies[index].name[0] == '\0') {
    (void)snprintf(state->tallies[index].name, NAME_SIZE, "%s", call);
  }
  return &state->tallies[index];
}

bool torture_fails(const char *call) {
  if (state == NULL) {
    return false;
  }
  unsigned number = atomic_fetch_add(&state->calls, 1) + 1;
  tally *same = tally_of(call);
  unsigned of_name = atomic_fetch_add(&same->calls, 1) + 1;
  if (state->only[0] != '\0') {
    number = strncmp(same->name, state->only, NAME_SIZE) == 0 ? of_name : 0;
  }
  if (number == 0 || number != state->failing) {
    return false;
  }
  note(call);
  return true;
}

void torture_count_block(int change) {
  (void)change;
}
