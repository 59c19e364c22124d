/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario_internal.h"

/* A scenario's "profile" that is a file. */

bool conntrail__scenario_names_profile_file(const char *word) {
  size_t length = strlen(word);
  return length > 5 && strcmp(word + length - 5, ".json") == 0;
}

/* Relative to the folder of the scenario. NULL: no memory. */
static char *path_of(const conntrail__scenario *scenario, const char *word) {
  const char *slash = strrchr(scenario->file, '/');
  size_t folder = word[0] == '/' || slash == NULL ? 0 : (size_t)(slash - scenario->file) + 1;
  size_t size = folder + strlen(word) + 1;
  char *path = malloc(size);
  if (path != NULL) {
    snprintf(path, size, "%.*s%s", (int)folder, scenario->file, word);
  }
  return path;
}

static bool is_readable(const char *path) {
  FILE *file = fopen(path, "rb");
  return file != NULL && fclose(file) == 0;
}

static bool use(const conntrail__scenario *scenario, const conntrail__scenario_calls *calls,
                conntrail_emu *emu, const char *path, conntrail__complaint *why) {
  conntrail__refusal refusal;
  if (!is_readable(path)) {
    return conntrail__document_refuse(scenario, why, "/profile",
                                      "\"%.200s\" cannot be read; the path is relative to the "
                                      "scenario's folder",
                                      path);
  }
  conntrail__profile_file *profile = conntrail__profile_read(path, calls->answer_fault, why);
  if (profile == NULL) {
    return false;
  }
  bool is_used = calls->use_table(emu, conntrail__profile_table(profile), &refusal) == CONNTRAIL_OK;
  conntrail__profile_free(profile);
  return is_used || conntrail__document_refuse(scenario, why, "/profile", "%s", refusal.text);
}

bool conntrail__scenario_load_profile(const conntrail__scenario *scenario,
                                      const conntrail__scenario_calls *calls, conntrail_emu *emu,
                                      conntrail__complaint *why) {
  const char *word = conntrail__scenario_profile(scenario);
  if (!conntrail__scenario_names_profile_file(word)) {
    return true;
  }
  char *path = path_of(scenario, word);
  if (path == NULL) {
    return conntrail__document_refuse(scenario, why, "/profile", "no memory for a path");
  }
  bool is_used = use(scenario, calls, emu, path, why);
  free(path);
  return is_used;
}
