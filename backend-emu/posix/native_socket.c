/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "../frontend/system_linux.h"
#include "watched.h"

/* libc's sockets, for the shared logic (frontend/native_calls.h, system_linux.h). */

conntrail__linux_calls conntrail__native_linux_calls(void) {
  return (conntrail__linux_calls){.socket = CONNTRAIL__REAL(socket),
                                  .bind = CONNTRAIL__REAL(bind),
                                  .connect = CONNTRAIL__REAL(connect),
                                  .getsockname = getsockname,
                                  .getpeername = CONNTRAIL__REAL(getpeername),
                                  .getsockopt = CONNTRAIL__REAL(getsockopt),
                                  .setsockopt = CONNTRAIL__REAL(setsockopt)};
}

void conntrail__native_close(intptr_t handle) {
  int error = errno;
  CONNTRAIL__REAL(close)((int)handle);
  errno = error;
}
