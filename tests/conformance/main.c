/* SPDX-License-Identifier: MIT */
/* The list of cases, and the place that this program was built for, given to the runner. */
#include "cases.h"
#include "runner.h"

static const runner_case cases[] = {
#define CASE(name, clauses, needs) {#name, clauses, needs, case_##name},
#include "cases.def"
#undef CASE
};

int main(int count, char **arguments) {
  static const runner_program program = {cases,          sizeof cases / sizeof cases[0],
                                         fixture_offers, fixture_need_name,
                                         fixture_begin,  fixture_end};
  return runner_main(&program, count, arguments);
}
