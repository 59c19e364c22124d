/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CLI_EXEMPTION_H
#define CONNTRAIL_CLI_EXEMPTION_H

/*
 * exempt_programs of a scenario. PROGRAM is not known when a scenario is written, so that a name
 * which no program of the scenario has may be a mistake or not: `check` says which there are, and a
 * run says which of them never came.
 */

#include "../supervisor/supervisor.h"
#include "scenario.h"

/* Before the first process comes. False, with why. */
bool conntrail__exempt_programs(const conntrail__scenario *scenario, const conntrail_emu *emu,
                                conntrail__supervisor *supervisor, conntrail__complaint *why);
/* On stdout, those that can only be the file name of PROGRAM. */
void conntrail__exempt_tell_foreign(const conntrail__scenario *scenario);
/* On stderr, those whom no process was called. */
void conntrail__exempt_tell_unmet(const conntrail__scenario *scenario,
                                  const conntrail__supervisor *supervisor);

#endif
