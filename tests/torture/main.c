/* SPDX-License-Identifier: MIT */
/*
 * Torture: each call of the emulation and of the product's library that can fail, an allocation or
 * a call of the system, fails once, under the conformance cases.
 *
 *     torture [--every K --phase P] [--most M] [--profile PROFILE] [CASE...]
 *     torture --only N CASE
 *     torture --sample COUNT
 *
 * Each injection runs in a process of its own. In it
 *
 * 1. the case runs, and its n-th call that can fail does: allocations with ENOMEM, the system's
 *    calls with ENOBUFS; a close closes, and answers EIO. Where the case's own call then fails by
 *    one of these names (CONNTRAIL_NO_MEMORY, NULL with a refusal), it is made once more
 *    (boundary.h). Therefore the case passes only if the failed call left the state as it was, and
 *    if nobody took the failure for another answer;
 * 2. the same case runs once more without a fault, and passes;
 * 3. no descriptor and no memory is left.
 *
 * Not told from a case that fails: a failure that a completion reports, because no call returns it.
 * There the case's own failed expectation must name NO_MEMORY, and 2 and 3 hold all the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "injection.h"

static const torture_case cases[] = {
#define CASE(name, clauses, needs) {#name, needs, case_##name},
#include "cases.def"
#undef CASE
};
enum { MILLISECONDS_A_CASE = 20000 };
enum { CASE_COUNT = sizeof cases / sizeof cases[0] };

static const char *const profile_names[] = {"documented", "measured", "contrary"};

typedef struct request {
  unsigned every;
  unsigned phase;
  unsigned only;
  unsigned sample;
  unsigned most;
  unsigned profile;
  char **names;
  int name_count;
} request;

typedef struct sum {
  unsigned long cases;
  unsigned long calls;
  unsigned long injections;
  unsigned long of[TORTURE_OUTCOMES];
} sum;

static int misused(const char *argument) {
  (void)fprintf(
      stderr,
      "torture: '%s' is not understood; use [--every K --phase P] [--most M] | --only N | --sample "
      "COUNT, [--profile documented|measured|contrary] [CASE...]\n",
      argument);
  return EXIT_FAILURE;
}

static bool read_profile(request *asked, const char *word) {
  for (unsigned index = 0; index < 3; ++index) {
    if (strcmp(word, profile_names[index]) == 0) {
      asked->profile = index;
      return true;
    }
  }
  return false;
}

static unsigned *number_option(request *asked, const char *option) {
  if (strcmp(option, "--every") == 0) {
    return &asked->every;
  }
  if (strcmp(option, "--only") == 0) {
    return &asked->only;
  }
  if (strcmp(option, "--phase") == 0) {
    return &asked->phase;
  }
  if (strcmp(option, "--most") == 0) {
    return &asked->most;
  }
  return strcmp(option, "--sample") == 0 ? &asked->sample : NULL;
}

static bool read_option(request *asked, const char *option, const char *value) {
  if (strcmp(option, "--profile") == 0) {
    return read_profile(asked, value);
  }
  unsigned *number = number_option(asked, option);
  char *end = NULL;
  unsigned long parsed = strtoul(value, &end, 10);
  if (number == NULL || *value == '\0' || *end != '\0') {
    return false;
  }
  *number = (unsigned)parsed;
  return true;
}

static bool is_asked(const request *asked, const torture_case *one) {
  bool is_named = asked->name_count == 0;
  for (int index = 0; index < asked->name_count; ++index) {
    is_named = is_named || strcmp(asked->names[index], one->name) == 0;
  }
  return is_named && (one->needs & ~fixture_offers()) == 0;
}

/* --sample of the cases, evenly spread. */
static bool is_sampled(const request *asked, unsigned index) {
  unsigned sample = asked->sample;
  return sample == 0 || index * sample / CASE_COUNT != (index + 1) * sample / CASE_COUNT;
}

/* The same number for the same name, everywhere. */
static unsigned chance_of(const char *name) {
  unsigned chance = 5381;
  for (; *name != '\0'; ++name) {
    chance = chance * 33 + (unsigned char)*name;
  }
  return chance;
}

static void inject(const torture_case *one, conntrail_emu_profile profile, unsigned nth,
                   const torture_baseline *baseline, sum *all) {
  ++all->injections;
  ++all->of[torture_inject(one, profile, nth, baseline)];
}

/* A case of many calls makes the same ones again and again: of those --most fail, evenly spread,
 * and fewer if it is slow. */
static unsigned step_of(const request *asked, const torture_baseline *baseline) {
  unsigned most = asked->most;
  unsigned affordable = MILLISECONDS_A_CASE / (baseline->milliseconds + 1) + 1;
  if (most == 0) {
    return 1;
  }
  most = affordable < most ? affordable : most;
  return baseline->calls / most + 1;
}

static void torment(const request *asked, const torture_case *one, sum *all) {
  conntrail_emu_profile profile = (conntrail_emu_profile)asked->profile;
  torture_baseline baseline;
  ++all->cases;
  if (!torture_measure(one, profile, &baseline)) {
    ++all->of[TORTURE_FINDING];
    return;
  }
  if (asked->only > 0) {
    inject(one, profile, asked->only, &baseline, all);
  } else if (asked->sample > 0 && baseline.calls > 0) {
    inject(one, profile, chance_of(one->name) % baseline.calls + 1, &baseline, all);
  }
  all->calls += baseline.calls;
  unsigned step = asked->every == 0 ? 0 : asked->every * step_of(asked, &baseline);
  for (unsigned nth = 1 + asked->phase; step > 0 && nth <= baseline.calls; nth += step) {
    inject(one, profile, nth, &baseline, all);
  }
}

static int tell(const sum *all) {
  (void)printf(
      "torture: cases=%lu calls=%lu injections=%lu repeated=%lu survived=%lu completion=%lu "
      "attempts=%lu findings=%lu\n",
      all->cases, all->calls, all->injections, all->of[TORTURE_REPEATED], all->of[TORTURE_SURVIVED],
      all->of[TORTURE_COMPLETION], all->of[TORTURE_ATTEMPT], all->of[TORTURE_FINDING]);
  return all->injections > 0 && all->of[TORTURE_FINDING] == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int count, char **arguments) {
  request asked = {0};
  int next = 1;
  for (; next + 1 < count && strncmp(arguments[next], "--", 2) == 0; next += 2) {
    if (!read_option(&asked, arguments[next], arguments[next + 1])) {
      return misused(arguments[next]);
    }
  }
  asked.names = arguments + next;
  asked.name_count = count - next;
  asked.every += asked.every + asked.sample + asked.only == 0;
  sum all = {0};
  if (!torture_begin()) {
    return misused("nothing: no memory");
  }
  for (unsigned index = 0; index < CASE_COUNT; ++index) {
    if (is_sampled(&asked, index) && is_asked(&asked, &cases[index])) {
      torment(&asked, &cases[index], &all);
    }
  }
  return tell(&all);
}
