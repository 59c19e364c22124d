/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CLI_SCENARIO_H
#define CONNTRAIL_CLI_SCENARIO_H

/* A scenario in the engine of this process: the world of a run. */

#include "../files/scenario.h"
#include "ports.h"

/* Reads and checks everything that can be checked before something runs. ports: which it may take.
 * NULL, with why. */
conntrail__scenario *conntrail__scenario_load(const char *file, conntrail__ports *ports,
                                              conntrail__complaint *why);

/* Everything that can be found before a program listens, in an emulation that ends again. Puts in
 * the ports; NULL: some port. */
bool conntrail__scenario_try(conntrail__scenario *scenario, conntrail__ports *ports,
                             conntrail__complaint *why);

/* An emulation with the scenario's options and services. NULL, with why. */
conntrail_emu *conntrail__scenario_emulate(const conntrail__scenario *scenario,
                                           conntrail__complaint *why);

/* Faults, before the first process comes. */
bool conntrail__scenario_inject(const conntrail__scenario *scenario, conntrail_emu *emu,
                                conntrail__complaint *why);

/* Services, faults, filters and routes, where every program listens already. */
bool conntrail__scenario_equip(const conntrail__scenario *scenario, conntrail_emu *emu,
                               conntrail__whereabouts where, void *arg, conntrail__complaint *why);

/* Filters and routes, once every program listens. */
bool conntrail__scenario_populate(const conntrail__scenario *scenario, conntrail_emu *emu,
                                  conntrail__whereabouts where, void *arg,
                                  conntrail__complaint *why);

#endif
