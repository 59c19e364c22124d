/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "conntrail/conntrail.h"
#include "scripted_seam.h"

/* 93.184.216.34:443, then 10.0.0.2:50000, as a Windows driver writes them. */
static const unsigned char inet[] = {2, 0, 0x01, 0xbb, 93, 184, 216, 34};
static const unsigned char inet_local[] = {2, 0, 0xc3, 0x50, 10, 0, 0, 2};

/* [2606:2800:220:1::1%7]:8080 with flow information 0x00012345. */
static const unsigned char inet6[] = {23,   0,    0x1f, 0x90, 0x00, 0x01, 0x23, 0x45, 0x26, 0x06,
                                      0x28, 0x00, 0x02, 0x20, 0x00, 0x01, 0,    0,    0,    0,
                                      0,    0,    0,    1,    7,    0,    0,    0};

static unsigned char context[256];
static struct sockaddr_storage destination;
static struct sockaddr_storage untouched;

static void put(size_t at, const unsigned char *bytes, size_t size) {
  memcpy(context + at, bytes, size);
}

static void setup(void) {
  scripted_begin();
  memset(context, 0, sizeof context);
  memset(&untouched, 0xee, sizeof untouched);
  destination = untouched;
}

static void expect_unknown(size_t size) {
  ck_assert_int_eq(conntrail_decode_context(context, size, &destination), CONNTRAIL_UNKNOWN_LAYOUT);
  ck_assert_mem_eq(&destination, &untouched, sizeof untouched);
  scripted_end(0);
}

/* The whole structure is compared: nothing of what was there before may be left. */
static void expect_inet(size_t size) {
  struct sockaddr_storage whole;
  struct sockaddr_in *expected = (struct sockaddr_in *)&whole;
  memset(&whole, 0, sizeof whole);
  expected->sin_family = AF_INET;
  expected->sin_port = htons(443);
  expected->sin_addr.s_addr = htonl(0x5db8d822);
  ck_assert_int_eq(conntrail_decode_context(context, size, &destination), CONNTRAIL_OK);
  ck_assert_mem_eq(&destination, &whole, sizeof whole);
  scripted_end(SCRIPTED_UNTOUCHED);
}

static void expect_inet6(size_t size) {
  struct sockaddr_storage whole;
  struct sockaddr_in6 *expected = (struct sockaddr_in6 *)&whole;
  memset(&whole, 0, sizeof whole);
  expected->sin6_family = AF_INET6;
  expected->sin6_port = htons(8080);
  expected->sin6_flowinfo = htonl(0x00012345);
  expected->sin6_scope_id = 7;
  memcpy(&expected->sin6_addr, inet6 + 8, 16);
  ck_assert_int_eq(conntrail_decode_context(context, size, &destination), CONNTRAIL_OK);
  ck_assert_mem_eq(&destination, &whole, sizeof whole);
  scripted_end(SCRIPTED_UNTOUCHED);
}

START_TEST(one_inet_address) {
  put(0, inet, sizeof inet);
  expect_inet(128);
}
END_TEST

START_TEST(two_inet_addresses_remote_first) {
  put(0, inet, sizeof inet);
  put(128, inet_local, sizeof inet_local);
  expect_inet(256);
}
END_TEST

START_TEST(local_address_not_bound) {
  put(0, inet, sizeof inet);
  expect_inet(256);
}
END_TEST

START_TEST(one_inet6_address_with_the_number_of_windows) {
  put(0, inet6, sizeof inet6);
  expect_inet6(128);
}
END_TEST

START_TEST(one_inet6_address_with_the_number_of_this_system) {
  put(0, inet6, sizeof inet6);
  context[0] = AF_INET6;
  expect_inet6(128);
}
END_TEST

START_TEST(two_inet6_addresses_with_a_number_each) {
  put(0, inet6, sizeof inet6);
  context[128] = AF_INET6;
  expect_inet6(256);
}
END_TEST

START_TEST(odd_alignment) {
  static unsigned char shifted[257];
  put(0, inet6, sizeof inet6);
  memcpy(shifted + 1, context, 256);
  ck_assert_int_eq(conntrail_decode_context(shifted + 1, 256, &destination), CONNTRAIL_OK);
  ck_assert_int_eq(destination.ss_family, AF_INET6);
}
END_TEST

START_TEST(scope_takes_four_bytes) {
  static const unsigned char scope[] = {0x78, 0x56, 0x34, 0x92};
  put(0, inet6, sizeof inet6);
  put(24, scope, sizeof scope);
  ck_assert_int_eq(conntrail_decode_context(context, 128, &destination), CONNTRAIL_OK);
  ck_assert_uint_eq(((struct sockaddr_in6 *)&destination)->sin6_scope_id, 0x92345678);
}
END_TEST

static const size_t other_sizes[] = {0, 1, 8, 16, 28, 127, 129, 255, 264};

START_TEST(other_size) {
  static unsigned char longer[512];
  memcpy(longer, inet, sizeof inet);
  ck_assert_int_eq(conntrail_decode_context(longer, other_sizes[_i], &destination),
                   CONNTRAIL_UNKNOWN_LAYOUT);
  ck_assert_mem_eq(&destination, &untouched, sizeof untouched);
  scripted_end(0);
}
END_TEST

START_TEST(no_bytes_at_all) {
  ck_assert_int_eq(conntrail_decode_context(NULL, 0, &destination), CONNTRAIL_UNKNOWN_LAYOUT);
  scripted_end(0);
}
END_TEST

/* The last has the right low byte: both bytes count. */
static const unsigned char other_families[][2] = {{0, 0}, {1, 0}, {17, 0}, {0, 2}, {2, 1}, {23, 1}};

START_TEST(other_family) {
  put(0, inet, sizeof inet);
  put(0, other_families[_i], 2);
  expect_unknown(128);
  expect_unknown(256);
}
END_TEST

START_TEST(second_family_differs) {
  put(0, inet, sizeof inet);
  put(128, inet6, sizeof inet6);
  expect_unknown(256);
  put(128, other_families[1], 2);
  expect_unknown(256);
  /* In the layout of one address the same bytes are not there. */
  expect_inet(128);
}
END_TEST

START_TEST(both_families_are_none_that_can_be) {
  put(0, inet, sizeof inet);
  put(0, other_families[1], 2);
  put(128, other_families[1], 2);
  expect_unknown(256);
}
END_TEST

START_TEST(port_0) {
  put(0, inet, sizeof inet);
  memset(context + 2, 0, 2);
  expect_unknown(128);
  put(0, inet6, sizeof inet6);
  memset(context + 2, 0, 2);
  expect_unknown(128);
}
END_TEST

START_TEST(either_byte_of_the_port_will_do) {
  put(0, inet, sizeof inet);
  context[2] = 0;
  ck_assert_int_eq(conntrail_decode_context(context, 128, &destination), CONNTRAIL_OK);
  ck_assert_uint_eq(((struct sockaddr_in *)&destination)->sin_port, htons(0x00bb));
  context[2] = 1;
  context[3] = 0;
  ck_assert_int_eq(conntrail_decode_context(context, 128, &destination), CONNTRAIL_OK);
  ck_assert_uint_eq(((struct sockaddr_in *)&destination)->sin_port, htons(0x0100));
}
END_TEST

START_TEST(unspecified_address) {
  put(0, inet, sizeof inet);
  memset(context + 4, 0, 4);
  expect_unknown(256);
  put(0, inet6, sizeof inet6);
  memset(context + 8, 0, 16);
  expect_unknown(256);
}
END_TEST

START_TEST(loopback_has_one_bit_only) {
  put(0, inet6, sizeof inet6);
  memset(context + 8, 0, 15);
  ck_assert_int_eq(conntrail_decode_context(context, 128, &destination), CONNTRAIL_OK);
}
END_TEST

START_TEST(null_pointers) {
  ck_assert_int_eq(conntrail_decode_context(context, 128, NULL), CONNTRAIL_FAULT);
  scripted_end(10014);
  ck_assert_int_eq(conntrail_decode_context(NULL, 128, &destination), CONNTRAIL_FAULT);
  scripted_end(10014);
  /* Arguments first (Q16): the size is wrong as well. */
  ck_assert_int_eq(conntrail_decode_context(NULL, 5, &destination), CONNTRAIL_FAULT);
  scripted_end(10014);
  ck_assert_mem_eq(&destination, &untouched, sizeof untouched);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("layout");
  tcase_add_checked_fixture(tests, setup, NULL);
  tcase_add_test(tests, one_inet_address);
  tcase_add_test(tests, two_inet_addresses_remote_first);
  tcase_add_test(tests, local_address_not_bound);
  tcase_add_test(tests, one_inet6_address_with_the_number_of_windows);
  tcase_add_test(tests, one_inet6_address_with_the_number_of_this_system);
  tcase_add_test(tests, two_inet6_addresses_with_a_number_each);
  tcase_add_test(tests, odd_alignment);
  tcase_add_test(tests, scope_takes_four_bytes);
  SCRIPTED_ADD_LOOP(tests, other_size, other_sizes);
  tcase_add_test(tests, no_bytes_at_all);
  SCRIPTED_ADD_LOOP(tests, other_family, other_families);
  tcase_add_test(tests, second_family_differs);
  tcase_add_test(tests, both_families_are_none_that_can_be);
  tcase_add_test(tests, port_0);
  tcase_add_test(tests, either_byte_of_the_port_will_do);
  tcase_add_test(tests, unspecified_address);
  tcase_add_test(tests, loopback_has_one_bit_only);
  tcase_add_test(tests, null_pointers);
  return scripted_run("src layout", tests);
}
