/* SPDX-License-Identifier: MIT */

/* The lock, and what the shared logic asks of this process and its threads:
 * frontend/native_calls.h. */

#include "winsock.h"

#include <stdio.h>

static SRWLOCK lock = SRWLOCK_INIT;

static _Thread_local conntrail__thread_session self;

void conntrail__native_lock(void) {
  AcquireSRWLockExclusive(&lock);
}

/* It is held for moments only. Who still has it after so many turns will not give it back. */
bool conntrail__native_try_lock(void) {
  enum { TURNS = 100000 };
  for (int turn = 0; turn < TURNS; turn++) {
    if (TryAcquireSRWLockExclusive(&lock)) {
      return true;
    }
    (void)SwitchToThread();
  }
  return false;
}

void conntrail__native_unlock(void) {
  conntrail__pending *ended = conntrail__queries_ended();
  ReleaseSRWLockExclusive(&lock);
  if (ended != NULL) {
    conntrail__queries_complete(ended);
  }
}

conntrail__thread_session *conntrail__native_thread(void) {
  return &self;
}

uint32_t conntrail__native_process(void) {
  return GetCurrentProcessId();
}

bool conntrail__native_is_watching(conntrail__refusal *why) {
  const char *untracked = NULL;
  if (conntrail__calls_are_ours(&untracked)) {
    return true;
  }
  snprintf(why->text, sizeof why->text,
           "this program's %s is not conntrail's: link the emulation into the program itself, "
           "ahead of ws2_32 and kernel32",
           untracked);
  return false;
}

bool conntrail__native_prepare(void) {
  return true;
}

/* Every call here looks anyhow. */
void conntrail__native_begun(void) {
}

void conntrail__native_expect_faults(void) {
}

void conntrail__native_ended(const conntrail_emu *emu) {
  conntrail__descriptor_forget(emu);
  conntrail__duplicate_forget(emu);
}
