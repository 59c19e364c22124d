/* SPDX-License-Identifier: MIT */
#include "native_calls.h"

#include <errno.h>
#include <stddef.h>

#include "../../src/numbers.h"

#define PAIR(error, name) {CONNTRAIL__##name, error},

static const struct {
  uint32_t native;
  int error;
} pairs[] = {CONNTRAIL__ERRNO_MAP(PAIR)};

int conntrail__native_error_of(uint32_t native) {
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    if (pairs[i].native == native) {
      return pairs[i].error;
    }
  }
  return EIO;
}

uint32_t conntrail__native_number_of(int error) {
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    if (pairs[i].error == error) {
      return pairs[i].native;
    }
  }
  return CONNTRAIL__ERROR_GEN_FAILURE;
}
