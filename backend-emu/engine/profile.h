/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ENGINE_PROFILE_H
#define CONNTRAIL_ENGINE_PROFILE_H

/* What the profile answers. */

#include "engine.h"

/* What the profile answers now; noted if its base does. socket may be NULL. */
conntrail_emu_answer conntrail__profile_answer(conntrail_emu *emu, const conntrail__socket *socket,
                                               conntrail_emu_situation situation);
/* Whether the second value of this behaviour holds. */
bool conntrail__profile_has(const conntrail_emu *emu, conntrail_emu_behaviour behaviour);
void conntrail__profile_forget(conntrail_emu *emu);
/* What is wrong with a table (profile_check.c). */
bool conntrail__table_check(const conntrail_emu_table *table, conntrail__refusal *why);

#endif
