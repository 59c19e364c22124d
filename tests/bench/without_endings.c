/* SPDX-License-Identifier: MIT */
/*
 * conntrail-emu without the end of flows, to measure what that costs. The executable is linked with
 * -Wl,--wrap of these two: no destroyed socket is reported, and no accepted end is looked for.
 */
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend-emu/supervisor/diag.h"

typedef struct conntrail__supervisor conntrail__supervisor;
typedef struct conntrail__known conntrail__known;

bool __real_conntrail__diag_open(conntrail__diag *diag);
bool __wrap_conntrail__diag_open(conntrail__diag *diag);
void __wrap_conntrail__await(conntrail__supervisor *supervisor, const conntrail__known *client,
                             const conntrail__address *original, bool is_redirected);

bool __wrap_conntrail__diag_open(conntrail__diag *diag) {
  if (!__real_conntrail__diag_open(diag)) {
    return false;
  }
  close(diag->events);
  /* Never ready. Of the same network namespace: the supervisor looks at it for that as well. */
  diag->events = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP);
  return diag->events >= 0;
}

void __wrap_conntrail__await(conntrail__supervisor *supervisor, const conntrail__known *client,
                             const conntrail__address *original, bool is_redirected) {
  (void)supervisor;
  (void)client;
  (void)original;
  (void)is_redirected;
}
