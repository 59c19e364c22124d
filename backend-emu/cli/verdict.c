/* SPDX-License-Identifier: MIT */
#include "verdict.h"

#include <string.h>

#include "../engine/report.h"
#include "../files/scenario_expect.h"

static const struct {
  const char *word;
  unsigned bit;
} words[] = {{"loop", CONNTRAIL__FAIL_LOOP},
             {"misuse", CONNTRAIL__FAIL_MISUSE},
             {"undelivered", CONNTRAIL__FAIL_UNDELIVERED},
             {"escape", CONNTRAIL__FAIL_ESCAPE},
             {"refused", CONNTRAIL__FAIL_REFUSED}};
enum { WORDS = sizeof words / sizeof *words };

static unsigned bit_of(const char *word, size_t size) {
  for (size_t i = 0; i < WORDS; i++) {
    if (strlen(words[i].word) == size && memcmp(words[i].word, word, size) == 0) {
      return words[i].bit;
    }
  }
  return 0;
}

bool conntrail__verdict_read(const char *list, unsigned *fail_on) {
  *fail_on = 0;
  if (strcmp(list, "none") == 0) {
    return true;
  }
  for (;;) {
    const size_t size = strcspn(list, ",");
    const unsigned bit = bit_of(list, size);
    if (bit == 0) {
      return false;
    }
    *fail_on |= bit;
    if (list[size] == '\0') {
      return true;
    }
    list += size + 1;
  }
}

/* ---- The checks ------------------------------------------------------------------------------ */

static conntrail__check *add(conntrail__verdict *verdict) {
  return verdict->count < CONNTRAIL__MOST_CHECKS ? &verdict->checks[verdict->count++] : NULL;
}

static void settle(conntrail__verdict *verdict, conntrail__check *one, bool is_met) {
  one->is_met = is_met;
  verdict->is_met = verdict->is_met && one->is_met;
}

static void compare(conntrail__verdict *verdict, const char *name, uint64_t wanted, uint64_t got) {
  conntrail__check *one = add(verdict);
  if (one != NULL) {
    settle(verdict, one, got == wanted);
    snprintf(one->name, sizeof one->name, "%s", name);
    snprintf(one->wanted, sizeof one->wanted, "%llu", (unsigned long long)wanted);
    snprintf(one->got, sizeof one->got, "%llu", (unsigned long long)got);
  }
}

static uint64_t count_of(const conntrail_emu_summary *summary, unsigned bit, unsigned refusals) {
  switch (bit) {
  case CONNTRAIL__FAIL_LOOP:
    return summary->loops;
  case CONNTRAIL__FAIL_MISUSE:
    return summary->misuses;
  case CONNTRAIL__FAIL_UNDELIVERED:
    return summary->undelivered;
  case CONNTRAIL__FAIL_ESCAPE:
    return refusals + summary->escapes;
  default:
    return summary->refused;
  }
}

static void check_expectation(conntrail__verdict *verdict, const conntrail_emu *emu,
                              const conntrail_emu_summary *summary,
                              const conntrail__expectation *expected) {
  const conntrail_emu_event_kind kind = (conntrail_emu_event_kind)expected->kind;
  const uint64_t got =
      expected->service != NULL
          ? conntrail__report_of_service(conntrail__service_named(emu, expected->service), kind)
      : expected->kind == CONNTRAIL__UNDELIVERED ? summary->undelivered
                                                 : conntrail__trail_count(emu, kind);
  compare(verdict, expected->name, expected->wanted, got);
}

/* One that did not end has no code. */
static void check_clients(conntrail__verdict *verdict, const conntrail__scenario *scenario,
                          const conntrail__client *clients) {
  const json_t *client;
  for (size_t i = 0; (client = conntrail__scenario_client(scenario, i)) != NULL; i++) {
    conntrail__check *one = add(verdict);
    if (one == NULL) {
      return;
    }
    const int wanted = (int)json_integer_value(json_object_get(client, "exit_code"));
    const int got = conntrail__exit_code(clients[i].status);
    snprintf(one->name, sizeof one->name, "exit code of client %s",
             json_string_value(json_object_get(client, "name")));
    snprintf(one->wanted, sizeof one->wanted, "%d", wanted);
    snprintf(one->got, sizeof one->got, "%d", got);
    if (!clients[i].has_ended) {
      snprintf(one->got, sizeof one->got, "%s",
               clients[i].process == 0 ? "not started" : "not ended");
    }
    settle(verdict, one, clients[i].has_ended && got == wanted);
  }
}

static void check_expectations(conntrail__verdict *verdict, const conntrail__scenario *scenario,
                               const conntrail_emu *emu, const conntrail_emu_summary *summary) {
  conntrail__expectation expected;
  for (size_t i = 0; conntrail__scenario_expectation(scenario, i, &expected); i++) {
    check_expectation(verdict, emu, summary, &expected);
  }
}

bool conntrail__verdict_expect(conntrail__verdict *verdict, const conntrail__scenario *scenario,
                               const conntrail_emu *emu) {
  conntrail_emu_summary summary;
  if (!conntrail__report_summarise(emu, &summary)) {
    return false;
  }
  *verdict = (conntrail__verdict){.is_met = true};
  check_expectations(verdict, scenario, emu, &summary);
  return true;
}

bool conntrail__verdict_reach(conntrail__verdict *verdict, const conntrail__scenario *scenario,
                              const conntrail_emu *emu, unsigned fail_on, unsigned refusals,
                              const conntrail__client *clients, const int *exit_code) {
  conntrail_emu_summary summary;
  if (!conntrail__report_summarise(emu, &summary)) {
    return false;
  }
  *verdict = (conntrail__verdict){.is_met = true};
  for (size_t i = 0; i < WORDS; i++) {
    if ((fail_on & words[i].bit) != 0) {
      compare(verdict, words[i].word, 0, count_of(&summary, words[i].bit, refusals));
    }
  }
  check_expectations(verdict, scenario, emu, &summary);
  if (clients != NULL) {
    check_clients(verdict, scenario, clients);
  }
  if (exit_code != NULL) {
    const bool was_met = verdict->is_met; /* PROGRAM's code is its own */
    compare(verdict, "PROGRAM's exit code", 0, (uint64_t)*exit_code);
    verdict->is_met = was_met;
    verdict->has_program = true;
  }
  return true;
}

void conntrail__verdict_say(FILE *out, const conntrail__verdict *verdict) {
  for (size_t i = 0; i + verdict->has_program < verdict->count; i++) {
    const conntrail__check *one = &verdict->checks[i];
    if (!one->is_met) {
      fprintf(out, "conntrail-emu: failed: %s: %s, where %s was expected\n", one->name, one->got,
              one->wanted);
    }
  }
}
