/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "../supervisor/escape.h"
#include "verdict.h"

static bool finish(FILE *file) {
  bool is_written = ferror(file) == 0;
  return fclose(file) == 0 && is_written;
}

/* [D] XML 1.0, 2.4: what text may not have as it is. */
static void print_xml(FILE *file, const char *text) {
  char shown[512];
  conntrail__escape(text, shown, sizeof shown);
  for (const char *at = shown; *at != '\0'; at++) {
    switch (*at) {
    case '<':
      fputs("&lt;", file);
      break;
    case '&':
      fputs("&amp;", file);
      break;
    case '"':
      fputs("&quot;", file);
      break;
    default:
      fputc(*at, file);
      break;
    }
  }
}

static size_t failures(const conntrail__verdict *verdict) {
  size_t count = 0;
  for (size_t i = 0; i < verdict->count; i++) {
    count += !verdict->checks[i].is_met;
  }
  return count;
}

static void print_case(FILE *file, const conntrail__check *check) {
  fputs("  <testcase classname=\"conntrail-emu\" name=\"", file);
  print_xml(file, check->name);
  if (check->is_met) {
    fputs("\"/>\n", file);
    return;
  }
  fprintf(file, "\">\n    <failure message=\"%s, where %s was expected\"/>\n  </testcase>\n",
          check->got, check->wanted);
}

bool conntrail__verdict_junit(const char *path, const conntrail__verdict *verdict,
                              const char *scenario) {
  FILE *file = fopen(path, "we");
  if (file == NULL) {
    return false;
  }
  fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"", file);
  print_xml(file, scenario);
  fprintf(file, "\" tests=\"%zu\" failures=\"%zu\">\n", verdict->count, failures(verdict));
  for (size_t i = 0; i < verdict->count; i++) {
    print_case(file, &verdict->checks[i]);
  }
  fputs("</testsuite>\n", file);
  return finish(file);
}

bool conntrail__verdict_tap(const char *path, const conntrail__verdict *verdict) {
  FILE *file = fopen(path, "we");
  if (file == NULL) {
    return false;
  }
  fprintf(file, "TAP version 13\n1..%zu\n", verdict->count);
  for (size_t i = 0; i < verdict->count; i++) {
    const conntrail__check *check = &verdict->checks[i];
    fprintf(file, "%sok %zu - %s\n", check->is_met ? "" : "not ", i + 1, check->name);
    if (!check->is_met) {
      fprintf(file, "  ---\n  wanted: %s\n  got: %s\n  ...\n", check->wanted, check->got);
    }
  }
  return finish(file);
}
