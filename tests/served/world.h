/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_WORLD_H
#define CONNTRAIL_TESTS_WORLD_H

/* What backend-emu/frontend/emu*.c use, in the place "service" (world.c); each call as
 * native_calls.h and session.h say. */

#include "../../backend-emu/engine/engine.h"

void conntrail__world_lock(void);
void conntrail__world_unlock(void);
void conntrail__world_sweep(void);
bool conntrail__world_is_watching(conntrail__refusal *why);
uint64_t conntrail__world_next_instance(void);
void conntrail__world_begin(conntrail_emu *emu);
void conntrail__world_end(const conntrail_emu *emu);
conntrail__socket *conntrail__world_find(const conntrail_emu *emu, conntrail_socket socket);
void conntrail__world_expect_faults(void);

#endif
