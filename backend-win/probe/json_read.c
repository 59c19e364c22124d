/* SPDX-License-Identifier: MIT */

/*
 * Reads what json_write.c writes, and any other JSON: a probe that is one file has no library for
 * it. Escapes other than those of json_write.c stay as they are: no text here is compared by them.
 */

#include "json_read.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_DEPTH = 32 };

typedef struct reader {
  const char *at;
  unsigned line;
  unsigned depth;
  bool no_memory;
} reader;

static probe_json *read_value(reader *r);

static void skip_space(reader *r) {
  while (*r->at == ' ' || *r->at == '\t' || *r->at == '\r' || *r->at == '\n') {
    r->line += *r->at == '\n' ? 1 : 0;
    r->at++;
  }
}

static bool take(reader *r, char expected) {
  skip_space(r);
  if (*r->at != expected) {
    return false;
  }
  r->at++;
  return true;
}

static char *copy(reader *r, const char *from, size_t size) {
  char *made = malloc(size + 1);
  if (made == NULL) {
    r->no_memory = true;
    return NULL;
  }
  memcpy(made, from, size);
  made[size] = '\0';
  return made;
}

static char *read_text(reader *r) {
  const char *from = r->at;
  while (*r->at != '"') {
    if ((unsigned char)*r->at < 0x20) {
      return NULL;
    }
    r->at += r->at[0] == '\\' && r->at[1] != '\0' ? 2 : 1;
  }
  r->at++;
  return copy(r, from, (size_t)(r->at - from - 1));
}

static char *read_word(reader *r) {
  static const char allowed[] = "+-.0123456789abcdefghijklmnopqrstuvwxyzE";
  size_t size = strspn(r->at, allowed);
  const char *from = r->at;
  r->at += size;
  return size == 0 ? NULL : copy(r, from, size);
}

static probe_json *make(reader *r, probe_json_kind kind) {
  probe_json *made = calloc(1, sizeof *made);
  if (made == NULL) {
    r->no_memory = true;
  } else {
    made->kind = kind;
  }
  return made;
}

static probe_json *read_member(reader *r) {
  if (!take(r, '"')) {
    return NULL;
  }
  char *key = read_text(r);
  probe_json *member = key != NULL && take(r, ':') ? read_value(r) : NULL;
  if (member == NULL) {
    free(key);
  } else {
    member->key = key;
  }
  return member;
}

static bool read_members(reader *r, probe_json *whole, char end) {
  probe_json **place = &whole->first;
  if (take(r, end)) {
    return true;
  }
  do {
    *place = whole->kind == PROBE_JSON_OBJECT ? read_member(r) : read_value(r);
    if (*place == NULL) {
      return false;
    }
    place = &(*place)->next;
  } while (take(r, ','));
  return take(r, end);
}

static probe_json *read_whole(reader *r, probe_json_kind kind, char end) {
  probe_json *whole = r->depth < MOST_DEPTH ? make(r, kind) : NULL;
  r->depth++;
  if (whole != NULL && !read_members(r, whole, end)) {
    conntrail__json_free(whole);
    whole = NULL;
  }
  r->depth--;
  return whole;
}

static probe_json *read_scalar(reader *r) {
  bool is_text = take(r, '"');
  char first = *r->at;
  char *text = is_text ? read_text(r) : read_word(r);
  bool is_number = first == '-' || (first >= '0' && first <= '9');
  probe_json_kind other = is_number ? PROBE_JSON_NUMBER : PROBE_JSON_OTHER;
  probe_json *value = text != NULL ? make(r, is_text ? PROBE_JSON_TEXT : other) : NULL;
  if (value == NULL) {
    free(text);
  } else {
    value->text = text;
  }
  return value;
}

static probe_json *read_value(reader *r) {
  if (take(r, '{')) {
    return read_whole(r, PROBE_JSON_OBJECT, '}');
  }
  if (take(r, '[')) {
    return read_whole(r, PROBE_JSON_LIST, ']');
  }
  return read_scalar(r);
}

probe_json *conntrail__json_read(const char *text, unsigned *line) {
  reader r = {.at = text, .line = 1};
  probe_json *value = read_value(&r);
  skip_space(&r);
  if (value != NULL && *r.at != '\0') {
    conntrail__json_free(value);
    value = NULL;
  }
  *line = r.no_memory ? 0 : r.line;
  return value;
}

/* Members one after the other, so that only the depth recurs. */
void conntrail__json_free(probe_json *value) {
  while (value != NULL) {
    probe_json *next = value->next;
    conntrail__json_free(value->first);
    free(value->key);
    free(value->text);
    free(value);
    value = next;
  }
}

const probe_json *conntrail__json_member(const probe_json *value, const char *key) {
  for (const probe_json *at = value != NULL ? value->first : NULL; at != NULL; at = at->next) {
    if (at->key != NULL && strcmp(at->key, key) == 0) {
      return at;
    }
  }
  return NULL;
}

const char *conntrail__json_string(const probe_json *value, const char *key) {
  const probe_json *member = conntrail__json_member(value, key);
  return member != NULL && member->text != NULL ? member->text : "";
}

unsigned long conntrail__json_unsigned(const probe_json *value, const char *key) {
  return strtoul(conntrail__json_string(value, key), NULL, 0);
}
