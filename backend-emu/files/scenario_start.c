/* SPDX-License-Identifier: MIT */
#include "scenario_start.h"

#include <stdio.h>
#include <string.h>

#include "scenario_variables.h"

enum { MOST_WORDS = 1000 };

static bool check_word(const checker *c, const json_t *value, const char *path) {
  return conntrail__shape_expect(c, value, path, JSON_STRING, "a text");
}

bool conntrail__scenario_check_command(const checker *c, const json_t *value, const char *path) {
  const json_t *program = json_array_get(value, 0);
  return conntrail__shape_list(c, value, path, check_word, MOST_WORDS) &&
         ((program != NULL && json_string_length(program) > 0) ||
          conntrail__shape_refuse(c, path, "a program and its arguments were expected"));
}

static bool check_port(const checker *c, const json_t *value, const char *path) {
  if (!conntrail__shape_text(c, value, path)) {
    return false;
  }
  const char *name = json_string_value(value);
  if (!conntrail__scenario_is_port_name(name)) {
    return conntrail__shape_refuse(
        c, path, "\"%.40s\": a name of letters, digits and _ was expected, at most %d bytes", name,
        CONNTRAIL__PORT_NAME - 1);
  }
  return strcmp(name, "PORT") != 0 ||
         conntrail__shape_refuse(c, path, "\"PORT\" is there without being named");
}

bool conntrail__scenario_check_ports(const checker *c, const json_t *value, const char *path) {
  return conntrail__shape_set(c, value, path, check_port, CONNTRAIL__MOST_PORTS,
                              "is named already");
}

static bool check_variable(const checker *c, const json_t *value, const char *path) {
  return json_is_null(value) ||
         conntrail__shape_expect(c, value, path, JSON_STRING, "a text or null");
}

bool conntrail__scenario_check_environment(const checker *c, const json_t *value,
                                           const char *path) {
  const char *name;
  json_t *text;
  char below[CONNTRAIL__PATH_TEXT];
  if (!conntrail__shape_expect(c, value, path, JSON_OBJECT, "an object of names and texts")) {
    return false;
  }
  json_object_foreach(conntrail__document_iterable(value), name, text) {
    conntrail__shape_join(below, path, name);
    if (name[0] == '\0' || strchr(name, '=') != NULL) {
      return conntrail__shape_refuse(
          c, path, "\"%.60s\" cannot be the name of a variable: no \"=\", and not empty", name);
    }
    if (!check_variable(c, text, below)) {
      return false;
    }
  }
  return true;
}

bool conntrail__scenario_check_input(const checker *c, const json_t *value, const char *path) {
  static const key keys[] = {
      {"file", conntrail__shape_text, false}, {"text", check_word, false}, {NULL, NULL, false}};
  if (json_is_string(value)) {
    return conntrail__shape_refuse(c, path,
                                   "a text, where an object was expected: write {\"file\": "
                                   "\"%.60s\"}, or {\"text\": \"%.60s\"}",
                                   json_string_value(value), json_string_value(value));
  }
  return conntrail__shape_object(c, value, path, keys) &&
         (json_object_size(value) == 1 ||
          conntrail__shape_refuse(c, path, "either \"file\" or \"text\" was expected"));
}

bool conntrail__scenario_check_turn(const checker *c, const json_t *value, const char *path) {
  if (!conntrail__shape_text(c, value, path)) {
    return false;
  }
  const char *word = json_string_value(value);
  return strcmp(word, "after previous") == 0 || strcmp(word, "with previous") == 0 ||
         conntrail__shape_refuse(c, path, "\"after previous\" or \"with previous\" was expected");
}

bool conntrail__scenario_check_exit_code(const checker *c, const json_t *value, const char *path) {
  return conntrail__shape_between(c, value, path, 0, UINT8_MAX);
}
