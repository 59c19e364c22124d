/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "profile_file.h"
#include "scenario_expect.h"
#include "scenario_guid.h"
#include "scenario_hosts.h"
#include "scenario_shape.h"
#include "scenario_start.h"

enum { LONGEST_NAME = 31 };

/* The shape of a scenario: what keys there are, of which type, and which names they refer to. What
 * a rule or an address means is the engine's to say (scenario_world.c). */

static bool check_name(const checker *c, const json_t *value, const char *path) {
  if (!conntrail__shape_text(c, value, path)) {
    return false;
  }
  return json_string_length(value) <= LONGEST_NAME ||
         conntrail__shape_refuse(c, path, "\"%.40s...\" has %zu bytes, and a name at most %d",
                                 json_string_value(value), json_string_length(value), LONGEST_NAME);
}

static bool check_number(const checker *c, const json_t *value, const char *path) {
  return conntrail__shape_between(c, value, path, 0, UINT32_MAX);
}

static bool check_padding(const checker *c, const json_t *value, const char *path) {
  return conntrail__shape_between(c, value, path, 0, CONNTRAIL_EMU_LARGEST_PADDING);
}

static bool check_most(const checker *c, const json_t *value, const char *path) {
  return conntrail__shape_between(c, value, path, 0, 1 << 20);
}

static bool check_million(const checker *c, const json_t *value, const char *path) {
  return conntrail__shape_between(c, value, path, 0, 1000000);
}

static bool check_seconds(const checker *c, const json_t *value, const char *path) {
  return conntrail__shape_between(c, value, path, 1, 3600);
}

static bool check_profile(const checker *c, const json_t *value, const char *path) {
  conntrail_emu_profile ignored;
  return conntrail__shape_text(c, value, path) &&
         (conntrail__profile_named(json_string_value(value), &ignored) ||
          conntrail__scenario_names_profile_file(json_string_value(value)) ||
          conntrail__shape_refuse(c, path,
                                  "\"documented\", \"measured\", \"contrary\" or the path of a "
                                  "profile's file, which ends in \".json\", was expected"));
}

static bool check_layout(const checker *c, const json_t *value, const char *path) {
  conntrail_emu_context ignored;
  return conntrail__shape_text(c, value, path) &&
         (conntrail__scenario_read_layout(json_string_value(value), &ignored) ||
          conntrail__shape_refuse(c, path,
                                  "\"two addresses\", \"one address\" or \"none\" was expected"));
}

static bool check_guid(const checker *c, const json_t *value, const char *path) {
  conntrail_emu_guid ignored;
  return conntrail__shape_text(c, value, path) &&
         (conntrail__scenario_read_guid(json_string_value(value), &ignored) ||
          conntrail__shape_refuse(c, path,
                                  "\"%.60s\": a GUID was expected, in hexadecimal digits: "
                                  "\"{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}\", or without the "
                                  "braces",
                                  json_string_value(value)));
}

static bool check_operation(const checker *c, const json_t *value, const char *path) {
  conntrail_emu_operation ignored;
  return conntrail__shape_text(c, value, path) &&
         (conntrail__scenario_operation(json_string_value(value), &ignored) ||
          conntrail__shape_refuse(
              c, path,
              "\"any code\", \"query records\", \"query context\", \"set records\", \"original "
              "destination\", \"connect\" or \"accept\" was expected"));
}

/* ---- Names that refer to others ------------------------------------------------------------- */

static bool check_place(const checker *c, const json_t *value, const char *path) {
  conntrail__address ignored;
  conntrail__refusal why;
  if (!conntrail__shape_text(c, value, path)) {
    return false;
  }
  return conntrail__scenario_has_program(c->scenario, json_string_value(value)) ||
         strstr(json_string_value(value), "${") != NULL || /* it is read once that is filled in */
         conntrail__address_parse(json_string_value(value), &ignored, &why) ||
         conntrail__shape_refuse(c, path,
                                 "\"%.60s\": the name of a program of this scenario or an "
                                 "address with its port was expected",
                                 json_string_value(value));
}

static bool check_service_name(const checker *c, const json_t *value, const char *path) {
  return conntrail__shape_text(c, value, path) &&
         (conntrail__scenario_has_service(c->scenario, json_string_value(value)) ||
          conntrail__shape_refuse(c, path, "\"%.60s\" is no service of this scenario",
                                  json_string_value(value)));
}

static bool can_be_called(const char *name) {
  return strchr(name, '/') == NULL && strlen(name) < CONNTRAIL__PROGRAM_TEXT;
}

static bool check_exempt(const checker *c, const json_t *value, const char *path) {
  return conntrail__shape_text(c, value, path) &&
         (conntrail__scenario_has_program(c->scenario, json_string_value(value)) ||
          can_be_called(json_string_value(value)) ||
          conntrail__shape_refuse(c, path,
                                  "\"%.60s\": the name of a program of this scenario, or the "
                                  "file name of PROGRAM (without \"/\", at most %d bytes) was "
                                  "expected",
                                  json_string_value(value), CONNTRAIL__PROGRAM_TEXT - 1));
}

static bool check_exempts(const checker *c, const json_t *value, const char *path) {
  return conntrail__shape_set(c, value, path, check_exempt, CONNTRAIL__MOST_NAMED,
                              "is exempt already");
}

/* ---- The parts ------------------------------------------------------------------------------ */

static bool check_redirect(const checker *c, const json_t *value, const char *path) {
  static const key keys[] = {
      {"rule", conntrail__shape_text, true}, {"to", check_place, true}, {NULL, NULL, false}};
  return conntrail__shape_object(c, value, path, keys);
}

static bool check_redirects(const checker *c, const json_t *value, const char *path) {
  return conntrail__shape_list(c, value, path, check_redirect, 1000);
}

static bool check_texts(const checker *c, const json_t *value, const char *path) {
  return conntrail__shape_list(c, value, path, conntrail__shape_text, 1000);
}

static bool check_service(const checker *c, const json_t *value, const char *path) {
  static const key keys[] = {{"name", check_name, true},
                             {"guid", check_guid, false},
                             {"redirect", check_redirects, false},
                             {"block", check_texts, false},
                             {"context", check_layout, false},
                             {"exempt_users", check_texts, false},
                             {"exempt_programs", check_exempts, false},
                             {"record_padding", check_padding, false},
                             {NULL, NULL, false}};
  return conntrail__shape_object(c, value, path, keys);
}

static bool check_services(const checker *c, const json_t *value, const char *path) {
  return conntrail__shape_list(c, value, path, check_service, 64);
}

static bool check_program(const checker *c, const json_t *value, const char *path) {
  static const key keys[] = {{"name", check_name, true},
                             {"command", conntrail__scenario_check_command, true},
                             {"ports", conntrail__scenario_check_ports, false},
                             {"env", conntrail__scenario_check_environment, false},
                             {"cwd", conntrail__shape_text, false},
                             {"stdin", conntrail__scenario_check_input, false},
                             {"ready_within", check_seconds, false},
                             {NULL, NULL, false}};
  return conntrail__shape_object(c, value, path, keys);
}

static bool check_client(const checker *c, const json_t *value, const char *path) {
  static const key keys[] = {{"name", check_name, true},
                             {"command", conntrail__scenario_check_command, true},
                             {"env", conntrail__scenario_check_environment, false},
                             {"cwd", conntrail__shape_text, false},
                             {"stdin", conntrail__scenario_check_input, false},
                             {"start", conntrail__scenario_check_turn, false},
                             {"exit_code", conntrail__scenario_check_exit_code, false},
                             {NULL, NULL, false}};
  return conntrail__shape_object(c, value, path, keys);
}

/* Of a list whose entries all have names. */
static bool are_names_different(const checker *c, const json_t *list, const char *path,
                                const char *what) {
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *name = json_object_get(json_array_get(list, i), "name");
    bool is_taken = false;
    for (size_t j = 0; j < i; j++) {
      is_taken = is_taken || json_equal(name, json_object_get(json_array_get(list, j), "name"));
    }
    if (is_taken) {
      char at[CONNTRAIL__PATH_TEXT];
      snprintf(at, sizeof at, "%.200s/%zu/name", path, i);
      return conntrail__shape_refuse(c, at, "there is a %s \"%s\" already", what,
                                     json_string_value(name));
    }
  }
  return true;
}

static bool check_programs(const checker *c, const json_t *value, const char *path) {
  return conntrail__shape_list(c, value, path, check_program, CONNTRAIL__MOST_NAMED) &&
         are_names_different(c, value, path, "program");
}

static bool check_clients(const checker *c, const json_t *value, const char *path) {
  if (!conntrail__shape_list(c, value, path, check_client, CONNTRAIL__MOST_NAMED) ||
      !are_names_different(c, value, path, "client")) {
    return false;
  }
  for (size_t i = 0; i < json_array_size(value); i++) {
    const char *name = json_string_value(json_object_get(json_array_get(value, i), "name"));
    if (conntrail__scenario_has_program(c->scenario, name)) {
      char at[CONNTRAIL__PATH_TEXT];
      snprintf(at, sizeof at, "%.200s/%zu/name", path, i);
      return conntrail__shape_refuse(c, at, "there is a program \"%s\" already", name);
    }
  }
  return true;
}

static bool check_routes(const checker *c, const json_t *value, const char *path) {
  const char *name;
  json_t *place;
  char below[CONNTRAIL__PATH_TEXT];
  if (!conntrail__shape_expect(c, value, path, JSON_OBJECT, "an object of destinations")) {
    return false;
  }
  json_object_foreach(conntrail__document_iterable(value), name, place) {
    conntrail__address ignored;
    conntrail__refusal why;
    conntrail__shape_join(below, path, name);
    if (!conntrail__address_parse(name, &ignored, &why)) {
      return conntrail__shape_refuse(c, below, "%s", why.text);
    }
    if (!check_place(c, place, below)) {
      return false;
    }
  }
  return true;
}

static bool check_fault(const checker *c, const json_t *value, const char *path) {
  static const key keys[] = {{"operation", check_operation, true},
                             {"service", check_service_name, false},
                             {"native", check_number, false},
                             {"bytes", check_number, false},
                             {"nth", check_number, false},
                             {"per_million", check_million, false},
                             {NULL, NULL, false}};
  return conntrail__shape_object(c, value, path, keys);
}

static bool check_faults(const checker *c, const json_t *value, const char *path) {
  return conntrail__shape_list(c, value, path, check_fault, 1000);
}

static bool check_limits(const checker *c, const json_t *value, const char *path) {
  static const key keys[] = {{"trail_events", check_most, false},
                             {"untransferred", check_most, false},
                             {"seconds", check_seconds, false},
                             {NULL, NULL, false}};
  return conntrail__shape_object(c, value, path, keys);
}

bool conntrail__scenario_check(const conntrail__scenario *scenario, conntrail__complaint *why) {
  static const key keys[] = {{"$schema", conntrail__shape_text, false},
                             {"profile", check_profile, false},
                             {"seed", check_number, false},
                             {"real_network", conntrail__shape_switch, false},
                             {"env", conntrail__scenario_check_environment, false},
                             {"programs", check_programs, false},
                             {"clients", check_clients, false},
                             {"services", check_services, false},
                             {"routes", check_routes, false},
                             {"hosts", conntrail__scenario_check_hosts, false},
                             {"faults", check_faults, false},
                             {"limits", check_limits, false},
                             {"expect", conntrail__scenario_check_expect, false},
                             {NULL, NULL, false}};
  const checker c = {scenario, why};
  return conntrail__shape_object(&c, scenario->root, "", keys);
}

bool conntrail__scenario_check_addition(const conntrail__scenario *request,
                                        conntrail__complaint *why) {
  static const key keys[] = {
      {"do", conntrail__shape_text, true}, {"id", conntrail__shape_id, false},
      {"services", check_services, false}, {"routes", check_routes, false},
      {"faults", check_faults, false},     {NULL, NULL, false}};
  const checker c = {request, why};
  return conntrail__shape_object(&c, request->root, "", keys);
}
