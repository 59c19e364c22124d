/* SPDX-License-Identifier: MIT */

/* The part of emu.h that is about profiles. */

#include "control.h"
#include "session.h"

#include <stdio.h>

conntrail_status conntrail_emu_set_profile(conntrail_emu *emu, conntrail_emu_profile profile) {
  bool done;
  if (emu == NULL) {
    return conntrail__refuse_null("conntrail_emu_set_profile", "emu");
  }
  conntrail__native_lock();
  done = conntrail__engine_set_profile(emu, profile, conntrail__session_refusal());
  conntrail__native_unlock();
  return done ? CONNTRAIL_OK : CONNTRAIL_INVALID;
}

conntrail_status conntrail_emu_refuse(conntrail_status status, const char *text) {
  conntrail__refusal *refusal = conntrail__session_refusal();
  snprintf(refusal->text, sizeof refusal->text, "%s", text == NULL ? "" : text);
  return status;
}

conntrail_status conntrail_emu_use_table(conntrail_emu *emu, const conntrail_emu_table *table) {
  if (emu == NULL || table == NULL) {
    return conntrail__refuse_null("conntrail_emu_use_table", emu == NULL ? "emu" : "table");
  }
  conntrail__native_lock();
  conntrail_status status = conntrail__engine_use_table(emu, table, conntrail__session_refusal());
  conntrail__native_unlock();
  return status;
}

const conntrail_emu_table *conntrail_emu_builtin_table(conntrail_emu_profile profile) {
  return conntrail__builtin_table(profile);
}

const char *conntrail_emu_answer_fault(conntrail_emu_situation situation,
                                       const conntrail_emu_answer *answer) {
  return conntrail__answer_fault(situation, answer);
}

const char *conntrail_emu_situation_operation(conntrail_emu_situation situation) {
  return conntrail__situation_operation(situation);
}

const char *conntrail_emu_situation_name(conntrail_emu_situation situation) {
  return conntrail__situation_name(situation);
}
