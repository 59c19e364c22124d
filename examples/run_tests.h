/* SPDX-License-Identifier: MIT */
#ifndef RUN_TESTS_H
#define RUN_TESTS_H

#include <check.h>

/** Runs the tests of a case as Check's environment says; what main() returns. */
int run_tests(TCase *cases);

/** For minimal_proxy_new(): whatever the proxy has to say fails the test. */
void fail_test(const char *line, void *unused);

#endif
