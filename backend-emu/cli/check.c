/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <stdio.h>

#include "../files/profile_file.h"
#include "exemption.h"
#include "scenario.h"

static int report(const char *file, bool is_valid, const conntrail__complaint *why) {
  if (is_valid) {
    printf("%s: valid\n", file);
  } else {
    fprintf(stderr, "%s\n", why->text);
  }
  return is_valid ? 0 : 1;
}

static bool check_scenario(conntrail__scenario *scenario, conntrail__complaint *why) {
  bool is_valid = conntrail__scenario_try(scenario, NULL, why);
  if (is_valid) {
    conntrail__exempt_tell_foreign(scenario);
  }
  return is_valid;
}

static bool check_profile(const conntrail__document *document, conntrail__complaint *why) {
  conntrail__profile_file *profile =
      conntrail__profile_read_document(document, conntrail__answer_fault, why);
  bool is_valid = profile != NULL;
  conntrail__profile_free(profile);
  return is_valid;
}

int conntrail__check_file(const char *file) {
  conntrail__complaint why;
  conntrail__document *document = conntrail__document_load(file, "scenario", &why);
  if (document == NULL) {
    return report(file, false, &why);
  }
  bool is_valid = conntrail__profile_is_one(document) ? check_profile(document, &why)
                                                      : check_scenario(document, &why);
  conntrail__document_free(document);
  return report(file, is_valid, &why);
}

int conntrail__show_profile(const char *word) {
  conntrail_emu_profile named;
  conntrail__complaint why;
  conntrail__profile_file *file = NULL;
  const conntrail_emu_table *table = NULL;
  if (conntrail__profile_named(word, &named)) {
    table = conntrail__builtin_table(named);
  } else {
    file = conntrail__profile_read(word, conntrail__answer_fault, &why);
    if (file == NULL) {
      return report(word, false, &why);
    }
    table = conntrail__profile_table(file);
  }
  bool is_printed = conntrail__profile_print(stdout, table);
  conntrail__profile_free(file);
  return is_printed ? 0 : 1;
}
