/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CLI_NAMES_H
#define CONNTRAIL_CLI_NAMES_H

/* "hosts" of a scenario: the process that answers, and what the run hears of it. */

#include <event2/event.h>

#include "../files/scenario_hosts.h"
#include "ports.h"

typedef struct conntrail__names conntrail__names;

/* name: "" once the process has ended by itself; suggestion: NULL: none is near. */
typedef void (*conntrail__name_unknown)(void *arg, const char *name, const char *suggestion);

/* Starts the process. NULL, with why. */
conntrail__names *conntrail__names_start(const conntrail__scenario *scenario,
                                         conntrail__ports *ports, conntrail__refusal *why);
/* Reports each unknown name once. False: no memory. */
bool conntrail__names_watch(conntrail__names *names, struct event_base *base,
                            conntrail__name_unknown unknown, void *arg);
/* Port 53 of every address leads to the process. */
void conntrail__names_route(const conntrail__names *names, conntrail_emu *emu);
/* Reports what is left to be reported. */
void conntrail__names_end(conntrail__names *names);

#endif
