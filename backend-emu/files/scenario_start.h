/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_FILES_SCENARIO_START_H
#define CONNTRAIL_FILES_SCENARIO_START_H

/* How the programs and clients of a scenario are started, which conntrail-emu does: "command",
 * "ports", "env", "cwd", "stdin", "start", "exit_code". Checks of scenario_shape.h. */

#include "scenario_shape.h"

bool conntrail__scenario_check_command(const checker *c, const json_t *value, const char *path);
bool conntrail__scenario_check_environment(const checker *c, const json_t *value, const char *path);
bool conntrail__scenario_check_turn(const checker *c, const json_t *value, const char *path);
bool conntrail__scenario_check_exit_code(const checker *c, const json_t *value, const char *path);
bool conntrail__scenario_check_ports(const checker *c, const json_t *value, const char *path);
bool conntrail__scenario_check_input(const checker *c, const json_t *value, const char *path);

#endif
