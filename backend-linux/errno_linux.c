/* SPDX-License-Identifier: MIT */
#include "errno_linux.h"

#include <errno.h>
#include <stddef.h>

#include "../src/numbers.h"

#define PAIR(error, name) {error, CONNTRAIL__##name},

/* Winsock says of every handle that is no socket what Linux says of an open file. */
static const struct {
  int error;
  uint32_t native;
} pairs[] = {PAIR(EBADF, WSAENOTSOCK) CONNTRAIL__ERRNO_MAP(PAIR)};

uint32_t conntrail__native_of_errno(int error) {
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    if (pairs[i].error == error) {
      return pairs[i].native;
    }
  }
  return CONNTRAIL__ERROR_GEN_FAILURE;
}

bool conntrail__errno_is_lack(int error) {
  return error == ENOBUFS || error == ENOMEM;
}
