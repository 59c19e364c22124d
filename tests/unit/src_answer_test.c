/* SPDX-License-Identifier: MIT */

#include "scripted_seam.h"
#include "src/answer.h"

static const struct {
  conntrail__answer answer;
  conntrail__meaning meaning;
} readings[] = {
    {{0, 0, 0}, CONNTRAIL__FITS},
    {{0, 0, 1024}, CONNTRAIL__FITS},
    {{0, 1024, 1024}, CONNTRAIL__FITS},
    {{0, 65536, 65536}, CONNTRAIL__FITS},
    {{0, 1025, 1024}, CONNTRAIL__TOO_SMALL},
    {{0, 4, 0}, CONNTRAIL__TOO_SMALL},
    {{0, 65537, 0}, CONNTRAIL__TOO_LARGE},
    {{122, 1025, 1024}, CONNTRAIL__TOO_SMALL},
    {{10014, 1025, 1024}, CONNTRAIL__TOO_SMALL},
    {{10040, 1025, 1024}, CONNTRAIL__TOO_SMALL},
    {{10055, 1025, 1024}, CONNTRAIL__TOO_SMALL},
    {{122, 65536, 65535}, CONNTRAIL__TOO_SMALL},
    {{122, 65537, 65536}, CONNTRAIL__TOO_LARGE},
    {{10014, 65537, 16}, CONNTRAIL__TOO_LARGE},
    {{10040, UINT32_MAX, 0}, CONNTRAIL__TOO_LARGE},
    {{10055, 65537, 65536}, CONNTRAIL__TOO_LARGE},
    /* No size, or none that says "too small". */
    {{122, 0, 0}, CONNTRAIL__AMBIGUOUS},
    {{122, 1024, 1024}, CONNTRAIL__AMBIGUOUS},
    {{10014, 0, 1024}, CONNTRAIL__AMBIGUOUS},
    {{10040, 16, 1024}, CONNTRAIL__AMBIGUOUS},
    {{10055, 0, 1024}, CONNTRAIL__AMBIGUOUS},
    {{10022, 0, 0}, CONNTRAIL__AMBIGUOUS},
    {{10022, 0, 3}, CONNTRAIL__AMBIGUOUS},
    {{10022, 0, 65536}, CONNTRAIL__AMBIGUOUS},
    /* 10022 with a size is in no document: it says what the number says. */
    {{10022, 48, 16}, CONNTRAIL__REFUSED},
    {{1168, 0, 1024}, CONNTRAIL__NOT_FOUND},
    {{0x80320008, 0, 0}, CONNTRAIL__NOT_FOUND},
    {{1168, 2000, 1024}, CONNTRAIL__NOT_FOUND},
    {{10057, 0, 1024}, CONNTRAIL__REFUSED},
    {{10045, 2000, 1024}, CONNTRAIL__REFUSED},
    {{4711, 70000, 1024}, CONNTRAIL__REFUSED},
};

START_TEST(one_answer_means) {
  ck_assert_int_eq(conntrail__answer_meaning(&readings[_i].answer), readings[_i].meaning);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("answer");
  SCRIPTED_ADD_LOOP(tests, one_answer_means, readings);
  return scripted_run("src answer", tests);
}
