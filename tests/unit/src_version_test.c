/* SPDX-License-Identifier: MIT */

#include <stdio.h>

#include "conntrail/conntrail.h"
#include "scripted_seam.h"

START_TEST(running_version_is_the_headers) {
  ck_assert_uint_eq(conntrail_version(), CONNTRAIL_VERSION);
}
END_TEST

START_TEST(number_and_text_say_the_same) {
  char text[32];
  unsigned number = conntrail_version();
  snprintf(text, sizeof text, "%u.%u.%u", number >> 16, number >> 8 & 0xff, number & 0xff);
  ck_assert_str_eq(text, CONNTRAIL_VERSION_TEXT);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("version");
  tcase_add_test(tests, running_version_is_the_headers);
  tcase_add_test(tests, number_and_text_say_the_same);
  return scripted_run("src version", tests);
}
