/* SPDX-License-Identifier: MIT */
#include "scenario_internal.h"

/* By which protocol a program is reached: what is sent to it says so. */

static bool is_for_datagrams(const json_t *redirect) {
  const char *rule = json_string_value(json_object_get(redirect, "rule"));
  while (rule != NULL && *rule != '\0') {
    rule += strspn(rule, " \t");
    const size_t length = strcspn(rule, " \t");
    if (length == strlen("udp") && memcmp(rule, "udp", length) == 0) {
      return true;
    }
    rule += length;
  }
  return false;
}

static bool is_named(const json_t *written, const char *program) {
  const char *text = json_string_value(written);
  return text != NULL && strcmp(text, program) == 0;
}

typedef struct uses {
  bool has_streams;
  bool has_datagrams;
} uses;

/* Of this program; NULL: of whatever it is. */
static uses find_redirects(const conntrail__scenario *scenario, const char *program) {
  uses found = {false, false};
  size_t i;
  size_t k;
  json_t *service;
  json_t *redirect;
  json_array_foreach(json_object_get(scenario->root, "services"), i, service) {
    json_array_foreach(json_object_get(service, "redirect"), k, redirect) {
      if (program == NULL || is_named(json_object_get(redirect, "to"), program)) {
        found.has_datagrams = found.has_datagrams || is_for_datagrams(redirect);
        found.has_streams = found.has_streams || !is_for_datagrams(redirect);
      }
    }
  }
  return found;
}

/* A route is for both: what comes to it is what is redirected. */
conntrail__reached_by conntrail__scenario_reached_by(const conntrail__scenario *scenario,
                                                     const char *program) {
  const char *destination;
  json_t *written;
  uses found = find_redirects(scenario, program);
  json_object_foreach(json_object_get(scenario->root, "routes"), destination, written) {
    if (is_named(written, program)) {
      const uses all = find_redirects(scenario, NULL);
      found.has_datagrams = found.has_datagrams || (all.has_datagrams && !all.has_streams);
      found.has_streams = found.has_streams || all.has_streams || !all.has_datagrams;
    }
  }
  return found.has_streams     ? CONNTRAIL__BY_STREAMS
         : found.has_datagrams ? CONNTRAIL__BY_DATAGRAMS
                               : CONNTRAIL__BY_EITHER;
}
