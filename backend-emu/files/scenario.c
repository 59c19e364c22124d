/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "scenario_internal.h"

enum { USUAL_PATIENCE = 10 };

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
  const conntrail__elsewhere *elsewhere = scenario->elsewhere;
  return elsewhere != NULL && elsewhere->has_program(elsewhere->arg, name);
}

bool conntrail__scenario_has_service(const conntrail__scenario *scenario, const char *name) {
  const json_t *all = json_object_get(scenario->root, "services");
  for (size_t i = 0; i < json_array_size(all); i++) {
    const char *other = json_string_value(json_object_get(json_array_get(all, i), "name"));
    if (other != NULL && strcmp(other, name) == 0) {
      return true;
    }
  }
  const conntrail__elsewhere *elsewhere = scenario->elsewhere;
  return elsewhere != NULL && elsewhere->has_service(elsewhere->arg, name);
}

const json_t *conntrail__scenario_client(const conntrail__scenario *scenario, size_t index) {
  return json_array_get(json_object_get(scenario->root, "clients"), index);
}

bool conntrail__scenario_has_client(const conntrail__scenario *scenario, const char *name) {
  const json_t *client;
  for (size_t i = 0; (client = conntrail__scenario_client(scenario, i)) != NULL; i++) {
    const char *other = json_string_value(json_object_get(client, "name"));
    if (other != NULL && strcmp(other, name) == 0) {
      return true;
    }
  }
  return false;
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
