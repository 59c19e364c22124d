/* SPDX-License-Identifier: MIT */
#include "../frontend/device_linux.h"
#include "../frontend/system_linux.h"

/* Sockets for the shared decisions (frontend/native_calls.h, system_linux.h): those of programs,
 * which are borrowed, and the supervisor's own. */

conntrail__linux_calls conntrail__native_linux_calls(void) {
  return (conntrail__linux_calls){socket,      bind,       connect,   getsockname,
                                  getpeername, getsockopt, setsockopt};
}

int conntrail__native_let_through(intptr_t handle, int family, const conntrail__address *target) {
  (void)target;
  return conntrail__lift_device((int)handle, family);
}
