/* SPDX-License-Identifier: MIT */
#include "exemption.h"

#include <stdio.h>

typedef struct exemption {
  const char *service;
  const char *program;
  char path[CONNTRAIL__PATH_TEXT];
} exemption;

/* The index-th of the whole scenario. */
static bool find(const conntrail__scenario *scenario, size_t index, exemption *found) {
  const json_t *services = json_object_get(scenario->root, "services");
  for (size_t i = 0; i < json_array_size(services); i++) {
    const json_t *service = json_array_get(services, i);
    const json_t *programs = json_object_get(service, "exempt_programs");
    if (index < json_array_size(programs)) {
      found->service = json_string_value(json_object_get(service, "name"));
      found->program = json_string_value(json_array_get(programs, index));
      snprintf(found->path, sizeof found->path, "/services/%zu/exempt_programs/%zu", i, index);
      return true;
    }
    index -= json_array_size(programs);
  }
  return false;
}

bool conntrail__exempt_programs(const conntrail__scenario *scenario, const conntrail_emu *emu,
                                conntrail__supervisor *supervisor, conntrail__complaint *why) {
  exemption e;
  for (size_t i = 0; find(scenario, i, &e); i++) {
    if (!conntrail__supervisor_exempt(supervisor, conntrail__service_named(emu, e.service),
                                      e.program)) {
      return conntrail__document_refuse(scenario, why, e.path, "no memory for an exemption");
    }
  }
  return true;
}

void conntrail__exempt_tell_foreign(const conntrail__scenario *scenario) {
  conntrail__complaint text;
  exemption e;
  for (size_t i = 0; find(scenario, i, &e); i++) {
    if (!conntrail__scenario_has_program(scenario, e.program) &&
        !conntrail__scenario_has_client(scenario, e.program)) {
      (void)conntrail__document_refuse(scenario, &text, e.path,
                                       "note: no program of this scenario is called \"%s\"; a "
                                       "PROGRAM with that file name is exempt",
                                       e.program);
      printf("%s\n", text.text);
    }
  }
}

void conntrail__exempt_tell_unmet(const conntrail__scenario *scenario,
                                  const conntrail__supervisor *supervisor) {
  conntrail__complaint text;
  exemption e;
  for (size_t i = 0; find(scenario, i, &e); i++) {
    if (!conntrail__supervisor_has_met(supervisor, e.program)) {
      (void)conntrail__document_refuse(scenario, &text, e.path,
                                       "\"%s\" was exempted for nothing: no process was called so; "
                                       "a process is called as its program in the scenario, or "
                                       "by the file name of PROGRAM, and so are its children",
                                       e.program);
      fprintf(stderr, "conntrail-emu: %s\n", text.text);
    }
  }
}
