/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_FILES_SCENARIO_VARIABLES_H
#define CONNTRAIL_FILES_SCENARIO_VARIABLES_H

/* Variables in the texts of a scenario. Each program has a port that no person had to choose:
 * ${PORT} in its own texts, ${acme.PORT} in those of others. "ports" of a program names more. $${
 * stands for the characters ${ themselves. */

#include "scenario.h"

enum { CONNTRAIL__MOST_PORTS = 8 /* of "ports" */, CONNTRAIL__PORT_NAME = 32 /* with its end */ };

/* The port of a program that the scenario calls so. False: there is none, with why. */
typedef bool (*conntrail__port_of)(void *arg, const char *program, const char *name, uint16_t *port,
                                   conntrail__refusal *why);

/* Puts the ports into the scenario, which conntrail__scenario_check() has found to be valid: into
 * what programs are started with; into where routes and rules lead to. port_of NULL: only looks
 * whether every variable is known. False, with why. */
bool conntrail__scenario_fill_starts(conntrail__scenario *scenario, conntrail__port_of port_of,
                                     void *arg, conntrail__complaint *why);
bool conntrail__scenario_fill_places(conntrail__scenario *scenario, conntrail__port_of port_of,
                                     void *arg, conntrail__complaint *why);

/* Whether a variable of this name can be. */
bool conntrail__scenario_is_port_name(const char *name);

#endif
