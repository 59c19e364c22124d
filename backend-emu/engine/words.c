/* SPDX-License-Identifier: MIT */
#include "engine.h"

const char *conntrail__event_word(conntrail_emu_event_kind kind) {
  switch (kind) {
#define CONNTRAIL__EVENT_WORD(name, number, word)                                                  \
  case CONNTRAIL_EMU_##name:                                                                       \
    return word;
    CONNTRAIL_EMU_EVENT_MAP(CONNTRAIL__EVENT_WORD)
#undef CONNTRAIL__EVENT_WORD
  }
  return "?";
}

const char *conntrail__misuse_text(conntrail_emu_misuse misuse) {
  switch (misuse) {
#define CONNTRAIL__MISUSE_TEXT(name, number, text)                                                 \
  case CONNTRAIL_EMU_MISUSE_##name:                                                                \
    return text;
    CONNTRAIL_EMU_MISUSE_MAP(CONNTRAIL__MISUSE_TEXT)
#undef CONNTRAIL__MISUSE_TEXT
  case CONNTRAIL_EMU_NO_MISUSE:
    break;
  }
  return "?";
}
