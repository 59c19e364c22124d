/* SPDX-License-Identifier: MIT */
#ifndef UNIT_MAIN_H
#define UNIT_MAIN_H

/* The main program of a unit test: one case a test, all of them named once more at the end of
 * the file, so that the compiler reports one that was forgotten (-Wunused). */

#include <check.h>
#include <stdlib.h>

static int unit_main(const char *name, SFun setup, SFun teardown, const TTest *const *tests,
                     size_t count) {
  Suite *suite = suite_create(name);
  TCase *tcase = tcase_create(name);
  tcase_add_checked_fixture(tcase, setup, teardown);
  for (size_t i = 0; i < count; i++) {
    tcase_add_test(tcase, tests[i]);
  }
  suite_add_tcase(suite, tcase);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  int run = srunner_ntests_run(runner);
  srunner_free(runner);
  return failed == 0 && run == (int)count ? EXIT_SUCCESS : EXIT_FAILURE;
}

#define UNIT_MAIN(name, setup, teardown, ...)                                                      \
  int main(void) {                                                                                 \
    const TTest *const tests[] = {__VA_ARGS__};                                                    \
    return unit_main(name, setup, teardown, tests, sizeof tests / sizeof tests[0]);                \
  }

#endif
