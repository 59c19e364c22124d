/* SPDX-License-Identifier: MIT */
#include "profile_file.h"

/* The words of docs/reference/profile-format.md, from the lists of emu_profile.h: this library
 * needs no part of the emulation but its header. */

typedef struct situation_words {
  const char *operation;
  const char *situation;
} situation_words;

static const situation_words situations[CONNTRAIL_EMU_SITUATIONS] = {
#define SITUATION_WORDS(name, number, operation, situation) [number] = {operation, situation},
    CONNTRAIL_EMU_SITUATION_MAP(SITUATION_WORDS)
#undef SITUATION_WORDS
};

typedef struct behaviour_words {
  const char *key;
  const char *values[2];
} behaviour_words;

static const behaviour_words behaviours[CONNTRAIL_EMU_BEHAVIOURS] = {
#define BEHAVIOUR_WORDS(name, number, key, first, second) [number] = {key, {first, second}},
    CONNTRAIL_EMU_BEHAVIOUR_MAP(BEHAVIOUR_WORDS)
#undef BEHAVIOUR_WORDS
};

static const char *const bases[] = {"documented", "measured", "contrary"};
enum { BASES = sizeof bases / sizeof bases[0] };

const char *conntrail__profile_operation(unsigned situation) {
  return situation < CONNTRAIL_EMU_SITUATIONS ? situations[situation].operation : NULL;
}

const char *conntrail__profile_situation(unsigned situation) {
  return situation < CONNTRAIL_EMU_SITUATIONS ? situations[situation].situation : NULL;
}

const char *conntrail__profile_behaviour(unsigned behaviour) {
  return behaviour < CONNTRAIL_EMU_BEHAVIOURS ? behaviours[behaviour].key : NULL;
}

const char *conntrail__profile_value(unsigned behaviour, unsigned value) {
  return behaviour < CONNTRAIL_EMU_BEHAVIOURS && (value == 1 || value == 2)
             ? behaviours[behaviour].values[value - 1]
             : NULL;
}

const char *conntrail__profile_base(conntrail_emu_profile profile) {
  return (unsigned)profile < BASES ? bases[profile] : NULL;
}

bool conntrail__profile_named(const char *word, conntrail_emu_profile *profile) {
  for (unsigned i = 0; i < BASES; i++) {
    if (strcmp(word, bases[i]) == 0) {
      *profile = (conntrail_emu_profile)i;
      return true;
    }
  }
  return false;
}
