/* SPDX-License-Identifier: MIT */

/* Compares a file with what conntrail believes, and says what it settles. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assumptions.h"
#include "json_read.h"
#include "probe.h"

enum { LARGEST_FILE = 1 << 20 };

typedef enum verdict { CONFIRMED, CONTRADICTED, OPEN } verdict;

static char *read_file(const char *name) {
  FILE *in = fopen(name, "rb");
  if (in == NULL) {
    (void)fprintf(stderr, "conntrail-probe: %s cannot be read\n", name);
    return NULL;
  }
  char *text = calloc(1, LARGEST_FILE + 1);
  size_t size = text != NULL ? fread(text, 1, LARGEST_FILE + 1, in) : 0;
  (void)fclose(in);
  if (text == NULL || size == 0 || size > LARGEST_FILE) {
    (void)fprintf(stderr, "conntrail-probe: %s is empty, or larger than 1 MiB\n", name);
    free(text);
    return NULL;
  }
  return text;
}

static const probe_json *find_row(const probe_json *rows, const char *id) {
  const probe_json *row = rows != NULL ? rows->first : NULL;
  while (row != NULL && strcmp(conntrail__json_string(row, "id"), id) != 0) {
    row = row->next;
  }
  return row;
}

static bool has_native(const probe_assumption *assumed, unsigned long native) {
  for (unsigned i = 0; i < PROBE_MOST_NATIVES && assumed->natives[i] != PROBE_NO_MORE; i++) {
    if (assumed->natives[i] == native) {
      return true;
    }
  }
  return false;
}

static bool has_count(probe_count count, const probe_json *answer) {
  bool is_untouched = strcmp(conntrail__json_string(answer, "bytes"), "untouched") == 0;
  unsigned long bytes = conntrail__json_unsigned(answer, "bytes");
  switch (count) {
  case PROBE_COUNT_0:
    return !is_untouched && bytes == 0;
  case PROBE_COUNT_SIZE:
    return !is_untouched && bytes > 0 && bytes == conntrail__json_unsigned(answer, "needed");
  case PROBE_COUNT_UNTOUCHED:
    return is_untouched;
  default:
    return true;
  }
}

/* How an overlapped call ended counts as a part of what was seen. */
static bool has_value(const char *wanted, const probe_json *answer) {
  bool is_refused = wanted != NULL && wanted[0] == '!';
  const char *word = is_refused ? wanted + 1 : wanted;
  const char *by = conntrail__json_string(conntrail__json_member(answer, "overlapped"), "by");
  return wanted == NULL || (strstr(conntrail__json_string(answer, "value"), word) != NULL ||
                            strcmp(by, word) == 0) != is_refused;
}

static verdict judge(const probe_assumption *assumed, const probe_json *row) {
  const probe_json *answers = conntrail__json_member(row, "answers");
  const probe_json *answer = answers != NULL ? answers->first : NULL;
  verdict found = OPEN;
  while (answer != NULL && found != CONTRADICTED) {
    if (conntrail__json_member(answer, "obstacle") == NULL) {
      bool is_so = has_native(assumed, conntrail__json_unsigned(answer, "error")) &&
                   has_count(assumed->count, answer) && has_value(assumed->value, answer);
      found = is_so ? CONFIRMED : CONTRADICTED;
    }
    answer = answer->next;
  }
  return found;
}

static void print_answer(const probe_json *answer) {
  unsigned long native = conntrail__json_unsigned(answer, "error");
  const char *bytes = conntrail__json_string(answer, "bytes");
  const char *value = conntrail__json_string(answer, "value");
  const char *by = conntrail__json_string(conntrail__json_member(answer, "overlapped"), "by");
  (void)printf(native > INT32_MAX ? "0x%08lX, " : "%lu, ", native);
  (void)printf("%s%s", bytes, strcmp(bytes, "untouched") == 0 ? "" : " bytes");
  (void)printf("%s%s%s%s", value[0] != '\0' ? ", " : "", value, by[0] != '\0' ? ", by " : "", by);
}

static void print_seen(const probe_json *row) {
  const probe_json *answers = conntrail__json_member(row, "answers");
  const char *obstacle = conntrail__json_string(row, "obstacle");
  if (row == NULL || answers == NULL || answers->first == NULL) {
    (void)printf("       not answered%s%s\n", obstacle[0] != '\0' ? ": " : "", obstacle);
    return;
  }
  (void)printf("       seen: ");
  for (const probe_json *answer = answers->first; answer != NULL; answer = answer->next) {
    print_answer(answer);
    (void)printf(answer->next != NULL ? "; then " : "\n");
  }
}

/* Which of the emulation's tables says what this system says. */
static void sum_up_profile(const probe_json *rows, const char *profile) {
  unsigned counts[3] = {0, 0, 0};
  for (unsigned i = 0; i < conntrail__probe_assumption_count; i++) {
    const probe_assumption *assumed = &conntrail__probe_assumptions[i];
    if (strstr(assumed->source, profile) != NULL) {
      counts[judge(assumed, find_row(rows, assumed->row))]++;
    }
  }
  (void)printf("profile %s: %u for, %u against, %u open\n", profile, counts[CONFIRMED],
               counts[CONTRADICTED], counts[OPEN]);
}

static void report(const probe_json *rows) {
  static const char *const words[] = {"for", "against", "open"};
  unsigned counts[3] = {0, 0, 0};
  for (unsigned i = 0; i < conntrail__probe_assumption_count; i++) {
    const probe_assumption *assumed = &conntrail__probe_assumptions[i];
    const probe_json *row = find_row(rows, assumed->row);
    verdict found = judge(assumed, row);
    counts[found]++;
    (void)printf("%-4s %-8s %s (%s; %s)\n", assumed->clause, words[found], assumed->statement,
                 assumed->source, assumed->row);
    if (found != CONFIRMED) {
      print_seen(row);
    }
  }
  sum_up_profile(rows, "documented");
  sum_up_profile(rows, "measured");
  (void)printf("%u assumptions: %u for, %u against, %u open\n", conntrail__probe_assumption_count,
               counts[CONFIRMED], counts[CONTRADICTED], counts[OPEN]);
}

static bool is_ours(const probe_json *file, const char *name) {
  const probe_json *measured = conntrail__json_member(file, "measurements");
  if (strcmp(conntrail__json_string(file, "format"), "conntrail profile 1") != 0 ||
      conntrail__json_unsigned(measured, "format") != PROBE_FORMAT) {
    (void)fprintf(stderr, "conntrail-probe: %s was not recorded by this conntrail-probe\n", name);
    return false;
  }
  return true;
}

int conntrail__probe_check(const char *name) {
  unsigned line = 0;
  char *text = read_file(name);
  if (text == NULL) {
    return EXIT_FAILURE;
  }
  probe_json *file = conntrail__json_read(text, &line);
  int code = EXIT_FAILURE;
  if (file == NULL) {
    (void)fprintf(stderr, "conntrail-probe: %s:%u: no JSON from here on\n", name, line);
  } else if (is_ours(file, name)) {
    (void)printf("%s\n", conntrail__json_string(file, "name"));
    report(conntrail__json_member(conntrail__json_member(file, "measurements"), "rows"));
    code = EXIT_SUCCESS;
  }
  conntrail__json_free(file);
  free(text);
  return code;
}
