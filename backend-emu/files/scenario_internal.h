/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_FILES_SCENARIO_INTERNAL_H
#define CONNTRAIL_FILES_SCENARIO_INTERNAL_H

#include <string.h>

#include "scenario.h"

enum { CONNTRAIL__MOST_NAMED = 64, CONNTRAIL__PROGRAM_TEXT = 64 /* with its end */ };

/* The operations of faults, by the words of a scenario; false: it is none. */
bool conntrail__scenario_operation(const char *word, conntrail_emu_operation *operation);
bool conntrail__scenario_read_layout(const char *word, conntrail_emu_context *layout);

/* scenario_profile.c: whether a scenario's "profile" is the path of a file. */
bool conntrail__scenario_names_profile_file(const char *word);
/* The scenario's profile where it is a file. False, with why. */
bool conntrail__scenario_load_profile(const conntrail__scenario *scenario,
                                      const conntrail__scenario_calls *calls, conntrail_emu *emu,
                                      conntrail__complaint *why);

#endif
