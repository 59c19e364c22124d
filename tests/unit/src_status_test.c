/* SPDX-License-Identifier: MIT */

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "conntrail/conntrail.h"
#include "scripted_seam.h"
#include "src/failure.h"

/* The promise of status.h, written a second time by hand: these never change. */
typedef struct promise {
  const char *name;
  int number;
  uint32_t native;
} promise;

static const promise failures[] = {
    {"FAULT", -1, 10014},
    {"INVALID", -2, 10022},
    {"NOT_SOCKET", -3, 10038},
    {"NOT_CONNECTED", -4, 10057},
    {"INVALID_MESSAGE", -5, 0},
    {"NOT_INITIALISED", -6, 10093},
    {"NOT_REDIRECTED", -20, 1168},
    {"NO_CONTEXT", -21, 1168},
    {"BUFFER_TOO_SMALL", -22, 122},
    {"LIMIT", -23, 0},
    {"UNKNOWN_LAYOUT", -24, 0},
    {"DATA_TRUNCATED", -25, 10040},
    {"CONTROL_TRUNCATED", -26, 10040},
    {"WOULD_BLOCK", -27, 10035},
    {"PENDING", -28, 997},
    {"TIMED_OUT", -29, 10060},
    {"TOO_LARGE", -30, 10040},
    {"DESTINATION_UNKNOWN", -31, 0},
    {"DESTINATION_IS_PROXY", -32, 0},
    {"ACCESS", -40, 10013},
    {"IN_PROGRESS", -41, 10036},
    {"INTERRUPTED", -42, 10004},
    {"NET_DOWN", -43, 10050},
    {"ABORTED", -44, 995},
    {"CONNECT_FAILED", -45, 0},
    {"UNREACHABLE", -46, 10065},
    {"DESTINATION_ACCESS", -47, 10013},
    {"UNKNOWN", -59, 0},
    {"NOT_SUPPORTED", -60, 10045},
    {"NO_PROTOCOL_OPTION", -61, 10042},
    {"MULTIPATH", -62, 0},
    {"VERSION_MISMATCH", -63, 10092},
    {"NO_MEMORY", -80, 10055},
};
enum { FAILURES = sizeof failures / sizeof *failures };

START_TEST(failure_has_its_name_and_number) {
  const promise *failure = &failures[_i];
  conntrail_status status = (conntrail_status)failure->number;
  ck_assert_str_eq(conntrail_status_name(status), failure->name);
  ck_assert_int_eq(conntrail_status_cause(status), status);
  ck_assert_uint_gt(strlen(conntrail_status_sentence(status)), 10);
}
END_TEST

START_TEST(outbound_twin_says_which_socket) {
  const promise *failure = &failures[_i];
  conntrail_status status = (conntrail_status)failure->number;
  conntrail_status twin = (conntrail_status)(failure->number - 1000);
  char name[64];
  char sentence[256];
  snprintf(name, sizeof name, "OUTBOUND_%s", failure->name);
  snprintf(sentence, sizeof sentence, "on the outbound socket: %s",
           conntrail_status_sentence(status));
  ck_assert_str_eq(conntrail_status_name(twin), name);
  ck_assert_str_eq(conntrail_status_sentence(twin), sentence);
  ck_assert_int_eq(conntrail_status_cause(twin), status);
}
END_TEST

START_TEST(no_two_failures_share_name_number_or_sentence) {
  for (int i = 0; i < FAILURES; i++) {
    for (int j = 0; j < i; j++) {
      conntrail_status a = (conntrail_status)failures[i].number;
      conntrail_status b = (conntrail_status)failures[j].number;
      ck_assert_int_ne(a, b);
      ck_assert_str_ne(conntrail_status_name(a), conntrail_status_name(b));
      ck_assert_str_ne(conntrail_status_sentence(a), conntrail_status_sentence(b));
    }
  }
}
END_TEST

/* The list itself, against the promise: the constants, not what the functions make of them. */
#define LIST(name, number, native, sentence) {#name, CONNTRAIL_##name, CONNTRAIL_OUTBOUND_##name},
static const struct {
  const char *name;
  conntrail_status status;
  conntrail_status twin;
} listed[] = {CONNTRAIL_FAILURE_MAP(LIST)};

START_TEST(every_failure_is_promised) {
  ck_assert_uint_eq(sizeof listed / sizeof *listed, FAILURES);
}
END_TEST

START_TEST(constants_have_the_promised_numbers) {
  ck_assert_str_eq(listed[_i].name, failures[_i].name);
  ck_assert_int_eq(listed[_i].status, failures[_i].number);
  ck_assert_int_eq(listed[_i].twin, failures[_i].number - 1000);
  ck_assert_int_eq(CONNTRAIL_OK, 0);
  ck_assert_int_eq(CONNTRAIL_OK_NOTHING_TO_TRANSFER, 1);
}
END_TEST

START_TEST(successes_have_name_sentence_and_no_twin) {
  ck_assert_str_eq(conntrail_status_name(CONNTRAIL_OK), "OK");
  ck_assert_str_eq(conntrail_status_sentence(CONNTRAIL_OK), "done");
  ck_assert_int_eq(conntrail_status_cause(CONNTRAIL_OK), CONNTRAIL_OK);
  conntrail_status nothing = CONNTRAIL_OK_NOTHING_TO_TRANSFER;
  ck_assert_str_eq(conntrail_status_name(nothing), "OK_NOTHING_TO_TRANSFER");
  ck_assert_str_eq(conntrail_status_sentence(nothing),
                   "the accepted socket was not redirected: there are no records to transfer");
  ck_assert_int_eq(conntrail_status_cause(nothing), nothing);
}
END_TEST

static const int others[] = {2, -7, -19, -64, -81, -999, -1000, -1007, -1081, INT_MAX, INT_MIN};

START_TEST(other_values_are_named_as_such) {
  conntrail_status untracked = (conntrail_status)others[_i];
  ck_assert_str_eq(conntrail_status_name(untracked), "?");
  ck_assert_str_eq(conntrail_status_sentence(untracked), "this value is not a status of conntrail");
  ck_assert_int_eq(conntrail_status_cause(untracked), untracked);
}
END_TEST

/* Both ways: a number gives the first status that has it, and that status gives the number. */
START_TEST(native_number_gives_its_status) {
  const promise *failure = &failures[_i];
  if (failure->native == 0) {
    return;
  }
  int first = 0;
  while (failures[first].native != failure->native) {
    first++;
  }
  ck_assert_int_eq(conntrail_status_from_native(failure->native), failures[first].number);
}
END_TEST

START_TEST(reporting_a_failure_leaves_its_usual_number) {
  conntrail_status status = (conntrail_status)failures[_i].number;
  ck_assert_int_eq(conntrail__report(conntrail__own_verdict(status)), status);
  ck_assert_uint_eq(conntrail_native_error(), failures[_i].native);
}
END_TEST

START_TEST(reporting_the_systems_failure_leaves_its_number) {
  ck_assert_int_eq(conntrail__report(conntrail__native_verdict(10050)), CONNTRAIL_NET_DOWN);
  ck_assert_uint_eq(conntrail_native_error(), 10050);
  ck_assert_int_eq(conntrail__report(conntrail__native_verdict(4711)), CONNTRAIL_UNKNOWN);
  ck_assert_uint_eq(conntrail_native_error(), 4711);
}
END_TEST

START_TEST(reporting_a_success_leaves_the_number_alone) {
  ck_assert_int_eq(conntrail__report(conntrail__native_verdict(0)), CONNTRAIL_OK);
  conntrail_status nothing = CONNTRAIL_OK_NOTHING_TO_TRANSFER;
  ck_assert_int_eq(conntrail__report(conntrail__own_verdict(nothing)), nothing);
  ck_assert_uint_eq(conntrail_native_error(), SCRIPTED_UNTOUCHED);
}
END_TEST

START_TEST(handing_a_failure_on_leaves_its_usual_number) {
  ck_assert_int_eq(conntrail_report(CONNTRAIL_ABORTED), CONNTRAIL_ABORTED);
  ck_assert_uint_eq(conntrail_native_error(), 995);
  ck_assert_int_eq(conntrail_report(CONNTRAIL_OK), CONNTRAIL_OK);
  ck_assert_uint_eq(conntrail_native_error(), 995);
}
END_TEST

START_TEST(numbers_beside_the_table) {
  ck_assert_int_eq(conntrail_status_from_native(0), CONNTRAIL_OK);
  ck_assert_int_eq(conntrail_status_from_native(8), CONNTRAIL_NO_MEMORY);
  ck_assert_int_eq(conntrail_status_from_native(0x80320008), CONNTRAIL_NOT_REDIRECTED);
  ck_assert_int_eq(conntrail_status_from_native(1168), CONNTRAIL_NOT_REDIRECTED);
  ck_assert_int_eq(conntrail_status_from_native(10040), CONNTRAIL_DATA_TRUNCATED);
  ck_assert_int_eq(conntrail_status_from_native(10049), CONNTRAIL_UNREACHABLE);
  ck_assert_int_eq(conntrail_status_from_native(10051), CONNTRAIL_UNREACHABLE);
  ck_assert_int_eq(conntrail_status_from_native(10052), CONNTRAIL_UNREACHABLE);
  ck_assert_int_eq(conntrail_status_from_native(10054), CONNTRAIL_UNREACHABLE);
  ck_assert_int_eq(conntrail_status_from_native(10061), CONNTRAIL_UNREACHABLE);
}
END_TEST

static const uint32_t unknown_numbers[] = {1, 6, 123, 10000, 10037, 10064, 11001, UINT32_MAX};

START_TEST(unknown_number_stays_unknown) {
  ck_assert_int_eq(conntrail_status_from_native(unknown_numbers[_i]), CONNTRAIL_UNKNOWN);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("status");
  tcase_add_checked_fixture(tests, scripted_begin, NULL);
  tcase_add_test(tests, every_failure_is_promised);
  tcase_add_loop_test(tests, failure_has_its_name_and_number, 0, FAILURES);
  tcase_add_loop_test(tests, outbound_twin_says_which_socket, 0, FAILURES);
  tcase_add_test(tests, no_two_failures_share_name_number_or_sentence);
  SCRIPTED_ADD_LOOP(tests, constants_have_the_promised_numbers, listed);
  tcase_add_test(tests, successes_have_name_sentence_and_no_twin);
  SCRIPTED_ADD_LOOP(tests, other_values_are_named_as_such, others);
  tcase_add_loop_test(tests, native_number_gives_its_status, 0, FAILURES);
  tcase_add_loop_test(tests, reporting_a_failure_leaves_its_usual_number, 0, FAILURES);
  tcase_add_test(tests, reporting_the_systems_failure_leaves_its_number);
  tcase_add_test(tests, reporting_a_success_leaves_the_number_alone);
  tcase_add_test(tests, handing_a_failure_on_leaves_its_usual_number);
  tcase_add_test(tests, numbers_beside_the_table);
  SCRIPTED_ADD_LOOP(tests, unknown_number_stays_unknown, unknown_numbers);
  return scripted_run("src status", tests);
}
