/* SPDX-License-Identifier: MIT */
#include "internal.h"

/* The words of docs/profile-format.md. */

const char *conntrail__situation_operation(conntrail_emu_situation situation) {
  switch (situation) {
#define CONNTRAIL__OPERATION(name, number, operation, words)                                       \
  case CONNTRAIL_EMU_SITUATION_##name:                                                             \
    return operation;
    CONNTRAIL_EMU_SITUATION_MAP(CONNTRAIL__OPERATION)
#undef CONNTRAIL__OPERATION
  }
  return "?";
}

const char *conntrail__situation_name(conntrail_emu_situation situation) {
  switch (situation) {
#define CONNTRAIL__SITUATION(name, number, operation, words)                                       \
  case CONNTRAIL_EMU_SITUATION_##name:                                                             \
    return words;
    CONNTRAIL_EMU_SITUATION_MAP(CONNTRAIL__SITUATION)
#undef CONNTRAIL__SITUATION
  }
  return "?";
}
