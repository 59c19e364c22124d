/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CLI_PORTS_H
#define CONNTRAIL_CLI_PORTS_H

/* Ports that the command chooses for programs: free for TCP and UDP, outside of those that the
 * system gives away, and of no other run of this machine. */

#include "../files/scenario_variables.h"

typedef struct conntrail__ports conntrail__ports;

/* NULL: no memory. */
conntrail__ports *conntrail__ports_create(void);
/* From now on other runs may have them. */
void conntrail__ports_free(conntrail__ports *ports);

/* A conntrail__port_of; ports: NULL for a trial, where every port is 1. */
bool conntrail__ports_choose(void *ports, const char *program, const char *name, uint16_t *port,
                             conntrail__refusal *why);

#endif
