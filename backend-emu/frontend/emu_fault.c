/* SPDX-License-Identifier: MIT */
#include "control.h"

#include <stdio.h>
#include <string.h>

/* A caller compiled against an older header gives a smaller structure: the rest is default. */
static bool read_fault(const conntrail_emu_fault *given, conntrail_emu_fault *fault) {
  static const conntrail_emu_fault defaults = CONNTRAIL_EMU_FAULT_INIT;
  conntrail__refusal *refusal = conntrail__session_refusal();
  *fault = defaults;
  if (given->struct_size >= sizeof given->struct_size && given->struct_size <= sizeof *fault) {
    memcpy(fault, given, given->struct_size);
    fault->struct_size = sizeof *fault;
    return true;
  }
  snprintf(refusal->text, sizeof refusal->text,
           "conntrail_emu_add_fault: fault.struct_size is %lu, this library knows %lu; start from "
           "CONNTRAIL_EMU_FAULT_INIT, with the header of this library",
           (unsigned long)given->struct_size, (unsigned long)sizeof *fault);
  return false;
}

static conntrail_status add_locked(conntrail_emu *emu, const conntrail_emu_fault *fault) {
  conntrail__socket *socket = NULL;
  if (fault->socket != CONNTRAIL_INVALID_SOCKET) {
    socket = conntrail__session_find(emu, fault->socket);
    if (socket == NULL) {
      return conntrail__refuse_call(
          CONNTRAIL_INVALID, "conntrail_emu_add_fault",
          "fault.socket is no open socket of this emulation; name one that "
          "was created in it, or leave CONNTRAIL_INVALID_SOCKET for every one");
    }
  }
  return conntrail__fault_add(emu, fault, socket, conntrail__session_refusal());
}

conntrail_status conntrail_emu_add_fault(conntrail_emu *emu, const conntrail_emu_fault *fault) {
  conntrail_emu_fault complete;
  conntrail_status status;
  if (emu == NULL || fault == NULL) {
    return conntrail__refuse_null("conntrail_emu_add_fault", emu == NULL ? "emu" : "fault");
  }
  if (!read_fault(fault, &complete)) {
    return CONNTRAIL_INVALID;
  }
  conntrail__native_lock();
  status = add_locked(emu, &complete);
  conntrail__native_expect_faults();
  conntrail__native_unlock();
  return status;
}

void conntrail_emu_clear_faults(conntrail_emu *emu) {
  if (emu == NULL) {
    (void)conntrail__refuse_null("conntrail_emu_clear_faults", "emu");
    return;
  }
  conntrail__native_lock();
  conntrail__fault_clear(emu);
  conntrail__native_unlock();
}
