/* SPDX-License-Identifier: MIT */
#include "scenario_expect.h"

#include <stdio.h>

static const struct {
  const char *word;
  unsigned kind;
} kinds[] = {{"redirected", CONNTRAIL_EMU_REDIRECTED},
             {"permitted", CONNTRAIL_EMU_PERMITTED},
             {"exempted", CONNTRAIL_EMU_EXEMPTED},
             {"blocked", CONNTRAIL_EMU_BLOCKED},
             {"loop", CONNTRAIL_EMU_LOOP},
             {"connecting", CONNTRAIL_EMU_CONNECTING},
             {"accepted", CONNTRAIL_EMU_ACCEPTED},
             {"delivered", CONNTRAIL_EMU_DELIVERED},
             {"refused", CONNTRAIL_EMU_REFUSED},
             {"failed", CONNTRAIL_EMU_FAILED},
             {"fault", CONNTRAIL_EMU_FAULT},
             {"misuse", CONNTRAIL_EMU_MISUSE}};

static unsigned kind_of(const char *word) {
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if (strcmp(kinds[i].word, word) == 0) {
      return kinds[i].kind;
    }
  }
  return CONNTRAIL__UNDELIVERED;
}

/* ---- Whether it is valid --------------------------------------------------------------------- */

static bool check_count(const checker *c, const json_t *value, const char *path) {
  return conntrail__shape_between(c, value, path, 0, INT32_MAX);
}

static bool check_by_service(const checker *c, const json_t *value, const char *path) {
  const char *name;
  json_t *count;
  char below[CONNTRAIL__PATH_TEXT];
  if (!json_is_object(value)) {
    return check_count(c, value, path);
  }
  json_object_foreach(conntrail__document_iterable(value), name, count) {
    conntrail__shape_join(below, path, name);
    if (!conntrail__scenario_has_service(c->scenario, name)) {
      return conntrail__shape_refuse(c, below, "no service of this scenario is called \"%.60s\"",
                                     name);
    }
    if (!check_count(c, count, below)) {
      return false;
    }
  }
  return true;
}

/* As many as a verdict has room for. */
static bool is_short(const checker *c, const json_t *all, const char *path) {
  const char *word;
  json_t *wanted;
  size_t count = 0;
  json_object_foreach(conntrail__document_iterable(all), word, wanted) {
    count += json_is_object(wanted) ? json_object_size(wanted) : 1;
  }
  return count <= CONNTRAIL__MOST_NAMED ||
         conntrail__shape_refuse(c, path, "%zu expectations, and at most %d fit", count,
                                 CONNTRAIL__MOST_NAMED);
}

bool conntrail__scenario_check_expect(const checker *c, const json_t *value, const char *path) {
  static const key keys[] = {
      {"redirected", check_by_service, false}, {"permitted", check_by_service, false},
      {"exempted", check_by_service, false},   {"blocked", check_by_service, false},
      {"loop", check_by_service, false},       {"connecting", check_count, false},
      {"accepted", check_count, false},        {"delivered", check_count, false},
      {"undelivered", check_count, false},     {"refused", check_count, false},
      {"failed", check_count, false},          {"fault", check_count, false},
      {"misuse", check_count, false},          {NULL, NULL, false}};
  return conntrail__shape_object(c, value, path, keys) && is_short(c, value, path);
}

/* ---- What is expected ------------------------------------------------------------------------ */

static void take(conntrail__expectation *expected, const char *word, const char *service,
                 const json_t *count) {
  expected->kind = kind_of(word);
  expected->service = service;
  expected->wanted = (uint64_t)json_integer_value(count);
  snprintf(expected->name, sizeof expected->name, "%s%s%s", word, service == NULL ? "" : " by ",
           service == NULL ? "" : service);
}

bool conntrail__scenario_expectation(const conntrail__scenario *scenario, size_t index,
                                     conntrail__expectation *expected) {
  const char *word;
  const char *service;
  json_t *wanted;
  json_t *count;
  const json_t *all = json_object_get(scenario->root, "expect");
  json_object_foreach(conntrail__document_iterable(all), word, wanted) {
    if (!json_is_object(wanted) && index-- == 0) {
      take(expected, word, NULL, wanted);
      return true;
    }
    json_object_foreach(wanted, service, count) {
      if (index-- == 0) {
        take(expected, word, service, count);
        return true;
      }
    }
  }
  return false;
}
