/* SPDX-License-Identifier: MIT */
#include "runner.h"

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expect.h"
#include "transcript.h"

static const char *const profile_names[] = {"documented", "measured", "contrary"};
enum { PROFILE_COUNT = sizeof profile_names / sizeof profile_names[0] };

typedef struct request {
  const char *name;
  const char *profile_name;
  const char *transcript;
  bool list;
  conntrail_emu_profile profile;
} request;

/* Check takes no argument for a test's body. */
static const runner_case *selected;
static const runner_program *selected_program;
static conntrail_emu_profile selected_profile;

/* The environment may check what it does, too. */
START_TEST(run_selected) {
  selected_program->begin(selected_profile);
  selected->body();
  selected_program->end();
}
END_TEST

static int misused(const char *what, const char *argument) {
  (void)fprintf(stderr,
                "conformance: %s '%s'; use --list, or --case NAME --profile "
                "documented|measured|contrary [--transcript FILE]\n",
                what, argument);
  return RUNNER_MISUSED;
}

static bool find_profile(request *asked) {
  for (int index = 0; asked->profile_name != NULL && index < PROFILE_COUNT; ++index) {
    if (strcmp(asked->profile_name, profile_names[index]) == 0) {
      asked->profile = (conntrail_emu_profile)index;
      return true;
    }
  }
  return false;
}

static const char **option_value(request *asked, const char *option) {
  if (strcmp(option, "--case") == 0) {
    return &asked->name;
  }
  if (strcmp(option, "--profile") == 0) {
    return &asked->profile_name;
  }
  return strcmp(option, "--transcript") == 0 ? &asked->transcript : NULL;
}

static int read_arguments(request *asked, int count, char **arguments) {
  for (int index = 1; index < count; ++index) {
    if (strcmp(arguments[index], "--list") == 0) {
      asked->list = true;
      continue;
    }
    const char **value = option_value(asked, arguments[index]);
    if (value == NULL) {
      return misused("unknown option", arguments[index]);
    }
    if (index + 1 == count) {
      return misused("no value behind", arguments[index]);
    }
    *value = arguments[++index];
  }
  return RUNNER_PASSED;
}

static void list_cases(const runner_program *program) {
  for (size_t index = 0; index < program->case_count; ++index) {
    (void)printf("%s\t%s\n", program->cases[index].name, program->cases[index].clauses);
  }
}

static const runner_case *find_case(const runner_program *program, const char *name) {
  for (size_t index = 0; name != NULL && index < program->case_count; ++index) {
    if (strcmp(program->cases[index].name, name) == 0) {
      return &program->cases[index];
    }
  }
  return NULL;
}

static void print_missing(const runner_program *program, unsigned missing) {
  for (unsigned need = 1; need != 0 && need <= missing; need <<= 1) {
    if ((missing & need) != 0) {
      (void)printf(" %s", program->need_name(need));
    }
  }
}

static int skip(const runner_program *program, const request *asked, unsigned missing) {
  (void)printf("1..1\nok 1 - %s %s # SKIP needs", asked->name, asked->profile_name);
  print_missing(program, missing);
  (void)printf("\n");
  return RUNNER_SKIPPED;
}

static SRunner *make_check_runner(void) {
  Suite *suite = suite_create("conformance");
  TCase *tcase = tcase_create(selected->name);
  tcase_add_test(tcase, run_selected);
  suite_add_tcase(suite, tcase);
  SRunner *runner = srunner_create(suite);
  /* A process per case is ctest's work, and Windows has no fork. */
  srunner_set_fork_status(runner, CK_NOFORK);
  return runner;
}

static int report(const request *asked, SRunner *runner) {
  if (srunner_ntests_failed(runner) != 0) {
    TestResult **failures = srunner_failures(runner);
    (void)printf("1..1\nnot ok 1 - %s %s: %s\n", asked->name, asked->profile_name,
                 tr_msg(failures[0]));
    free(failures);
    return RUNNER_FAILED;
  }
  if (expect_count() == 0) {
    (void)printf("1..1\nnot ok 1 - %s %s: the case checked nothing\n", asked->name,
                 asked->profile_name);
    return RUNNER_FAILED;
  }
  (void)printf("1..1\nok 1 - %s %s checks=%lu\n", asked->name, asked->profile_name, expect_count());
  return RUNNER_PASSED;
}

static int run(const runner_program *program, const request *asked) {
  SRunner *runner = make_check_runner();
  selected_program = program;
  selected_profile = asked->profile;
  srunner_run_all(runner, CK_SILENT);
  transcript_close();
  int verdict = report(asked, runner);
  srunner_free(runner);
  return verdict;
}

int runner_main(const runner_program *program, int count, char **arguments) {
  request asked = {0};
  int verdict = read_arguments(&asked, count, arguments);
  if (verdict != RUNNER_PASSED) {
    return verdict;
  }
  if (asked.list) {
    list_cases(program);
    return RUNNER_PASSED;
  }
  selected = find_case(program, asked.name);
  if (selected == NULL) {
    return misused("no such case", asked.name == NULL ? "" : asked.name);
  }
  if (!find_profile(&asked)) {
    return misused("no such profile", asked.profile_name == NULL ? "" : asked.profile_name);
  }
  unsigned missing = selected->needs & ~program->offers();
  if (missing != 0) {
    return skip(program, &asked, missing);
  }
  if (asked.transcript != NULL && !transcript_open(asked.transcript)) {
    return misused("cannot write", asked.transcript);
  }
  return run(program, &asked);
}
