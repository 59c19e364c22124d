/* SPDX-License-Identifier: MIT */
#include "control.h"

#include <stdio.h>

size_t conntrail_emu_pending(conntrail_emu *emu) {
  size_t count;
  if (emu == NULL) {
    (void)conntrail__refuse_null("conntrail_emu_pending", "emu");
    return 0;
  }
  conntrail__native_lock();
  count = conntrail__pending_count(emu);
  conntrail__native_unlock();
  return count;
}

static conntrail_status refuse_index(size_t index, size_t count) {
  conntrail__refusal *refusal = conntrail__session_refusal();
  snprintf(refusal->text, sizeof refusal->text,
           "conntrail_emu_complete: index is %lu, and %lu queries pend; ask conntrail_emu_pending "
           "first (only the profile CONNTRAIL_EMU_CONTRARY lets queries pend)",
           (unsigned long)index, (unsigned long)count);
  return CONNTRAIL_INVALID;
}

conntrail_status conntrail_emu_complete(conntrail_emu *emu, size_t index) {
  size_t count;
  if (emu == NULL) {
    return conntrail__refuse_null("conntrail_emu_complete", "emu");
  }
  conntrail__native_lock();
  count = conntrail__pending_count(emu);
  if (index < count) {
    (void)conntrail__pending_answer(emu, (uint32_t)index);
  }
  conntrail__native_unlock();
  return index < count ? CONNTRAIL_OK : refuse_index(index, count);
}
