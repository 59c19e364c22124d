/* SPDX-License-Identifier: MIT */
#include "backend-emu/files/scenario_guid.h"

#include <string.h>

#include "unit_main.h"

static const char whole[] = "{01234567-89ab-cdef-FEDC-BA9876543210}";

/* Windows' GUID: the first three parts are numbers, the last two are bytes in their order. */
static void check_value(const char *text) {
  static const uint8_t bytes[8] = {0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10};
  conntrail_emu_guid guid;
  ck_assert(conntrail__scenario_read_guid(text, &guid));
  ck_assert_uint_eq(guid.data1, 0x01234567);
  ck_assert_uint_eq(guid.data2, 0x89ab);
  ck_assert_uint_eq(guid.data3, 0xcdef);
  ck_assert_mem_eq(guid.data4, bytes, sizeof bytes);
}

static bool reads(const char *text) {
  conntrail_emu_guid ignored;
  return conntrail__scenario_read_guid(text, &ignored);
}

START_TEST(braces_may_be_left_out) {
  check_value(whole);
  check_value("01234567-89AB-CDEF-fedc-ba9876543210");
}
END_TEST

START_TEST(one_brace_is_none) {
  ck_assert(!reads("{01234567-89ab-cdef-FEDC-BA9876543210"));
  ck_assert(!reads("01234567-89ab-cdef-FEDC-BA9876543210}"));
}
END_TEST

START_TEST(each_character_counts) {
  static const char wrong[] = {' ', 'g', 'G', '/', ':', '@', '`', '+', 'x'};
  for (size_t i = 0; i < sizeof whole - 1; i++) {
    for (size_t j = 0; j < sizeof wrong; j++) {
      char text[sizeof whole];
      memcpy(text, whole, sizeof whole);
      text[i] = wrong[j];
      ck_assert_msg(!reads(text), "\"%s\" is taken for a GUID", text);
    }
  }
}
END_TEST

START_TEST(what_is_too_short_or_too_long_is_none) {
  for (size_t length = 0; length < sizeof whole - 1; length++) {
    char text[sizeof whole] = "";
    memcpy(text, whole, length);
    ck_assert_msg(!reads(text), "\"%s\" is taken for a GUID", text);
  }
  ck_assert(!reads("{01234567-89ab-cdef-FEDC-BA9876543210}0"));
  ck_assert(!reads("01234567-89ab-cdef-FEDC-BA98765432100"));
  ck_assert(!reads("0123456789abcdefFEDCBA9876543210"));
}
END_TEST

UNIT_MAIN("cli scenario guid", NULL, NULL, braces_may_be_left_out, one_brace_is_none,
          each_character_counts, what_is_too_short_or_too_long_is_none)
