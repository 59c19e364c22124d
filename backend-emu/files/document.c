/* SPDX-License-Identifier: MIT */
#include "document.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "../engine/edits.h"
#include "locate.h"
#include "not_json.h"

enum { MOST_BYTES = 1 << 20 };

bool conntrail__document_refuse(const conntrail__document *document, conntrail__complaint *why,
                                const char *path, const char *format, ...) {
  size_t line = 0;
  size_t column = 0;
  va_list arguments;
  conntrail__locate_value(document->text, path, &line, &column);
  int used =
      snprintf(why->text, sizeof why->text, "%.300s:%zu:%zu: ", document->file, line, column);
  va_start(arguments, format);
  vsnprintf(why->text + used, sizeof why->text - (size_t)used, format, arguments);
  va_end(arguments);
  return false;
}

const char *conntrail__document_type(const json_t *value) {
  static const char *const names[] = {"an object", "a list",   "a text",    "a whole number",
                                      "a number",  "\"true\"", "\"false\"", "\"null\""};
  return names[json_typeof(value)];
}

/* Bad spelling is at most two letters away, and fewer than half of the word. */
const char *conntrail__document_nearest(const char *name, conntrail__name_at name_at,
                                        const void *names) {
  enum { MOST_EDITS = 2 };
  const size_t length = strlen(name);
  const char *found = NULL;
  unsigned best = length / 2 > MOST_EDITS ? MOST_EDITS + 1 : (unsigned)length / 2 + 1;
  for (size_t i = 0; length <= CONNTRAIL__LONGEST_COMPARED && name_at(names, i) != NULL; i++) {
    const char *known = name_at(names, i);
    const unsigned count = conntrail__edits(name, length, known);
    if (count < best) {
      found = known;
      best = count;
    }
  }
  return found;
}

bool conntrail__document_refuse_key(const conntrail__document *document, conntrail__complaint *why,
                                    const char *path, const char *name, conntrail__name_at name_at,
                                    const void *names) {
  const char *meant = conntrail__document_nearest(name, name_at, names);
  char known[300] = "";
  size_t used = 0;
  if (meant != NULL) {
    return conntrail__document_refuse(document, why, path,
                                      "unknown key \"%.60s\"; did you mean \"%s\"?", name, meant);
  }
  for (size_t i = 0; name_at(names, i) != NULL && used < sizeof known; i++) {
    used += (size_t)snprintf(known + used, sizeof known - used, "%s\"%s\"", used == 0 ? "" : ", ",
                             name_at(names, i));
  }
  return conntrail__document_refuse(document, why, path, "unknown key \"%.60s\"; there are: %s",
                                    name, known);
}

/* JSON has none, and text in C ends there. */
static bool has_no_nul(const char *text, size_t size, const char *name, const char *what,
                       conntrail__complaint *why) {
  if (strlen(text) == size) {
    return true;
  }
  snprintf(why->text, sizeof why->text, "%.300s: holds a NUL byte; a %s is JSON text", name, what);
  return false;
}

static char *read_whole(FILE *file, const char *name, const char *what, conntrail__complaint *why) {
  char *text = malloc(MOST_BYTES + 1);
  size_t size = text == NULL ? 0 : fread(text, 1, MOST_BYTES + 1, file);
  if (text == NULL) {
    snprintf(why->text, sizeof why->text, "%.300s: no memory to read it", name);
    return NULL;
  }
  if (ferror(file)) {
    snprintf(why->text, sizeof why->text, "%.300s: cannot be read; give a file, not a folder",
             name);
  } else if (size > MOST_BYTES) {
    snprintf(why->text, sizeof why->text, "%.300s: is larger than 1 MiB, which no %s is", name,
             what);
  } else {
    text[size] = '\0';
    if (has_no_nul(text, size, name, what, why)) {
      return text;
    }
  }
  free(text);
  return NULL;
}

static char *read_file(const char *name, const char *what, conntrail__complaint *why) {
  FILE *file = fopen(name, "rb");
  if (file == NULL) {
    snprintf(why->text, sizeof why->text, "%.300s: %s; give the path of a %s's file", name,
             strerror(errno), what);
    return NULL;
  }
  char *text = read_whole(file, name, what, why);
  fclose(file);
  return text;
}

static char *copy_text(const char *text, size_t size) {
  char *copy = malloc(size + 1);
  if (copy != NULL) {
    memcpy(copy, text, size);
    copy[size] = '\0';
  }
  return copy;
}

static conntrail__document *create(const char *file, const char *what, conntrail__complaint *why) {
  conntrail__document *document = calloc(1, sizeof *document);
  char *name = copy_text(file, strlen(file));
  if (document == NULL || name == NULL) {
    snprintf(why->text, sizeof why->text, "no memory for a %s", what);
    free(document);
    free(name);
    return NULL;
  }
  document->file = name;
  document->what = what;
  return document;
}

/* Takes text over: NULL where there is none, with why. */
static conntrail__document *parse(conntrail__document *document, char *text,
                                  conntrail__complaint *why) {
  json_error_t error;
  document->text = text;
  if (text != NULL) {
    document->root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (document->root != NULL) {
      return document;
    }
    conntrail__explain_not_json(document, document->what, &error, why);
  }
  conntrail__document_free(document);
  return NULL;
}

conntrail__document *conntrail__document_load(const char *file, const char *what,
                                              conntrail__complaint *why) {
  conntrail__document *document = create(file, what, why);
  return document == NULL ? NULL : parse(document, read_file(file, what, why), why);
}

conntrail__document *conntrail__document_parse(const char *name, const char *text, size_t size,
                                               const char *what, conntrail__complaint *why) {
  conntrail__document *document = create(name, what, why);
  if (document == NULL) {
    return NULL;
  }
  char *copy = copy_text(text, size);
  if (copy == NULL) {
    snprintf(why->text, sizeof why->text, "no memory for a %s", what);
  } else if (!has_no_nul(copy, size, name, what, why)) {
    free(copy);
    copy = NULL;
  }
  return parse(document, copy, why);
}

void conntrail__document_free(conntrail__document *document) {
  if (document != NULL) {
    json_decref(document->root);
    free(document->text);
    free(document->file);
    free(document);
  }
}
