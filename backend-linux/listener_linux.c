/* SPDX-License-Identifier: MIT */

/* What a listening socket needs to take redirected traffic. Contract: src/backend.h, clause K16. */

#include "../src/backend.h"

#include <errno.h>

#include "errno_linux.h"

/* [S] SOL_IP sets it for IPv6 sockets as well: IPV6_TRANSPARENT is the same flag. */
uint32_t conntrail__backend_prepare_listener(conntrail_socket socket, unsigned flags) {
  const int enabled = 1;
  if ((flags & CONNTRAIL_LISTEN_TRANSPARENT) != 0 &&
      setsockopt(socket, SOL_IP, IP_TRANSPARENT, &enabled, sizeof enabled) != 0) {
    return conntrail__native_of_errno(errno);
  }
  return 0;
}
