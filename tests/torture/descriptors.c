/* SPDX-License-Identifier: MIT */
#include "descriptors.h"

#include <stdatomic.h>

enum { DESCRIPTORS = 4096, IS_FREE = 0, IS_OURS, IS_GIVEN };

static atomic_char owners[DESCRIPTORS];

static void set(int fd, char owner) {
  if (fd >= 0 && fd < DESCRIPTORS) {
    atomic_store(&owners[fd], owner);
  }
}

void torture_descriptors_begin(void) {
  for (int fd = 0; fd < DESCRIPTORS; ++fd) {
    set(fd, IS_FREE);
  }
}

void torture_opened(int fd) {
  set(fd, IS_OURS);
}

void torture_closed(int fd) {
  set(fd, IS_FREE);
}

void torture_given(int fd) {
  set(fd, IS_GIVEN);
}

int torture_leaked(void) {
  int fd = 0;
  while (fd < DESCRIPTORS && atomic_load(&owners[fd]) != IS_OURS) {
    ++fd;
  }
  return fd == DESCRIPTORS ? -1 : fd;
}
