/* SPDX-License-Identifier: MIT */
#include "naming.h"

static const char *hub_program(const void *of, uint32_t process) {
  return conntrail__hub_program(of, process);
}

static const char *hub_command(const void *of, uint32_t process) {
  return conntrail__hub_command(of, process);
}

static bool hub_has_met(const void *of, const char *program) {
  return conntrail__hub_has_met(of, program);
}

conntrail__naming conntrail__naming_of_hub(const conntrail__hub *hub) {
  return (conntrail__naming){hub, hub_program, hub_command, hub_has_met};
}

static const char *supervisor_program(const void *of, uint32_t process) {
  return conntrail__supervisor_program(of, process);
}

static const char *supervisor_command(const void *of, uint32_t process) {
  return conntrail__supervisor_command(of, process);
}

static bool supervisor_has_met(const void *of, const char *program) {
  return conntrail__supervisor_has_met(of, program);
}

conntrail__naming conntrail__naming_of_supervisor(const conntrail__supervisor *supervisor) {
  return (conntrail__naming){supervisor, supervisor_program, supervisor_command,
                             supervisor_has_met};
}
