/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_CASES_H
#define CONNTRAIL_TESTS_CASES_H

/* A function per case, named after it: cases.def is the one list. */

#include "fixture.h"

#define CASE(name, clauses, needs) void case_##name(void);
#include "cases.def"
#undef CASE

#endif
