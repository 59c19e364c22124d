/* SPDX-License-Identifier: MIT */
/*
 * E7: a program in which the watched calls are libc's. It is linked with a shared library alone,
 * which took conntrail in: from the static archive with --exclude-libs, so that no other part sees
 * its connect(); or as a shared library, which comes after libc because the program itself does not
 * name it, as --as-needed leaves it.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

const char *refusal_in_plugin(void);

START_TEST(an_emulation_that_would_see_nothing_is_refused_by_name) {
  const char *refusal = refusal_in_plugin();
  static const char first[] = "socket() in this process is that of /";
  static const char second[] =
      " and does not lead to conntrail: link the program itself with libconntrail-emu, ahead of "
      "libc; shared: with -Wl,--no-as-needed; static: without --exclude-libs. A program that loads "
      "it while it runs, as Python, node and java do, cannot be watched from within: run it under "
      "conntrail-emu";
  ck_assert_msg(strncmp(refusal, first, strlen(first)) == 0, "%s", refusal);
  ck_assert_msg(strlen(refusal) > strlen(second), "%s", refusal);
  ck_assert_str_eq(refusal + strlen(refusal) - strlen(second), second);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("posix linking");
  TCase *tcase = tcase_create("posix linking");
  tcase_set_timeout(tcase, 0); /* ctest has one */
  tcase_add_test(tcase, an_emulation_that_would_see_nothing_is_refused_by_name);
  suite_add_tcase(suite, tcase);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  int run = srunner_ntests_run(runner);
  srunner_free(runner);
  return failed == 0 && run == 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
