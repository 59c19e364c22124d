/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_FILES_DOCUMENT_H
#define CONNTRAIL_FILES_DOCUMENT_H

/* A JSON file that a person wrote: what is wrong with it is said with its place. */

#include <stdbool.h>
#include <string.h>

#include <jansson.h>

enum { CONNTRAIL__PATH_TEXT = 256 };

/* Why a file is refused: "FILE:LINE:COLUMN: what, and what was expected". */
typedef struct conntrail__complaint {
  char text[800];
} conntrail__complaint;

/* What a document may name without having it itself. */
typedef struct conntrail__elsewhere {
  bool (*has_program)(const void *arg, const char *name);
  bool (*has_service)(const void *arg, const char *name);
  const void *arg;
} conntrail__elsewhere;

typedef struct conntrail__document {
  const char *what;                      /* "scenario", "profile", "request" */
  const conntrail__elsewhere *elsewhere; /* NULL: nothing is */
  char *file;
  char *text;
  json_t *root;
} conntrail__document;

/* Reads and parses. what stays the caller's. NULL, with why. */
conntrail__document *conntrail__document_load(const char *file, const char *what,
                                              conntrail__complaint *why);
/* The same of so many bytes of a text, which is copied. name: in the place of the file's. */
conntrail__document *conntrail__document_parse(const char *name, const char *text, size_t size,
                                               const char *what, conntrail__complaint *why);
void conntrail__document_free(conntrail__document *document);

/* Refuses the value at this path ("/answers/query records/fresh/0"). Answers false. */
bool conntrail__document_refuse(const conntrail__document *document, conntrail__complaint *why,
                                const char *path, const char *format, ...)
#ifdef __GNUC__
    __attribute__((format(printf, 4, 5)))
#endif
    ;

/* The names that there are, at most CONNTRAIL__LONGEST_COMPARED bytes each; NULL behind the last.
 */
typedef const char *(*conntrail__name_at)(const void *names, size_t index);

/* The one that was probably meant; NULL: none is near. */
const char *conntrail__document_nearest(const char *name, conntrail__name_at name_at,
                                        const void *names);

/* Refuses a key that is none of them, with the one that was probably meant. Answers false. */
bool conntrail__document_refuse_key(const conntrail__document *document, conntrail__complaint *why,
                                    const char *path, const char *name, conntrail__name_at name_at,
                                    const void *names);

/* "an object", "a text" ...: what a value is, for a complaint. */
const char *conntrail__document_type(const json_t *value);

/* jansson goes through the members of an object only where it might change it. */
static inline json_t *conntrail__document_iterable(const json_t *object) {
  const void *given = object;
  void *same;
  memcpy(&same, &given, sizeof same);
  return same;
}

#endif
