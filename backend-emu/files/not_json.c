/* SPDX-License-Identifier: MIT */
#include "not_json.h"

#include <stdio.h>

/* The usual reasons why a text that a person wrote is not JSON. */

static const char spaces[] = " \t\r\n";

static void refuse_at(const conntrail__document *document, const char *at, const char *text,
                      conntrail__complaint *why) {
  size_t line = 1;
  const char *start = document->text;
  for (const char *c = document->text; c < at; c++) {
    if (*c == '\n') {
      line++;
      start = c + 1;
    }
  }
  snprintf(why->text, sizeof why->text, "%.300s:%zu:%zu: %s", document->file, line,
           (size_t)(at - start) + 1, text);
}

/* The first comment outside of a text; NULL: there is none. */
static const char *find_comment(const char *at) {
  bool is_in_text = false;
  for (; *at != '\0'; at++) {
    if (is_in_text && *at == '\\' && at[1] != '\0') {
      at++;
    } else if (*at == '"') {
      is_in_text = !is_in_text;
    } else if (!is_in_text && (*at == '#' || (*at == '/' && (at[1] == '/' || at[1] == '*')))) {
      return at;
    }
  }
  return NULL;
}

/* The bracket in front of which a comma stands, where the parser stopped; NULL: it is not so. */
static const char *find_bracket_behind_comma(const char *text, int position) {
  const char *bracket = position > 0 ? text + position - 1 : text;
  const char *before = bracket;
  if (*bracket != '}' && *bracket != ']') {
    return NULL;
  }
  while (before > text && strchr(spaces, before[-1]) != NULL) {
    before--;
  }
  return before > text && before[-1] == ',' ? bracket : NULL;
}

void conntrail__explain_not_json(const conntrail__document *document, const char *what,
                                 const json_error_t *error, conntrail__complaint *why) {
  const char *text = document->text;
  const char *comment = find_comment(text);
  const char *bracket = find_bracket_behind_comma(text, error->position);
  char said[120];
  if (text[strspn(text, spaces)] == '\0') {
    snprintf(said, sizeof said, "the file is empty; a %s is a JSON object: {}", what);
    refuse_at(document, text, said, why);
  } else if (strncmp(text, "\xEF\xBB\xBF", 3) == 0) {
    refuse_at(document, text,
              "not JSON: a byte order mark begins the file; save it as UTF-8 without one", why);
  } else if (comment != NULL && comment - text < error->position) {
    refuse_at(document, comment, "not JSON: a comment, which JSON does not have; remove it", why);
  } else if (bracket != NULL) {
    snprintf(said, sizeof said, "not JSON: a comma stands before this \"%c\"; remove it", *bracket);
    refuse_at(document, bracket, said, why);
  } else {
    snprintf(why->text, sizeof why->text, "%.300s:%d:%d: not JSON: %s", document->file, error->line,
             error->column, error->text);
  }
}
