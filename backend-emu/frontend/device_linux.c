/* SPDX-License-Identifier: MIT */
#include "device_linux.h"

#include <errno.h>
#include <netinet/in.h>

#include "system_linux.h"

enum { LOOPBACK_INDEX = 1 };

/* Sets it to 0 where it is neither that nor `harmless`. False: not permitted. */
static bool lift(const conntrail__linux_calls *calls, int fd, int level, int name, int harmless) {
  int value = 0;
  const int none = 0;
  socklen_t size = sizeof value;
  if (calls->getsockopt(fd, level, name, &value, &size) != 0 || value == 0 || value == harmless) {
    return true;
  }
  return calls->setsockopt(fd, level, name, &none, sizeof none) == 0;
}

int conntrail__lift_device(int fd, int family) {
  const conntrail__linux_calls calls = conntrail__native_linux_calls();
  bool is_lifted =
      lift(&calls, fd, SOL_SOCKET, CONNTRAIL__BIND_TO_INDEX, LOOPBACK_INDEX) &&
      lift(&calls, fd, SOL_SOCKET, CONNTRAIL__MARK, 0) &&
      (family == AF_INET ? lift(&calls, fd, IPPROTO_IP, CONNTRAIL__UNICAST_INTERFACE, 0)
                         : lift(&calls, fd, IPPROTO_IPV6, CONNTRAIL__UNICAST_INTERFACE6, 0));
  return is_lifted ? 0 : ENETUNREACH;
}
