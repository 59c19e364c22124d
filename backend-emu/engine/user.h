/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ENGINE_USER_H
#define CONNTRAIL_ENGINE_USER_H

/* Users by number. */

#include "engine.h"

enum { CONNTRAIL__USER_TEXT = 64 };

/* The number by which sockets and filters name a user; 0: no user. False: no memory. */
bool conntrail__user_number(conntrail_emu *emu, const char *user, uint16_t *number);

#endif
