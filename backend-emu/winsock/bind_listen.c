/* SPDX-License-Identifier: MIT */

/* bind and listen: the system performs them, and report to the engine. */

#include "winsock.h"

typedef void (*report_address)(conntrail__socket *socket, const conntrail__address *local);

static int reported(int answer, SOCKET handle, report_address report) {
  conntrail__address local;
  if (answer != 0 || !conntrail__address_local(handle, &local)) {
    return answer;
  }
  conntrail__native_lock();
  const conntrail__descriptor *found = conntrail__descriptor_find(handle);
  if (found != NULL) {
    report(found->socket, &local);
  }
  conntrail__native_unlock();
  return answer;
}

int WSAAPI conntrail__watched_bind(SOCKET handle, const struct sockaddr *name, int size) {
  return reported(conntrail__system_calls()->bind(handle, name, size), handle,
                  conntrail__socket_bound);
}

int WSAAPI conntrail__watched_listen(SOCKET handle, int backlog) {
  return reported(conntrail__system_calls()->listen(handle, backlog), handle,
                  conntrail__socket_listening);
}
