/* SPDX-License-Identifier: MIT */
#include "run_tests.h"

#include <stdio.h>
#include <stdlib.h>

#include "system.h"

int run_tests(TCase *cases) {
  Suite *suite = suite_create("examples");
  SRunner *runner = srunner_create(suite);
  suite_add_tcase(suite, cases);
  if (!system_begin()) {
    (void)fprintf(stderr, "the network cannot be used\n");
    return EXIT_FAILURE;
  }
  srunner_run_all(runner, CK_ENV);
  const bool passed = srunner_ntests_run(runner) > 0 && srunner_ntests_failed(runner) == 0;
  srunner_free(runner);
  return passed ? EXIT_SUCCESS : EXIT_FAILURE;
}

void fail_test(const char *line, void *unused) {
  (void)unused;
  ck_abort_msg("the proxy said: %s", line);
}
