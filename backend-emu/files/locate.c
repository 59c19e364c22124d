/* SPDX-License-Identifier: MIT */
#include "locate.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char *skip_space(const char *at) {
  return at + strspn(at, " \t\r\n");
}

static const char *skip_string(const char *at) {
  for (at++; *at != '\0' && *at != '"'; at++) {
    if (*at == '\\' && at[1] != '\0') {
      at++;
    }
  }
  return *at == '"' ? at + 1 : at;
}

/* Past one value. Depth is counted, so that deep texts need no deep stack. */
static const char *skip_value(const char *at) {
  int depth = 0;
  do {
    at = skip_space(at);
    if (*at == '"') {
      at = skip_string(at);
    } else if (*at == '{' || *at == '[') {
      depth++;
      at++;
    } else if (*at == '}' || *at == ']') {
      depth--;
      at++;
    } else if (*at == ',' || *at == ':') {
      at++;
    } else if (*at != '\0') {
      at += strcspn(at, ",:{}[] \t\r\n\"");
    }
  } while (depth > 0 && *at != '\0');
  return at;
}

static bool is_key(const char *at, const char *key, size_t size) {
  return strncmp(at + 1, key, size) == 0 && at[1 + size] == '"';
}

/* The member of an object, or NULL. */
static const char *find_member(const char *at, const char *key, size_t size) {
  at = skip_space(at + 1);
  while (*at == '"') {
    bool is_found = is_key(at, key, size);
    at = skip_space(skip_string(at));
    at = skip_space(at + (*at == ':'));
    if (is_found) {
      return at;
    }
    at = skip_space(skip_value(at));
    at = skip_space(at + (*at == ','));
  }
  return NULL;
}

static const char *find_item(const char *at, unsigned long index) {
  at = skip_space(at + 1);
  while (*at != '\0' && *at != ']') {
    if (index-- == 0) {
      return at;
    }
    at = skip_space(skip_value(at));
    at = skip_space(at + (*at == ','));
  }
  return NULL;
}

void conntrail__locate_value(const char *text, const char *path, size_t *line, size_t *column) {
  const char *at = skip_space(text);
  const char *start;
  while (*path == '/') {
    size_t size = strcspn(++path, "/");
    const char *next = *at == '{'   ? find_member(at, path, size)
                       : *at == '[' ? find_item(at, strtoul(path, NULL, 10))
                                    : NULL;
    if (next == NULL) {
      break;
    }
    at = next;
    path += size;
  }
  *line = 1;
  start = text;
  for (const char *c = text; c < at; c++) {
    if (*c == '\n') {
      (*line)++;
      start = c + 1;
    }
  }
  *column = (size_t)(at - start) + 1;
}
