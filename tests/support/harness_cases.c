/* SPDX-License-Identifier: MIT */
/* Cases that pass, fail and check nothing, for harness_test to see how the runner takes it. */
#include <stdio.h>

#include "expect.h"
#include "runner.h"
#include "traced.h"
#include "transcript.h"

enum { NEED_SOMETHING = 1, NEED_NEVER_MET = 2, NEED_NEITHER = 4 };

static void case_passes(void) {
  expect_true(1 == 1);
  expect_number(2, 2);
  expect_text("a", "a");
}

static void case_checks_nothing(void) {
}

static void case_fails(void) {
  expect_true(1 == 1);
  expect_number(2, 3);
  (void)puts("went on after a failure");
}

static void case_fails_in_status(void) {
  expect_status(CONNTRAIL_ACCESS, CONNTRAIL_OK);
}

static void case_fails_in_bytes(void) {
  expect_bytes("abc", "abd", 3);
}

static void case_fails_in_filled(void) {
  expect_filled("aab", 'a', 3);
}

static void case_writes_transcript(void) {
  struct sockaddr_storage destination = net_v4(93, 184, 216, 34, 80);
  struct sockaddr_storage high = net_loopback(NET_TCP4, 50001);
  struct sockaddr_storage other = net_loopback(NET_TCP4, 50002);
  size_t size = 0;
  expect_true(net_begin());
  conntrail_socket socket = net_socket(NET_TCP4);
  expect_status(t_query_records(socket, NULL, 0, &size), CONNTRAIL_NOT_CONNECTED);
  expect_true(net_close(socket) == NET_OK);
  expect_status(t_query_records(socket, NULL, 4, &size), CONNTRAIL_FAULT);
  expect_status(t_query_context(CONNTRAIL_INVALID_SOCKET, NULL, 0, NULL), CONNTRAIL_FAULT);
  transcript_line("%s %s %s %s", transcript_address(&destination), transcript_address(&high),
                  transcript_address(&other), transcript_address(&high));
  net_end();
}

static const runner_case cases[] = {
    {"passes", "Q1", 0, case_passes},
    {"checks_nothing", "Q1", 0, case_checks_nothing},
    {"fails", "Q1", 0, case_fails},
    {"fails_in_status", "Q1", 0, case_fails_in_status},
    {"fails_in_bytes", "Q1", 0, case_fails_in_bytes},
    {"fails_in_filled", "Q1", 0, case_fails_in_filled},
    {"needs_something", "Q1", NEED_SOMETHING, case_passes},
    {"needs_too_much", "Q1", NEED_SOMETHING | NEED_NEVER_MET | NEED_NEITHER, case_fails},
    {"writes_transcript", "Q1", 0, case_writes_transcript},
};

static unsigned offers(void) {
  return NEED_SOMETHING;
}

static const char *need_name(unsigned need) {
  return need == NEED_NEVER_MET ? "what-is-never-met" : "neither";
}

static void begin(conntrail_emu_profile profile) {
  (void)printf("begin %d\n", (int)profile);
}

static void end(void) {
  (void)puts("end");
}

int main(int count, char **arguments) {
  static const runner_program program = {
      cases, sizeof cases / sizeof cases[0], offers, need_name, begin, end};
  return runner_main(&program, count, arguments);
}
