/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_EMU_FILES_H
#define CONNTRAIL_EMU_FILES_H

/**
 * @file
 * Reads profiles from files, for tests. This is a library of its own, conntrail::emulation-files,
 * which needs jansson; the emulation itself needs no other library.
 *
 * Threads. Every call may be made from any thread while the emulation exists. Blocking: a call
 * reads its file, and waits for nothing else but the emulation's own lock. Errors: as in
 * conntrail/emu.h. All since 0.1.
 */

#include "conntrail/emu_profile.h"
#include "conntrail/platform.h"
#include "conntrail/status.h"

/** The library is always static. */
#define CONNTRAIL_FILES_API

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Loads a profile, such as a recording of a real Windows, and uses it for all later calls
 * (docs/profile-format.md). conntrail_emu_set_profile() ends it.
 *
 * @param emu   the emulation
 * @param path  in: a JSON file of at most 1 MiB
 * @retval CONNTRAIL_OK
 * @retval CONNTRAIL_INVALID    the file cannot be read, or is no profile; conntrail_emu_refusal()
 *                              says what is wrong, as FILE:LINE:COLUMN
 * @retval CONNTRAIL_FAULT      emu or path is NULL
 * @retval CONNTRAIL_NO_MEMORY
 */
CONNTRAIL_FILES_API conntrail_status conntrail_emu_load_profile(conntrail_emu *emu,
                                                                const char *path);

#ifdef __cplusplus
}
#endif

#endif
