/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CLI_SCENARIO_INTERNAL_H
#define CONNTRAIL_CLI_SCENARIO_INTERNAL_H

#include <string.h>

#include "scenario.h"

enum { CONNTRAIL__MOST_NAMED = 64, CONNTRAIL__PROGRAM_TEXT = 64 /* with its end */ };

/* scenario_check.c: everything that needs no emulation. */
bool conntrail__scenario_check(const conntrail__scenario *scenario, conntrail__complaint *why);

/* scenario.c: everything that can be found before a program listens, in an emulation that ends
 * again. */
bool conntrail__scenario_try(conntrail__scenario *scenario, conntrail__complaint *why);

/* The operations of faults, by the words of a scenario; false: it is none. */
bool conntrail__scenario_operation(const char *word, conntrail_emu_operation *operation);
bool conntrail__scenario_read_layout(const char *word, conntrail_emu_context *layout);

/* scenario_profile.c: whether a scenario's "profile" is the path of a file. */
bool conntrail__scenario_names_profile_file(const char *word);
/* The scenario's profile where it is a file. False, with why. */
bool conntrail__scenario_load_profile(const conntrail__scenario *scenario, conntrail_emu *emu,
                                      conntrail__complaint *why);

#endif
