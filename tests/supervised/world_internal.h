/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_SUPERVISED_WORLD_INTERNAL_H
#define CONNTRAIL_TESTS_SUPERVISED_WORLD_INTERNAL_H

#include "../../backend-emu/frontend/session.h"
#include "../../backend-emu/supervisor/state.h"

/*
 * The environment "supervised": emu.h over an engine in this process, and a thread without the
 * filter that supervises the others, by the code of backend-emu/supervisor.
 */

/* From now on this thread, and every one that it starts, has the filter. Once a process. */
void world_supervise(void);

/* Ends the process where it is not so. */
void world_must(bool is_so, const char *what);
uint32_t world_this_thread(void);

/* One call of emu.h at a time; the supervising thread stands still meanwhile. */
void world_stand_still(void);
void world_resume(void);

/* While it stands still. */
bool world_has_emulation(void);
void world_begin(conntrail_emu *emu);
void world_end(void);
void world_sweep(void);
/* A descriptor of the supervising thread. Keeps errno. */
void world_close(int fd);
/* The socket that a descriptor of this process names; NULL: it names none of TCP or UDP. */
conntrail__socket *world_find(int fd, int *family);

/* native.c: who a thread says to be. */
void world_disguise(uint32_t thread, conntrail__identity *who);

#endif
