/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_EMU_FILES_H
#define CONNTRAIL_EMU_FILES_H

/**
 * @file
 * Reads profiles and scenarios from files, for tests. This is a library of its own,
 * conntrail::emulation-files, which needs jansson; the emulation itself needs no other library.
 *
 * Threads. Every call may be made from any thread while the emulation exists. Blocking: a call
 * reads its file, and waits for nothing else but the emulation's own lock. Errors: as in
 * conntrail/emu.h. All since 0.1.
 */

#include <stddef.h>
#include <stdint.h>

#include "conntrail/emu.h"
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
 * (docs/reference/profile-format.md). conntrail_emu_set_profile() ends it.
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

/* ---- Scenarios ------------------------------------------------------------------------------- */

/**
 * The address of a program of a scenario. The test itself acts as all programs of the scenario:
 * nothing is started.
 */
typedef struct conntrail_emu_place {
  const char *program;            /**< its name in the scenario */
  const struct sockaddr *address; /**< where it listens; NULL: nowhere. A program that listens for
                                       IPv4 and for IPv6 has a place for each */
  uint32_t process;               /**< the process as which it acts (conntrail_emu_act_as()), which
                                       exempt_programs of the scenario then exempts; 0: none */
} conntrail_emu_place;

/**
 * Reads from a scenario what an emulation is created with: profile, seed, real_network, and of its
 * limits trail_events and untransferred. What it leaves out becomes the default.
 *
 *     conntrail_emu_options options = CONNTRAIL_EMU_OPTIONS_INIT;
 *     status = conntrail_emu_read_options("two-vendors.json", &options);
 *     conntrail_emu *emu = conntrail_emu_create(&options);
 *     ... listen ...
 *     status = conntrail_emu_load_scenario(emu, "two-vendors.json", places, 3);
 *
 * @param path     in: a JSON file of at most 1 MiB (docs/reference/conntrail-emu.md)
 * @param options  in/out: start from CONNTRAIL_EMU_OPTIONS_INIT
 * @retval CONNTRAIL_OK
 * @retval CONNTRAIL_INVALID  the file cannot be read, or is no scenario; conntrail_emu_refusal()
 *                            says what is wrong, as FILE:LINE:COLUMN. options is as it was
 * @retval CONNTRAIL_FAULT    path or options is NULL
 */
CONNTRAIL_FILES_API conntrail_status conntrail_emu_read_options(const char *path,
                                                                conntrail_emu_options *options);

/**
 * Loads a scenario of conntrail-emu into an emulation: its services with their filters, its
 * routes, its faults, and its profile if that is a file. So one file serves a test in C and
 * conntrail-emu. "clients", "hosts", "command", "env", "cwd", "stdin", "ready_within", "expect" and
 * the limit "seconds" are for conntrail-emu alone: they are checked and not used. So is a name in
 * exempt_programs that no place has. ${acme.PORT} in "routes" and "to" is the port of the place of
 * acme; variables that "ports" names are for conntrail-emu alone.
 *
 * @param emu     the emulation, without services of the same names
 * @param path    in: a JSON file of at most 1 MiB (docs/reference/conntrail-emu.md)
 * @param places  in: where the programs are that rules and routes lead to. May be NULL where count
 *                is 0
 * @param count   entries of places
 * @retval CONNTRAIL_OK
 * @retval CONNTRAIL_INVALID  the file cannot be read, or is no scenario; a program listens nowhere;
 *                            the emulation refuses a part. conntrail_emu_refusal() says what is
 *                            wrong, as FILE:LINE:COLUMN. The emulation may have a part of the
 *                            scenario: destroy it
 * @retval CONNTRAIL_FAULT    emu, path, places or a program of places is NULL
 * @retval CONNTRAIL_NO_MEMORY
 */
CONNTRAIL_FILES_API conntrail_status conntrail_emu_load_scenario(conntrail_emu *emu,
                                                                 const char *path,
                                                                 const conntrail_emu_place *places,
                                                                 size_t count);

#ifdef __cplusplus
}
#endif

#endif
