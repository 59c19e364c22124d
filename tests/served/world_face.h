/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_WORLD_FACE_H
#define CONNTRAIL_TESTS_WORLD_FACE_H

/* Comes in front of the files of backend-emu/frontend, which are compiled once more for the place
 * "service": conntrail/emu.h then works on the engine of world.c. */

#include "world.h"

#define conntrail__native_lock conntrail__world_lock
#define conntrail__native_sweep conntrail__world_sweep
#define conntrail__native_unlock conntrail__world_unlock
#define conntrail__native_is_watching conntrail__world_is_watching
#define conntrail__session_next_instance conntrail__world_next_instance
#define conntrail__session_begin conntrail__world_begin
#define conntrail__session_end conntrail__world_end
#define conntrail__session_find conntrail__world_find
#define conntrail__native_expect_faults conntrail__world_expect_faults

#endif
