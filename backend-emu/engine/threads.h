/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_THREADS_H
#define CONNTRAIL_THREADS_H

/* Processes in which a thread does not show what continues what (R7). */

#include "engine.h"

typedef struct conntrail__blob conntrail__blob;

/* The socket connects or sends with these records. If another thread of its process asked for
 * them, a thread of this process is only a hint from now on. False: no memory to note this. */
bool conntrail__threads_note(const conntrail__socket *socket, const conntrail__blob *carried,
                             uint64_t actor);
/* Whether a thread of this process is only a hint. */
bool conntrail__threads_are_hints(const conntrail_emu *emu, uint32_t process);

#endif
