/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "scenario_internal.h"

enum { USUAL_PATIENCE = 10 };

/* For a trial, every program listens at port 1 of this host, for both families. */
static bool somewhere(void *arg, const char *program, uint8_t family, conntrail__address *address) {
  const conntrail__scenario *scenario = arg;
  *address = conntrail__address_loopback(family, 1);
  return conntrail__scenario_has_program(scenario, program);
}

bool conntrail__scenario_try(conntrail__scenario *scenario, conntrail__complaint *why) {
  if (!conntrail__scenario_check(scenario, why)) {
    return false;
  }
  conntrail_emu *emu = conntrail__scenario_emulate(scenario, why);
  bool is_sound = emu != NULL && conntrail__scenario_plague(scenario, emu, why) &&
                  conntrail__scenario_furnish(scenario, emu, somewhere, scenario, why);
  conntrail__engine_destroy(emu);
  return is_sound;
}

conntrail__scenario *conntrail__scenario_load(const char *file, conntrail__complaint *why) {
  conntrail__scenario *scenario = conntrail__document_load(file, "scenario", why);
  if (scenario != NULL && !conntrail__scenario_try(scenario, why)) {
    conntrail__scenario_free(scenario);
    return NULL;
  }
  return scenario;
}

void conntrail__scenario_free(conntrail__scenario *scenario) {
  conntrail__document_free(scenario);
}

static const json_t *program_at(const conntrail__scenario *scenario, size_t index) {
  return json_array_get(json_object_get(scenario->root, "programs"), index);
}

size_t conntrail__scenario_programs(const conntrail__scenario *scenario) {
  return json_array_size(json_object_get(scenario->root, "programs"));
}

const char *conntrail__scenario_program(const conntrail__scenario *scenario, size_t index) {
  return json_string_value(json_object_get(program_at(scenario, index), "name"));
}

bool conntrail__scenario_has_program(const conntrail__scenario *scenario, const char *name) {
  for (size_t i = 0; i < conntrail__scenario_programs(scenario); i++) {
    const char *program = conntrail__scenario_program(scenario, i);
    if (program != NULL && strcmp(program, name) == 0) {
      return true;
    }
  }
  return false;
}

char **conntrail__scenario_command(const conntrail__scenario *scenario, size_t index) {
  const json_t *words = json_object_get(program_at(scenario, index), "command");
  size_t count = json_array_size(words);
  char **command = calloc(count + 1, sizeof *command);
  for (size_t i = 0; command != NULL && i < count; i++) {
    const char *word = json_string_value(json_array_get(words, i));
    memcpy(&command[i], &word, sizeof word); /* execvp's type has no const */
  }
  return command;
}

unsigned conntrail__scenario_patience(const conntrail__scenario *scenario, size_t index) {
  const json_t *seconds = json_object_get(program_at(scenario, index), "ready_within");
  return seconds == NULL ? USUAL_PATIENCE : (unsigned)json_integer_value(seconds);
}

unsigned conntrail__scenario_seconds(const conntrail__scenario *scenario) {
  const json_t *limits = json_object_get(scenario->root, "limits");
  return (unsigned)json_integer_value(json_object_get(limits, "seconds"));
}

bool conntrail__scenario_has_real_network(const conntrail__scenario *scenario) {
  return json_is_true(json_object_get(scenario->root, "real_network"));
}

const char *conntrail__scenario_profile(const conntrail__scenario *scenario) {
  const char *word = json_string_value(json_object_get(scenario->root, "profile"));
  return word == NULL ? "documented" : word;
}
