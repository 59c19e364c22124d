/* SPDX-License-Identifier: MIT */

/*
 * Queries that are begun. A real kernel answers at once. An emulation in this process may let them
 * pend, by a private option. Contracts: src/backend.h.
 */

#include "../src/backend.h"

#include <errno.h>
#include <sys/socket.h>

#include "conntrail/linux.h"
#include "errno_linux.h"

uint32_t conntrail__backend_begin(conntrail__overlapped *call) {
  const conntrail__pending_option option = {CONNTRAIL_VERSION, call->socket, call};
  if (setsockopt(call->socket, SOL_CONNTRAIL, CONNTRAIL__OPTION_BEGIN, &option, sizeof option) ==
      0) {
    return CONNTRAIL__PENDING;
  }
  if (conntrail__errno_is_lack(errno)) { /* of a real kernel, too, which has no such option */
    return conntrail__native_of_errno(errno);
  }
  return conntrail__backend_ioctl(call->socket, call->code, NULL, 0, call->out, call->capacity,
                                  &call->bytes);
}

void conntrail__backend_cancel(conntrail_socket socket, conntrail__overlapped *call) {
  const conntrail__pending_option option = {CONNTRAIL_VERSION, socket, call};
  (void)setsockopt(socket, SOL_CONNTRAIL, CONNTRAIL__OPTION_CANCEL, &option, sizeof option);
}
