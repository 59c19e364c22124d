/* SPDX-License-Identifier: MIT */
#include "boundary.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "fault.h"

torture_call torture_call_begin(const char *name) {
  torture_enter(name);
  return (torture_call){torture_hits()};
}

void torture_call_end(void) {
  torture_leave();
}

bool torture_struck(const torture_call *call) {
  return torture_is_outermost() && torture_hits() != call->hits;
}

enum { MOST_EMULATIONS = 16 };
static conntrail_emu *emulations[MOST_EMULATIONS];

void torture_note_emulation(const conntrail_emu *ended, conntrail_emu *begun) {
  for (int index = 0; index < MOST_EMULATIONS; ++index) {
    if (emulations[index] == ended) {
      emulations[index] = begun;
      return;
    }
  }
}

void torture_end_emulations(void) {
  conntrail_emu_enter(NULL);
  (void)conntrail_emu_act_as(0, NULL);
  for (int index = 0; index < MOST_EMULATIONS; ++index) {
    conntrail_emu_destroy(emulations[index]);
  }
}

static bool note(const torture_call *call, bool has_failed, bool is_named, long error) {
  if (!has_failed || !torture_struck(call)) {
    return false;
  }
  torture_record *record = torture_result();
  record->was_reported = is_named;
  record->has_other_error = !is_named;
  record->other_error = error;
  return is_named;
}

bool torture_repeat_status(const torture_call *call, conntrail_status status) {
  bool is_named = status == CONNTRAIL_NO_MEMORY || status == CONNTRAIL_OUTBOUND_NO_MEMORY;
  return note(call, status < 0, is_named, status);
}

bool torture_repeat_errno(const torture_call *call, bool has_failed) {
  int error = errno;
  bool repeats = note(call, has_failed, error == ENOMEM || error == ENOBUFS, error);
  errno = error;
  return repeats;
}

bool torture_repeat_null(const torture_call *call, const void *pointer) {
  return note(call, pointer == NULL, true, 0);
}

/* These calls name their error by a sentence. */
bool torture_repeat_pointer(const torture_call *call, const void *pointer) {
  const char *refusal = pointer == NULL ? conntrail_emu_refusal() : NULL;
  return note(call, pointer == NULL, refusal != NULL && refusal[0] != '\0', 0);
}

/* For these calls 0 is an answer as well. */
bool torture_repeat_refused(const torture_call *call, bool is_none) {
  return is_none && strstr(conntrail_emu_refusal(), "memory") != NULL && note(call, true, true, 0);
}
