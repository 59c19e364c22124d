/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "kernel_option.h"

uint32_t conntrail__message_fault(int fd, conntrail_emu_operation operation) {
  conntrail__reference socket;
  if (!conntrail__reference_enter(fd, &socket)) {
    return 0;
  }
  uint32_t native = 0;
  if (socket.may_fault && !socket.is_inherited && socket.kind == CONNTRAIL__DATAGRAM) {
    native = conntrail__datagram_fault(socket.socket, operation);
  }
  conntrail__reference_leave();
  return native;
}

int conntrail__fail_message(uint32_t native) {
  conntrail__self.native_error = native;
  errno = conntrail__message_errno(native);
  return -1;
}
