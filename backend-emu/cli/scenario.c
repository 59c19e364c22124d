/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "locate.h"
#include "scenario_internal.h"

enum { MOST_BYTES = 1 << 20, USUAL_PATIENCE = 10 };

bool conntrail__scenario_refuse(const conntrail__scenario *scenario, conntrail__complaint *why,
                                const char *path, const char *format, ...) {
  size_t line;
  size_t column;
  int used;
  va_list arguments;
  conntrail__locate_value(scenario->text, path, &line, &column);
  used = snprintf(why->text, sizeof why->text, "%.300s:%zu:%zu: ", scenario->file, line, column);
  va_start(arguments, format);
  vsnprintf(why->text + used, sizeof why->text - (size_t)used, format, arguments);
  va_end(arguments);
  return false;
}

static char *read_whole(FILE *file, conntrail__complaint *why, const char *name) {
  char *text = malloc(MOST_BYTES + 1);
  size_t size = text == NULL ? 0 : fread(text, 1, MOST_BYTES + 1, file);
  if (text == NULL || ferror(file) || size > MOST_BYTES) {
    snprintf(why->text, sizeof why->text, "%.300s: %s", name,
             text == NULL   ? "no memory to read it"
             : ferror(file) ? "cannot be read; give a file, not a folder"
                            : "is larger than 1 MiB, which no scenario is");
    free(text);
    return NULL;
  }
  text[size] = '\0';
  if (strlen(text) != size) {
    snprintf(why->text, sizeof why->text, "%.300s: holds a NUL byte; a scenario is JSON text",
             name);
    free(text);
    return NULL;
  }
  return text;
}

static char *read_file(const char *name, conntrail__complaint *why) {
  FILE *file = fopen(name, "rb");
  char *text;
  if (file == NULL) {
    snprintf(why->text, sizeof why->text, "%.300s: %s; give the path of a scenario's file", name,
             strerror(errno));
    return NULL;
  }
  text = read_whole(file, why, name);
  fclose(file);
  return text;
}

static bool parse(conntrail__scenario *scenario, conntrail__complaint *why) {
  json_error_t error;
  scenario->root = json_loads(scenario->text, JSON_REJECT_DUPLICATES, &error);
  if (scenario->root == NULL) {
    snprintf(why->text, sizeof why->text, "%.300s:%d:%d: not JSON: %s", scenario->file, error.line,
             error.column, error.text);
  }
  return scenario->root != NULL;
}

conntrail__scenario *conntrail__scenario_load(const char *file, conntrail__complaint *why) {
  conntrail__scenario *scenario = calloc(1, sizeof *scenario);
  if (scenario == NULL) {
    snprintf(why->text, sizeof why->text, "no memory for a scenario");
    return NULL;
  }
  scenario->file = strdup(file);
  scenario->text = read_file(file, why);
  if (scenario->file == NULL || scenario->text == NULL || !parse(scenario, why) ||
      !conntrail__scenario_check(scenario, why)) {
    conntrail__scenario_free(scenario);
    return NULL;
  }
  return scenario;
}

void conntrail__scenario_free(conntrail__scenario *scenario) {
  if (scenario != NULL) {
    json_decref(scenario->root);
    free(scenario->text);
    free(scenario->file);
    free(scenario);
  }
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

const char *conntrail__scenario_profile(const conntrail__scenario *scenario) {
  const char *word = json_string_value(json_object_get(scenario->root, "profile"));
  return word == NULL ? "documented" : word;
}
