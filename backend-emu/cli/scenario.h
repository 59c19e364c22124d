/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CLI_SCENARIO_H
#define CONNTRAIL_CLI_SCENARIO_H

/* A scenario: the world of a run, from a JSON file (docs/conntrail-emu.md). */

#include "../engine/engine.h"
#include "../files/document.h"

typedef conntrail__document conntrail__scenario;

/* Reads and checks everything that can be checked before something runs. NULL, with why. */
conntrail__scenario *conntrail__scenario_load(const char *file, conntrail__complaint *why);
void conntrail__scenario_free(conntrail__scenario *scenario);

/* The programs to start, in order. name and the first of command are never NULL. */
size_t conntrail__scenario_programs(const conntrail__scenario *scenario);
const char *conntrail__scenario_program(const conntrail__scenario *scenario, size_t index);
bool conntrail__scenario_has_program(const conntrail__scenario *scenario, const char *name);
/* Ended by NULL; free() it, not what it points to. NULL: no memory. */
char **conntrail__scenario_command(const conntrail__scenario *scenario, size_t index);
unsigned conntrail__scenario_patience(const conntrail__scenario *scenario, size_t index);

/* How long a run may take; 0: as long as it does. */
unsigned conntrail__scenario_seconds(const conntrail__scenario *scenario);

bool conntrail__scenario_has_real_network(const conntrail__scenario *scenario);

const char *conntrail__scenario_profile(const conntrail__scenario *scenario);

/* An emulation with the scenario's options and services. NULL, with why. */
conntrail_emu *conntrail__scenario_emulate(const conntrail__scenario *scenario,
                                           conntrail__complaint *why);

/* Where a program listens for this family, once it does; false: nowhere. */
typedef bool (*conntrail__whereabouts)(void *arg, const char *program, uint8_t family,
                                       conntrail__address *address);

/* Faults, before the first process comes. */
bool conntrail__scenario_plague(const conntrail__scenario *scenario, conntrail_emu *emu,
                                conntrail__complaint *why);

/* Filters and routes, once every program listens. */
bool conntrail__scenario_furnish(const conntrail__scenario *scenario, conntrail_emu *emu,
                                 conntrail__whereabouts where, void *arg,
                                 conntrail__complaint *why);

#endif
