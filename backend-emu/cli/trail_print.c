/* SPDX-License-Identifier: MIT */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "../supervisor/escape.h"
#include "progress.h"
#include "trail.h"
#include "trail_page.h" /* made of trail_page.html */

/* Longer names are cut, and ended by 0. */
enum { WHO_TEXT = 25, LONGEST_NAME = 256, LONGEST_TEXT = 4096 };

static const char *text_of(const json_t *object, const char *key) {
  const char *text = json_string_value(json_object_get(object, key));
  return text == NULL ? "" : text;
}

/* What went wrong. The page has the same list. */
static bool is_bad(const json_t *event) {
  static const char *const kinds[] = {"loop",        "misuse",  "fault", "refused",     "failed",
                                      "record lost", "dropped", "lost",  "unsupervised"};
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    if (strcmp(text_of(event, "kind"), kinds[i]) == 0) {
      return true;
    }
  }
  return text_of(event, "misuse")[0] != '\0';
}

static const char *colour_of(const json_t *event) {
  static const struct {
    const char *kind;
    const char *colour;
  } colours[] = {{"redirected", "\033[33m"},       {"accepted", "\033[33m"},
                 {"records set", "\033[36m"},      {"records received", "\033[36m"},
                 {"context received", "\033[36m"}, {"delivered", "\033[32m"}};
  for (size_t i = 0; i < sizeof colours / sizeof colours[0]; i++) {
    if (strcmp(text_of(event, "kind"), colours[i].kind) == 0) {
      return colours[i].colour;
    }
  }
  return is_bad(event) ? "\033[31m" : "";
}

void conntrail__trail_say(FILE *out, const json_t *event) {
  const char *colour = conntrail__is_colourful(fileno(out)) ? colour_of(event) : "";
  const char *command = text_of(event, "command");
  char names[2 * LONGEST_NAME];
  char who[WHO_TEXT];
  char text[LONGEST_TEXT];
  snprintf(names, sizeof names, "%s%s%s", text_of(event, "program"), command[0] == '\0' ? "" : ":",
           command);
  conntrail__escape(names, who, sizeof who);
  conntrail__escape(text_of(event, "text"), text, sizeof text);
  fprintf(out, "%s%5" JSON_INTEGER_FORMAT "  %-14s %7" JSON_INTEGER_FORMAT "  %s%s\n", colour,
          json_integer_value(json_object_get(event, "number")), who,
          json_integer_value(json_object_get(event, "process")),
          text[0] == '\0' ? text_of(event, "kind") : text, colour[0] == '\0' ? "" : "\033[0m");
}

static bool refuse(char *why, size_t size, const char *name, size_t line, const char *what) {
  snprintf(why, size, "%.300s:%zu: %.200s", name, line, what);
  return false;
}

/* In the middle of a page "<" could end the script that it stands in. */
static void print_for_page(FILE *out, const char *line) {
  for (; *line != '\0' && *line != '\n'; line++) {
    if (*line == '<') {
      fputs("\\u003c", out);
    } else {
      fputc(*line, out);
    }
  }
}

static void print_line(FILE *out, conntrail__trail_form form, size_t number, const char *line,
                       const json_t *object) {
  if (form == CONNTRAIL__TRAIL_HTML) {
    fputs(number == 1 ? "[" : ",\n", out);
    print_for_page(out, line);
  } else if (number > 1 && form == CONNTRAIL__TRAIL_JSON) {
    fputs(line, out);
  } else if (number > 1) {
    conntrail__trail_say(out, object);
  }
}

/* False: said why. */
static bool take_line(const char *name, size_t number, const char *line, FILE *out,
                      conntrail__trail_form form, char *why, size_t why_size) {
  json_error_t error;
  json_t *object = json_loads(line, 0, &error);
  bool is_head = number == 1;
  if (object == NULL) {
    return refuse(why, why_size, name, number, error.text);
  }
  if (!json_is_object(object) ||
      json_object_get(object, is_head ? "conntrail_trail" : "kind") == NULL) {
    json_decref(object);
    return refuse(why, why_size, name, number,
                  is_head ? "no trail: its first line says {\"conntrail_trail\":1,...}; give a "
                            "file that --trail wrote"
                          : "no event: \"kind\" is missing");
  }
  print_line(out, form, number, line, object);
  json_decref(object);
  return true;
}

static bool print_lines(const char *name, FILE *in, FILE *out, conntrail__trail_form form,
                        char *why, size_t why_size) {
  char *line = NULL;
  size_t room = 0;
  size_t number = 0;
  bool is_valid = true;
  while (is_valid && getline(&line, &room, in) > 0) {
    is_valid = take_line(name, ++number, line, out, form, why, why_size);
  }
  free(line);
  if (is_valid && number == 0) {
    return refuse(why, why_size, name, 1, "the file is empty; give one that --trail wrote");
  }
  return is_valid;
}

/* The page before its events, and behind them. */
static void print_page(FILE *out, const char *events) {
  static const char mark[] = "@TRAIL@";
  const char *page = (const char *)conntrail__trail_page;
  const char *place = strstr(page, mark);
  (void)fwrite(page, 1, (size_t)(place - page), out);
  fputs(events, out);
  fputs("]", out);
  fputs(place + strlen(mark), out);
}

bool conntrail__trail_print(const char *name, FILE *in, FILE *out, conntrail__trail_form form,
                            char *why, size_t why_size) {
  char *events = NULL;
  size_t size;
  FILE *kept;
  bool is_valid;
  if (form != CONNTRAIL__TRAIL_HTML) {
    return print_lines(name, in, out, form, why, why_size);
  }
  kept = open_memstream(&events, &size);
  if (kept == NULL) {
    return refuse(why, why_size, name, 1, "no memory for a page");
  }
  is_valid = print_lines(name, in, kept, form, why, why_size);
  if (fclose(kept) != 0) {
    is_valid = refuse(why, why_size, name, 1, "no memory for a page");
  }
  if (is_valid) {
    print_page(out, events);
  }
  free(events);
  return is_valid;
}
