/* SPDX-License-Identifier: MIT */
#include "scenario_variables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario_shape.h"

static const char usual_port[] = "PORT";

typedef struct filling {
  checker c;
  const char *own; /* the program of these texts; NULL: of none that listens */
  conntrail__port_of port_of;
  void *arg;
} filling;

typedef struct variable {
  char program[CONNTRAIL__PATH_TEXT];
  char name[CONNTRAIL__PORT_NAME];
} variable;

bool conntrail__scenario_is_port_name(const char *name) {
  static const char known[] = "_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  return name[0] != '\0' && strchr("0123456789", name[0]) == NULL &&
         strlen(name) < CONNTRAIL__PORT_NAME && name[strspn(name, known)] == '\0';
}

/* ---- Which there are ------------------------------------------------------------------------- */

static const json_t *find_program(const filling *f, const char *name) {
  const json_t *programs = json_object_get(f->c.scenario->root, "programs");
  for (size_t i = 0; i < json_array_size(programs); i++) {
    const json_t *program = json_array_get(programs, i);
    if (strcmp(json_string_value(json_object_get(program, "name")), name) == 0) {
      return program;
    }
  }
  return NULL;
}

static bool has_port(const json_t *program, const char *name) {
  const json_t *ports = json_object_get(program, "ports");
  bool is_there = program != NULL && strcmp(name, usual_port) == 0;
  for (size_t i = 0; i < json_array_size(ports); i++) {
    is_there = is_there || strcmp(json_string_value(json_array_get(ports, i)), name) == 0;
  }
  return is_there;
}

/* Behind the last dot stands the name. */
static bool read_variable(const filling *f, const char *text, size_t size, variable *found) {
  size_t dot = size;
  while (dot > 0 && text[dot - 1] != '.') {
    dot--;
  }
  const size_t length = size - dot;
  if (length >= sizeof found->name || dot > sizeof found->program || (dot == 0 && f->own == NULL)) {
    return false;
  }
  snprintf(found->name, sizeof found->name, "%.*s", (int)length, text + dot);
  snprintf(found->program, sizeof found->program, "%.*s", dot == 0 ? 100 : (int)dot - 1,
           dot == 0 ? f->own : text);
  return has_port(find_program(f, found->program), found->name);
}

/* ---- One that is not ------------------------------------------------------------------------- */

static void add_name(json_t *names, const char *program, const char *name) {
  char text[CONNTRAIL__PATH_TEXT];
  snprintf(text, sizeof text, "%s%s%s", program == NULL ? "" : program, program == NULL ? "" : ".",
           name);
  (void)json_array_append_new(names, json_string(text));
}

static void add_names(json_t *names, const json_t *program, const char *prefix) {
  const json_t *ports = json_object_get(program, "ports");
  add_name(names, prefix, usual_port);
  for (size_t i = 0; i < json_array_size(ports); i++) {
    add_name(names, prefix, json_string_value(json_array_get(ports, i)));
  }
}

static json_t *names_of(const filling *f) {
  const json_t *programs = json_object_get(f->c.scenario->root, "programs");
  json_t *names = json_array();
  if (f->own != NULL) {
    add_names(names, find_program(f, f->own), NULL);
  }
  for (size_t i = 0; i < json_array_size(programs); i++) {
    const json_t *program = json_array_get(programs, i);
    add_names(names, program, json_string_value(json_object_get(program, "name")));
  }
  return names;
}

static const char *name_at(const void *names, size_t index) {
  return json_string_value(json_array_get(names, index));
}

static bool refuse_unknown(const filling *f, const char *path, const char *name) {
  json_t *names = names_of(f);
  const char *meant = conntrail__document_nearest(name, name_at, names);
  const char *first = name_at(names, 0);
  char cure[160] = "there are none, as there are no programs.";
  if (meant != NULL) {
    snprintf(cure, sizeof cure, "did you mean \"%s\"?", meant);
  } else if (first != NULL) {
    snprintf(cure, sizeof cure, "a known one is \"%s\".", first);
  }
  (void)conntrail__shape_refuse(
      &f->c, path, "unknown variable \"%.60s\"; %s (Write $${ for the characters ${.)", name, cure);
  json_decref(names);
  return false;
}

/* ---- A text ---------------------------------------------------------------------------------- */

/* at: behind "${". Answers where the text goes on; NULL: refused. */
static const char *put_variable(const filling *f, const char *at, const char *path, char port[8]) {
  const size_t size = strcspn(at, "}");
  variable wanted;
  conntrail__refusal why;
  uint16_t number = 0;
  char name[CONNTRAIL__PATH_TEXT];
  snprintf(name, sizeof name, "%.*s", (int)(size > 100 ? 100 : size), at);
  if (at[size] == '\0') {
    (void)conntrail__shape_refuse(
        &f->c, path, "\"${%.60s\" has no \"}\"; write $${ for the characters ${", name);
    return NULL;
  }
  if (!read_variable(f, at, size, &wanted)) {
    (void)refuse_unknown(f, path, name);
    return NULL;
  }
  if (f->port_of != NULL && !f->port_of(f->arg, wanted.program, wanted.name, &number, &why)) {
    (void)conntrail__shape_refuse(&f->c, path, "%s", why.text);
    return NULL;
  }
  snprintf(port, 8, "%u", (unsigned)number);
  return at + size + 1;
}

static bool fill_into(const filling *f, const char *text, const char *path, char *out) {
  char port[8];
  while (*text != '\0') {
    if (strncmp(text, "$${", 3) == 0) {
      *out++ = '$';
      *out++ = '{';
      text += 3;
    } else if (strncmp(text, "${", 2) == 0) {
      text = put_variable(f, text + 2, path, port);
      if (text == NULL) {
        return false;
      }
      out += snprintf(out, sizeof port, "%s", port);
    } else {
      *out++ = *text++;
    }
  }
  *out = '\0';
  return true;
}

/* "${a}" has four bytes, and a port at most five. */
static bool fill_text(const filling *f, json_t *value, const char *path) {
  const char *text = json_string_value(value);
  if (text == NULL || strstr(text, "${") == NULL) {
    return true;
  }
  char *filled = malloc(2 * strlen(text) + 8);
  if (filled == NULL) {
    return conntrail__shape_refuse(&f->c, path, "no memory for its variables");
  }
  bool is_filled = fill_into(f, text, path, filled);
  if (is_filled && f->port_of != NULL) {
    (void)json_string_set(value, filled); /* JSON was UTF-8, and ports are */
  }
  free(filled);
  return is_filled;
}

/* ---- The texts ------------------------------------------------------------------------------- */

static bool fill_list(const filling *f, const json_t *list, const char *path) {
  for (size_t i = 0; i < json_array_size(list); i++) {
    char below[CONNTRAIL__PATH_TEXT];
    snprintf(below, sizeof below, "%.200s/%zu", path, i);
    if (!fill_text(f, json_array_get(list, i), below)) {
      return false;
    }
  }
  return true;
}

static bool fill_members(const filling *f, const json_t *object, const char *path) {
  const char *name;
  json_t *value;
  json_object_foreach(conntrail__document_iterable(object), name, value) {
    char below[CONNTRAIL__PATH_TEXT];
    conntrail__shape_join(below, path, name);
    if (!fill_text(f, value, below)) {
      return false;
    }
  }
  return true;
}

static bool fill_start(const filling *f, const json_t *start, const char *path) {
  char below[CONNTRAIL__PATH_TEXT];
  conntrail__shape_join(below, path, "command");
  if (!fill_list(f, json_object_get(start, "command"), below)) {
    return false;
  }
  conntrail__shape_join(below, path, "env");
  if (!fill_members(f, json_object_get(start, "env"), below)) {
    return false;
  }
  conntrail__shape_join(below, path, "stdin/text");
  return fill_text(f, json_object_get(json_object_get(start, "stdin"), "text"), below);
}

bool conntrail__scenario_fill_starts(conntrail__scenario *scenario, conntrail__port_of port_of,
                                     void *arg, conntrail__complaint *why) {
  const json_t *programs = json_object_get(scenario->root, "programs");
  filling f = {{scenario, why}, NULL, port_of, arg};
  bool is_filled = fill_members(&f, json_object_get(scenario->root, "env"), "/env");
  for (size_t i = 0; is_filled && i < json_array_size(programs); i++) {
    char path[CONNTRAIL__PATH_TEXT];
    snprintf(path, sizeof path, "/programs/%zu", i);
    f.own = conntrail__scenario_program(scenario, i);
    is_filled = fill_start(&f, json_array_get(programs, i), path);
  }
  const json_t *client;
  f.own = NULL;
  for (size_t i = 0; is_filled && (client = conntrail__scenario_client(scenario, i)) != NULL; i++) {
    char path[CONNTRAIL__PATH_TEXT];
    snprintf(path, sizeof path, "/clients/%zu", i);
    is_filled = fill_start(&f, client, path);
  }
  return is_filled;
}

static bool fill_redirects(const filling *f, const json_t *redirects, const char *path) {
  for (size_t i = 0; i < json_array_size(redirects); i++) {
    char below[CONNTRAIL__PATH_TEXT];
    snprintf(below, sizeof below, "%.200s/redirect/%zu/to", path, i);
    if (!fill_text(f, json_object_get(json_array_get(redirects, i), "to"), below)) {
      return false;
    }
  }
  return true;
}

bool conntrail__scenario_fill_places(conntrail__scenario *scenario, conntrail__port_of port_of,
                                     void *arg, conntrail__complaint *why) {
  const json_t *services = json_object_get(scenario->root, "services");
  const filling f = {{scenario, why}, NULL, port_of, arg};
  bool is_filled = fill_members(&f, json_object_get(scenario->root, "routes"), "/routes");
  for (size_t i = 0; is_filled && i < json_array_size(services); i++) {
    char path[CONNTRAIL__PATH_TEXT];
    snprintf(path, sizeof path, "/services/%zu", i);
    is_filled = fill_redirects(&f, json_object_get(json_array_get(services, i), "redirect"), path);
  }
  return is_filled;
}
