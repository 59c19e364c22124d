/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>

#include "profile_file.h"
#include "profile_number.h"

/* A profile's file as a table. */

struct conntrail__profile_file {
  conntrail_emu_table table;
  char name[CONNTRAIL_EMU_LONGEST_TABLE_NAME + 1];
  conntrail_emu_answer answers[CONNTRAIL_EMU_SITUATIONS][CONNTRAIL_EMU_MOST_ANSWERS];
};

typedef struct reader {
  const conntrail__document *document;
  conntrail__complaint *why;
  conntrail__profile_file *profile;
  conntrail__answer_check check;
} reader;

#define REFUSE(r, path, ...) conntrail__document_refuse((r)->document, (r)->why, path, __VA_ARGS__)

static void join(char *out, const char *path, const char *step) {
  snprintf(out, CONNTRAIL__PATH_TEXT, "%.180s/%.70s", path, step);
}

static bool expect(const reader *r, const json_t *value, const char *path, json_type type,
                   const char *expected) {
  return json_typeof(value) == type ||
         REFUSE(r, path, "%s, where %s was expected", conntrail__document_type(value), expected);
}

/* ---- Keys ----------------------------------------------------------------------------------- */

typedef bool (*read_value)(reader *r, const json_t *value, const char *path);

typedef struct key {
  const char *name;
  read_value read;
  bool is_needed;
} key;

static const char *key_at(const void *keys, size_t index) {
  return ((const key *)keys)[index].name;
}

static bool read_members(reader *r, const json_t *object, const char *path, const key *keys) {
  const char *name;
  json_t *value;
  char below[CONNTRAIL__PATH_TEXT];
  json_object_foreach(conntrail__document_iterable(object), name, value) {
    const key *k = keys;
    while (k->name != NULL && strcmp(k->name, name) != 0) {
      k++;
    }
    join(below, path, name);
    if (k->name == NULL) {
      return conntrail__document_refuse_key(r->document, r->why, below, name, key_at, keys);
    }
    if (!k->read(r, value, below)) {
      return false;
    }
  }
  return true;
}

static bool read_object(reader *r, const json_t *object, const char *path, const key *keys) {
  if (!expect(r, object, path, JSON_OBJECT, "an object") || !read_members(r, object, path, keys)) {
    return false;
  }
  for (const key *k = keys; k->name != NULL; k++) {
    if (k->is_needed && json_object_get(object, k->name) == NULL) {
      return REFUSE(r, path, "\"%s\" is missing here", k->name);
    }
  }
  return true;
}

/* ---- Values that are not read, or hardly ------------------------------------------------------
 */

static bool read_text(reader *r, const json_t *value, const char *path) {
  return expect(r, value, path, JSON_STRING, "a text");
}

static bool read_anything(reader *r, const json_t *value, const char *path) {
  (void)r;
  (void)value;
  (void)path;
  return true;
}

static bool read_origin(reader *r, const json_t *value, const char *path) {
  const char *name;
  json_t *text;
  char below[CONNTRAIL__PATH_TEXT];
  if (!expect(r, value, path, JSON_OBJECT, "an object")) {
    return false;
  }
  json_object_foreach(conntrail__document_iterable(value), name, text) {
    join(below, path, name);
    if (!read_text(r, text, below)) {
      return false;
    }
  }
  return true;
}

static bool read_format(reader *r, const json_t *value, const char *path) {
  return read_text(r, value, path) &&
         (strcmp(json_string_value(value), CONNTRAIL__PROFILE_FORMAT) == 0 ||
          REFUSE(r, path, "\"%.40s\", where \"" CONNTRAIL__PROFILE_FORMAT "\" was expected",
                 json_string_value(value)));
}

static bool read_name(reader *r, const json_t *value, const char *path) {
  if (!read_text(r, value, path)) {
    return false;
  }
  size_t size = json_string_length(value);
  if (size == 0 || size > CONNTRAIL_EMU_LONGEST_TABLE_NAME) {
    return REFUSE(r, path, "a name of %zu bytes, where 1 to %d were expected", size,
                  (int)CONNTRAIL_EMU_LONGEST_TABLE_NAME);
  }
  memcpy(r->profile->name, json_string_value(value), size + 1);
  return true;
}

static bool read_base(reader *r, const json_t *value, const char *path) {
  return read_text(r, value, path) &&
         (conntrail__profile_named(json_string_value(value), &r->profile->table.base) ||
          REFUSE(r, path, "\"documented\", \"measured\" or \"contrary\" was expected"));
}

/* ---- Numbers -------------------------------------------------------------------------------- */

static bool read_native(reader *r, const json_t *value, const char *path) {
  uint32_t ignored;
  return conntrail__profile_native(value, &ignored) ||
         REFUSE(r, path,
                "a whole number of 32 bits, or a text such as \"0x80320008\", was expected");
}

static bool read_status(reader *r, const json_t *value, const char *path) {
  uint32_t ignored;
  return (json_is_string(value) &&
          conntrail__profile_hexadecimal(json_string_value(value), &ignored)) ||
         REFUSE(r, path, "a text such as \"0xC0000225\" was expected");
}

static bool read_whole(reader *r, const json_t *value, const char *path) {
  uint32_t ignored;
  return conntrail__profile_whole(value, &ignored) ||
         REFUSE(r, path, "a whole number of 32 bits was expected");
}

static bool read_bytes(reader *r, const json_t *value, const char *path) {
  conntrail_emu_answer ignored;
  return conntrail__profile_bytes(value, &ignored) ||
         REFUSE(r, path, "a whole number of 32 bits, \"size\" or \"untouched\" was expected");
}

/* ---- Answers -------------------------------------------------------------------------------- */

static bool read_answer(reader *r, const json_t *value, const char *path, unsigned situation,
                        conntrail_emu_answer *answer) {
  static const key keys[] = {{"native", read_native, true},    {"bytes", read_bytes, true},
                             {"ntstatus", read_status, false}, {"offered", read_whole, false},
                             {"note", read_text, false},       {NULL, NULL, false}};
  if (!read_object(r, value, path, keys)) {
    return false;
  }
  (void)conntrail__profile_native(json_object_get(value, "native"), &answer->native);
  (void)conntrail__profile_bytes(json_object_get(value, "bytes"), answer);
  const char *fault = r->check((conntrail_emu_situation)situation, answer);
  return fault == NULL || REFUSE(r, path, "%s", fault);
}

static bool read_row(reader *r, const json_t *list, const char *path, unsigned situation) {
  conntrail_emu_answer *answers = r->profile->answers[situation];
  size_t count = json_array_size(list);
  char below[CONNTRAIL__PATH_TEXT];
  char step[24];
  if (!expect(r, list, path, JSON_ARRAY, "a list of answers")) {
    return false;
  }
  if (count == 0 || count > CONNTRAIL_EMU_MOST_ANSWERS) {
    return REFUSE(r, path, "%zu answers, where 1 to %d were expected", count,
                  (int)CONNTRAIL_EMU_MOST_ANSWERS);
  }
  for (size_t i = 0; i < count; i++) {
    snprintf(step, sizeof step, "%zu", i);
    join(below, path, step);
    if (!read_answer(r, json_array_get(list, i), below, situation, &answers[i])) {
      return false;
    }
  }
  r->profile->table.rows[situation] = (conntrail_emu_row){answers, count};
  return true;
}

/* What words there are for situations, of one operation or (operation NULL) for operations. */
static bool refuse_words(const reader *r, const char *path, const char *kind, const char *given,
                         const char *operation) {
  char known[500] = "";
  size_t used = 0;
  const char *last = "";
  for (unsigned i = 0; i < CONNTRAIL_EMU_SITUATIONS && used < sizeof known; i++) {
    const char *each =
        operation == NULL ? conntrail__profile_operation(i) : conntrail__profile_situation(i);
    bool is_one = operation == NULL ? strcmp(each, last) != 0
                                    : strcmp(conntrail__profile_operation(i), operation) == 0;
    if (is_one) {
      used += (size_t)snprintf(known + used, sizeof known - used, "%s\"%s\"", used == 0 ? "" : ", ",
                               each);
    }
    last = each;
  }
  return REFUSE(r, path, "unknown %s \"%.60s\"; there are: %s", kind, given, known);
}

static bool find_situation(const char *operation, const char *situation, unsigned *found) {
  for (*found = 0; *found < CONNTRAIL_EMU_SITUATIONS; (*found)++) {
    if (strcmp(conntrail__profile_operation(*found), operation) == 0 &&
        (situation == NULL || strcmp(conntrail__profile_situation(*found), situation) == 0)) {
      return true;
    }
  }
  return false;
}

static bool read_operation(reader *r, const json_t *value, const char *path,
                           const char *operation) {
  const char *name;
  json_t *row;
  char below[CONNTRAIL__PATH_TEXT];
  unsigned situation;
  if (!find_situation(operation, NULL, &situation)) {
    return refuse_words(r, path, "operation", operation, NULL);
  }
  if (!expect(r, value, path, JSON_OBJECT, "an object of situations")) {
    return false;
  }
  json_object_foreach(conntrail__document_iterable(value), name, row) {
    join(below, path, name);
    if (!find_situation(operation, name, &situation)) {
      return refuse_words(r, below, "situation", name, operation);
    }
    if (!read_row(r, row, below, situation)) {
      return false;
    }
  }
  return true;
}

static bool read_answers(reader *r, const json_t *value, const char *path) {
  const char *name;
  json_t *operation;
  char below[CONNTRAIL__PATH_TEXT];
  if (!expect(r, value, path, JSON_OBJECT, "an object of operations")) {
    return false;
  }
  json_object_foreach(conntrail__document_iterable(value), name, operation) {
    join(below, path, name);
    if (!read_operation(r, operation, below, name)) {
      return false;
    }
  }
  return true;
}

/* ---- Behaviour ------------------------------------------------------------------------------ */

static bool read_behaviour(reader *r, const json_t *value, const char *path, const char *name) {
  for (unsigned b = 0; b < CONNTRAIL_EMU_BEHAVIOURS; b++) {
    if (strcmp(conntrail__profile_behaviour(b), name) != 0) {
      continue;
    }
    for (unsigned v = 1; v <= 2; v++) {
      if (json_is_string(value) &&
          strcmp(json_string_value(value), conntrail__profile_value(b, v)) == 0) {
        r->profile->table.behaviour[b] = (unsigned char)v;
        return true;
      }
    }
    return REFUSE(r, path, "\"%s\" or \"%s\" was expected", conntrail__profile_value(b, 1),
                  conntrail__profile_value(b, 2));
  }
  return REFUSE(r, path, "unknown behaviour \"%.60s\"; see docs/reference/profile-format.md", name);
}

static bool read_behaviours(reader *r, const json_t *value, const char *path) {
  const char *name;
  json_t *word;
  char below[CONNTRAIL__PATH_TEXT];
  if (!expect(r, value, path, JSON_OBJECT, "an object")) {
    return false;
  }
  json_object_foreach(conntrail__document_iterable(value), name, word) {
    join(below, path, name);
    if (!read_behaviour(r, word, below, name)) {
      return false;
    }
  }
  return true;
}

/* ---- All of it ------------------------------------------------------------------------------ */

static bool read_all(reader *r) {
  static const key keys[] = {{"$schema", read_text, false},
                             {"format", read_format, true},
                             {"name", read_name, true},
                             {"base", read_base, true},
                             {"origin", read_origin, false},
                             {"answers", read_answers, true},
                             {"behaviour", read_behaviours, false},
                             {"measurements", read_anything, false},
                             {NULL, NULL, false}};
  return read_object(r, r->document->root, "", keys);
}

conntrail__profile_file *conntrail__profile_read_document(const conntrail__document *document,
                                                          conntrail__answer_check check,
                                                          conntrail__complaint *why) {
  reader r = {document, why, calloc(1, sizeof(conntrail__profile_file)), check};
  if (r.profile == NULL) {
    snprintf(why->text, sizeof why->text, "no memory for a profile");
    return NULL;
  }
  r.profile->table.struct_size = sizeof r.profile->table;
  r.profile->table.name = r.profile->name;
  if (!read_all(&r)) {
    conntrail__profile_free(r.profile);
    return NULL;
  }
  return r.profile;
}

conntrail__profile_file *conntrail__profile_read(const char *file, conntrail__answer_check check,
                                                 conntrail__complaint *why) {
  conntrail__document *document = conntrail__document_load(file, "profile", why);
  if (document == NULL) {
    return NULL;
  }
  conntrail__profile_file *profile = conntrail__profile_read_document(document, check, why);
  conntrail__document_free(document);
  return profile;
}

bool conntrail__profile_is_one(const conntrail__document *document) {
  return json_object_get(document->root, "format") != NULL;
}

const conntrail_emu_table *conntrail__profile_table(const conntrail__profile_file *profile) {
  return &profile->table;
}

void conntrail__profile_free(conntrail__profile_file *profile) {
  free(profile);
}
