/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <unistd.h>

#include "../frontend/native_calls.h"

/* What the shared decisions ask (frontend/native_calls.h) of a process that has one thread, which
 * supervises: conntrail-emu. */

void conntrail__native_close(intptr_t handle) {
  int error = errno;
  close((int)handle);
  errno = error;
}
