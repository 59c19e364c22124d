/* SPDX-License-Identifier: MIT */
#include "conntrail/emu_files.h"

#include "conntrail/emu.h"
#include "profile_file.h"

conntrail_status conntrail_emu_load_profile(conntrail_emu *emu, const char *path) {
  conntrail__complaint why;
  if (emu == NULL || path == NULL) {
    return conntrail_emu_refuse(CONNTRAIL_FAULT, emu == NULL
                                                     ? "conntrail_emu_load_profile: emu is NULL"
                                                     : "conntrail_emu_load_profile: path is NULL");
  }
  conntrail__profile_file *profile =
      conntrail__profile_read(path, conntrail_emu_answer_fault, &why);
  if (profile == NULL) {
    return conntrail_emu_refuse(CONNTRAIL_INVALID, why.text);
  }
  conntrail_status status = conntrail_emu_use_table(emu, conntrail__profile_table(profile));
  conntrail__profile_free(profile);
  return status;
}
