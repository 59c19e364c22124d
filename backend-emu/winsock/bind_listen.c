/* SPDX-License-Identifier: MIT */

/* bind and listen: the system performs them, and report to the engine. */

#include "winsock.h"

typedef void (*report)(const conntrail__reference *socket);

static int reported(int answer, SOCKET handle, report tell) {
  conntrail__reference socket;
  if (answer == 0 && conntrail__reference_enter((intptr_t)handle, &socket)) {
    tell(&socket);
    conntrail__reference_leave();
  }
  return answer;
}

int WSAAPI conntrail__watched_bind(SOCKET handle, const struct sockaddr *name, int size) {
  return reported(conntrail__system_calls()->bind(handle, name, size), handle,
                  conntrail__tell_bound);
}

int WSAAPI conntrail__watched_listen(SOCKET handle, int backlog) {
  return reported(conntrail__system_calls()->listen(handle, backlog), handle,
                  conntrail__tell_listening);
}
