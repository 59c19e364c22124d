/* SPDX-License-Identifier: MIT */
#include "../frontend/system_linux.h"
#include "watched.h"

void conntrail__untracked_connects(int fd) {
  conntrail__untracked untracked;
  const conntrail__session_entry *current;
  (void)conntrail__untracked_describe(fd, &untracked);
  if (!untracked.is_internet || !untracked.is_stream || untracked.is_connected) {
    return;
  }
  conntrail__native_lock();
  current = conntrail__session_current();
  if (current != NULL && !current->is_inherited) {
    conntrail__note_misuse(current->emu, NULL, CONNTRAIL_EMU_MISUSE_OUTSIDE, 0);
  }
  conntrail__native_unlock();
}
