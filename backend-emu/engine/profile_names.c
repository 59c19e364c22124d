/* SPDX-License-Identifier: MIT */
#include "engine.h"

/* The words of docs/reference/profile-format.md. */

typedef struct situation_words {
  const char *operation;
  const char *situation;
} situation_words;

static const situation_words words[CONNTRAIL_EMU_SITUATIONS] = {
#define CONNTRAIL__WORDS(name, number, operation, situation) [number] = {operation, situation},
    CONNTRAIL_EMU_SITUATION_MAP(CONNTRAIL__WORDS)
#undef CONNTRAIL__WORDS
};

const char *conntrail__situation_operation(conntrail_emu_situation situation) {
  return (unsigned)situation < CONNTRAIL_EMU_SITUATIONS ? words[situation].operation : "?";
}

const char *conntrail__situation_name(conntrail_emu_situation situation) {
  return (unsigned)situation < CONNTRAIL_EMU_SITUATIONS ? words[situation].situation : "?";
}
