/* SPDX-License-Identifier: MIT */
#include "scenario_shape.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { SUBJECT_TEXT = 120, CURE_TEXT = 120 };

static bool is_index(const char *step) {
  return *step != '\0' && step[strspn(step, "0123456789")] == '\0';
}

/* The step that ends at `end`, and where it begins. */
static const char *step_before(const char *path, const char *end) {
  while (end > path && end[-1] != '/') {
    end--;
  }
  return end;
}

/* "rule", "block", entry 2; the scenario itself has no key. */
static void name_subject(const conntrail__scenario *scenario, const char *path,
                         char out[SUBJECT_TEXT]) {
  const char *last = step_before(path, path + strlen(path));
  if (*path == '\0') {
    snprintf(out, SUBJECT_TEXT, "the %s", scenario->what);
  } else if (is_index(last) && last - path > 1) {
    const char *list = step_before(path, last - 1);
    snprintf(out, SUBJECT_TEXT, "\"%.*s\", entry %lu", (int)(last - 1 - list), list,
             strtoul(last, NULL, 10) + 1);
  } else {
    snprintf(out, SUBJECT_TEXT, "\"%.80s\"", last);
  }
}

bool conntrail__shape_refuse(const checker *c, const char *path, const char *format, ...) {
  char subject[SUBJECT_TEXT];
  char said[400];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(said, sizeof said, format, arguments);
  va_end(arguments);
  name_subject(c->scenario, path, subject);
  return conntrail__document_refuse(c->scenario, c->why, path, "%s: %s", subject, said);
}

void conntrail__shape_join(char out[CONNTRAIL__PATH_TEXT], const char *path, const char *step) {
  snprintf(out, CONNTRAIL__PATH_TEXT, "%.180s/%.70s", path, step);
}

/* How to write what was meant; "" if that is not plain. */
static void cure(const json_t *value, json_type wanted, char out[CURE_TEXT]) {
  const char *text = json_string_value(value);
  const char *first = json_string_value(json_array_get(value, 0));
  *out = '\0';
  if (wanted == JSON_ARRAY && text != NULL) {
    snprintf(out, CURE_TEXT, ": write [\"%.60s\"]", text);
  } else if (wanted == JSON_STRING && first != NULL && json_array_size(value) == 1) {
    snprintf(out, CURE_TEXT, ": write \"%.60s\"", first);
  } else if (wanted == JSON_ARRAY && json_is_object(value)) {
    snprintf(out, CURE_TEXT, ": put [ and ] around it");
  } else if (wanted == JSON_INTEGER && text != NULL && is_index(text)) {
    snprintf(out, CURE_TEXT, ": write %.20s", text);
  } else if (wanted == JSON_STRING && json_is_integer(value)) {
    snprintf(out, CURE_TEXT, ": write \"%" JSON_INTEGER_FORMAT "\"", json_integer_value(value));
  }
}

bool conntrail__shape_expect(const checker *c, const json_t *value, const char *path,
                             json_type type, const char *expected) {
  char mending[CURE_TEXT];
  cure(value, type, mending);
  return json_typeof(value) == type ||
         conntrail__shape_refuse(c, path, "%s, where %s was expected%s",
                                 conntrail__document_type(value), expected, mending);
}

static const char *key_at(const void *keys, size_t index) {
  return ((const key *)keys)[index].name;
}

static bool has_needed(const checker *c, const json_t *object, const char *path, const key *keys) {
  for (const key *k = keys; k->name != NULL; k++) {
    if (k->is_needed && json_object_get(object, k->name) == NULL) {
      return conntrail__shape_refuse(c, path, "\"%s\" is missing here", k->name);
    }
  }
  return true;
}

bool conntrail__shape_object(const checker *c, const json_t *object, const char *path,
                             const key *keys) {
  const char *name;
  json_t *value;
  char below[CONNTRAIL__PATH_TEXT];
  if (!conntrail__shape_expect(c, object, path, JSON_OBJECT, "an object")) {
    return false;
  }
  json_object_foreach(conntrail__document_iterable(object), name, value) {
    const key *k = keys;
    while (k->name != NULL && strcmp(k->name, name) != 0) {
      k++;
    }
    conntrail__shape_join(below, path, name);
    if (k->name == NULL) {
      return conntrail__document_refuse_key(c->scenario, c->why, below, name, key_at, keys);
    }
    if (!k->check(c, value, below)) {
      return false;
    }
  }
  return has_needed(c, object, path, keys);
}

bool conntrail__shape_list(const checker *c, const json_t *list, const char *path, check item,
                           size_t most) {
  char below[CONNTRAIL__PATH_TEXT];
  char index[24];
  if (!conntrail__shape_expect(c, list, path, JSON_ARRAY, "a list")) {
    return false;
  }
  if (json_array_size(list) > most) {
    return conntrail__shape_refuse(c, path, "%zu entries, and at most %zu fit",
                                   json_array_size(list), most);
  }
  for (size_t i = 0; i < json_array_size(list); i++) {
    snprintf(index, sizeof index, "%zu", i);
    conntrail__shape_join(below, path, index);
    if (!item(c, json_array_get(list, i), below)) {
      return false;
    }
  }
  return true;
}

bool conntrail__shape_set(const checker *c, const json_t *list, const char *path, check item,
                          size_t most, const char *again) {
  if (!conntrail__shape_list(c, list, path, item, most)) {
    return false;
  }
  for (size_t i = 0; i < json_array_size(list); i++) {
    for (size_t j = 0; j < i; j++) {
      if (json_equal(json_array_get(list, i), json_array_get(list, j))) {
        char at[CONNTRAIL__PATH_TEXT];
        snprintf(at, sizeof at, "%.200s/%zu", path, i);
        return conntrail__shape_refuse(c, at, "\"%s\" %s",
                                       json_string_value(json_array_get(list, i)), again);
      }
    }
  }
  return true;
}

bool conntrail__shape_text(const checker *c, const json_t *value, const char *path) {
  if (!conntrail__shape_expect(c, value, path, JSON_STRING, "a text")) {
    return false;
  }
  return json_string_length(value) > 0 || conntrail__shape_refuse(c, path, "an empty text");
}

bool conntrail__shape_id(const checker *c, const json_t *value, const char *path) {
  return json_is_integer(value) || json_is_string(value) ||
         conntrail__shape_refuse(c, path, "%s, where a whole number or a text was expected",
                                 conntrail__document_type(value));
}

bool conntrail__shape_switch(const checker *c, const json_t *value, const char *path) {
  return json_is_boolean(value) ||
         conntrail__shape_refuse(c, path, "%s, where true or false was expected",
                                 conntrail__document_type(value));
}

bool conntrail__shape_between(const checker *c, const json_t *value, const char *path,
                              json_int_t least, json_int_t most) {
  if (!conntrail__shape_expect(c, value, path, JSON_INTEGER, "a whole number")) {
    return false;
  }
  return (json_integer_value(value) >= least && json_integer_value(value) <= most) ||
         conntrail__shape_refuse(c, path,
                                 "%" JSON_INTEGER_FORMAT ", where %" JSON_INTEGER_FORMAT
                                 " to %" JSON_INTEGER_FORMAT " was expected",
                                 json_integer_value(value), least, most);
}
