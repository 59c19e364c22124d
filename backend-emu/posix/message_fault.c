/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "kernel_option.h"
#include "native.h"

uint32_t conntrail__message_fault(int fd, conntrail_emu_operation operation) {
  conntrail__hold hold;
  if (!conntrail__hold_take(fd, &hold)) {
    return 0;
  }
  if (!hold.may_fault || hold.is_inherited || hold.kind != CONNTRAIL__DATAGRAM) {
    conntrail__hold_drop(&hold);
    return 0;
  }
  if (!conntrail__hold_resume(&hold)) {
    return 0;
  }
  uint32_t native = conntrail__kernel_datagram_fault(hold.socket, operation);
  conntrail__hold_end(&hold);
  return native;
}

int conntrail__fail_message(uint32_t native) {
  int error = conntrail__errno_of(native);
  conntrail__self.native_error = native;
  errno = conntrail__native_of(error) == native ? error : EREMOTEIO;
  return -1;
}
