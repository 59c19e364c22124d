/* SPDX-License-Identifier: MIT */
#include "asking.h"

#include <string.h>

void expect_destination_by(int accepted, int listener, const char *expected) {
  struct sockaddr_storage found = {0};
  ck_assert_uint_eq(conntrail__backend_translated_destination(accepted, listener, &found), 0);
  expect_address(found, expected);
}

void expect_destination(int accepted, int listener, const char *expected) {
  expect_destination_by(accepted, CONNTRAIL_INVALID_SOCKET, expected);
  expect_destination_by(accepted, listener, expected);
}

void expect_refusal_by(int accepted, int listener, uint32_t expected) {
  struct sockaddr_storage found;
  struct sockaddr_storage untouched;
  memset(&found, 0x5a, sizeof found);
  memset(&untouched, 0x5a, sizeof untouched);
  ck_assert_uint_eq(conntrail__backend_translated_destination(accepted, listener, &found),
                    expected);
  ck_assert_mem_eq(&found, &untouched, sizeof found);
}

void expect_refusal(int accepted, int listener, uint32_t expected) {
  expect_refusal_by(accepted, CONNTRAIL_INVALID_SOCKET, expected);
  expect_refusal_by(accepted, listener, expected);
}
