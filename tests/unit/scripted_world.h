/* SPDX-License-Identifier: MIT */
#ifndef SCRIPTED_WORLD_H
#define SCRIPTED_WORLD_H

/*
 * An emulation over the scripted front end: 93.184.216.0/24 is redirected to 127.0.0.1:1001, and
 * 198.51.100.7:80 has a route to 127.0.0.1:1002.
 */

#include "scripted_front_end.h"

extern conntrail_emu *emu;

void begin(void);
void end(void);
void end_emulation(void);

/* A connect that was begun, and waits for the system. */
typedef struct parked {
  conntrail__reference reference;
  conntrail__connect_target target;
} parked;

/* 0, and it waits; or the error with which it fails at once. */
int park(intptr_t handle, const char *remote, parked *call);
/* The system's connect returned. */
void finish(parked *call, conntrail__outcome outcome, int error);

conntrail__socket_state state_of(intptr_t handle);

#endif
