/* SPDX-License-Identifier: MIT */

#include "conntrail/conntrail.h"
#include "scripted_seam.h"

static unsigned char records[CONNTRAIL_LARGEST_BLOB];

static void setup(void) {
  scripted_begin();
  for (size_t i = 0; i < sizeof records; i++) {
    records[i] = scripted_byte(CONNTRAIL__QUERY_RECORDS, i);
  }
}

/* S1: what a system counts after SET carries nothing; the size set, 0, or any other number. */
static const uint32_t counts[] = {48, 0, 47, 70000, UINT32_MAX};

START_TEST(count_is_ignored) {
  scripted_set(SCRIPTED_OUTBOUND, 48, 0, counts[_i]);
  ck_assert_int_eq(conntrail_set_records(SCRIPTED_OUTBOUND, records, 48), CONNTRAIL_OK);
  scripted_end(SCRIPTED_UNTOUCHED);
}
END_TEST

START_TEST(smallest_and_largest) {
  scripted_set(SCRIPTED_OUTBOUND, 1, 0, 0);
  ck_assert_int_eq(conntrail_set_records(SCRIPTED_OUTBOUND, records, 1), CONNTRAIL_OK);
  scripted_end(SCRIPTED_UNTOUCHED);
  scripted_set(SCRIPTED_OUTBOUND, 65536, 0, 0);
  ck_assert_int_eq(conntrail_set_records(SCRIPTED_OUTBOUND, records, 65536), CONNTRAIL_OK);
  scripted_end(SCRIPTED_UNTOUCHED);
}
END_TEST

/* Arguments come first (Q16): the system is not asked, whatever the socket is. */
START_TEST(arguments) {
  ck_assert_int_eq(conntrail_set_records(CONNTRAIL_INVALID_SOCKET, NULL, 1), CONNTRAIL_FAULT);
  scripted_end(10014);
  ck_assert_int_eq(conntrail_set_records(CONNTRAIL_INVALID_SOCKET, NULL, 70000), CONNTRAIL_FAULT);
  scripted_end(10014);
  ck_assert_int_eq(conntrail_set_records(CONNTRAIL_INVALID_SOCKET, records, 0), CONNTRAIL_INVALID);
  scripted_end(10022);
  ck_assert_int_eq(conntrail_set_records(CONNTRAIL_INVALID_SOCKET, NULL, 0), CONNTRAIL_INVALID);
  scripted_end(10022);
  ck_assert_int_eq(conntrail_set_records(CONNTRAIL_INVALID_SOCKET, records, 65537),
                   CONNTRAIL_LIMIT);
  scripted_end(0);
  ck_assert_int_eq(conntrail_set_records(CONNTRAIL_INVALID_SOCKET, records, SIZE_MAX),
                   CONNTRAIL_LIMIT);
  scripted_end(0);
}
END_TEST

/* The ten numbers of the documentation's table for SET, then others that may come. */
static const struct {
  uint32_t native;
  conntrail_status status;
} refusals[] = {
    {995, CONNTRAIL_ABORTED},           {997, CONNTRAIL_PENDING},
    {10004, CONNTRAIL_INTERRUPTED},     {10013, CONNTRAIL_ACCESS},
    {10014, CONNTRAIL_FAULT},           {10022, CONNTRAIL_INVALID},
    {10036, CONNTRAIL_IN_PROGRESS},     {10038, CONNTRAIL_NOT_SOCKET},
    {10045, CONNTRAIL_NOT_SUPPORTED},   {10050, CONNTRAIL_NET_DOWN},
    {8, CONNTRAIL_NO_MEMORY},           {10055, CONNTRAIL_NO_MEMORY},
    {10093, CONNTRAIL_NOT_INITIALISED}, {4711, CONNTRAIL_UNKNOWN},
};

START_TEST(refusal_of_the_system) {
  scripted_set(SCRIPTED_OUTBOUND, 48, refusals[_i].native, 0);
  ck_assert_int_eq(conntrail_set_records(SCRIPTED_OUTBOUND, records, 48), refusals[_i].status);
  scripted_end(refusals[_i].native);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("set");
  tcase_add_checked_fixture(tests, setup, NULL);
  SCRIPTED_ADD_LOOP(tests, count_is_ignored, counts);
  tcase_add_test(tests, smallest_and_largest);
  tcase_add_test(tests, arguments);
  SCRIPTED_ADD_LOOP(tests, refusal_of_the_system, refusals);
  return scripted_run("src set", tests);
}
