/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "backend-emu/frontend/sockaddr.h"
#include "posix_support.h"

static conntrail__address read_back(const struct sockaddr_storage *storage, size_t size) {
  conntrail__address address;
  ck_assert(conntrail__address_from_sockaddr((const struct sockaddr *)storage, size, &address));
  return address;
}

static const char *engine_text(const conntrail__address *address) {
  static char text[CONNTRAIL__ADDRESS_TEXT];
  conntrail__address_format(address, text);
  return text;
}

START_TEST(both_families_are_read) {
  struct sockaddr_storage v4 = address_of("93.184.216.34", 80);
  struct sockaddr_storage v6 = address_of("2001:db8::1", 65535);
  conntrail__address address = read_back(&v4, sizeof(struct sockaddr_in));
  ck_assert_str_eq(engine_text(&address), "93.184.216.34:80");
  address = read_back(&v6, sizeof(struct sockaddr_in6));
  ck_assert_str_eq(engine_text(&address), "[2001:db8::1]:65535");
}
END_TEST

START_TEST(a_mapped_address_is_the_ipv4_one) {
  struct sockaddr_storage mapped = address_of("::ffff:10.1.2.3", 7);
  struct sockaddr_storage plain = address_of("10.1.2.3", 7);
  conntrail__address a = read_back(&mapped, sizeof(struct sockaddr_in6));
  conntrail__address b = read_back(&plain, sizeof(struct sockaddr_in));
  ck_assert_mem_eq(&a, &b, sizeof a);
}
END_TEST

START_TEST(what_is_no_address_is_not_read) {
  struct sockaddr_storage v4 = address_of("1.2.3.4", 80);
  struct sockaddr_storage v6 = address_of("::1", 80);
  struct sockaddr_storage local = {.ss_family = AF_UNIX};
  conntrail__address address;
  ck_assert(!conntrail__address_from_sockaddr(NULL, 16, &address));
  ck_assert(!conntrail__address_from_sockaddr((struct sockaddr *)&v4, 15, &address));
  ck_assert(!conntrail__address_from_sockaddr((struct sockaddr *)&v6, 27, &address));
  ck_assert(!conntrail__address_from_sockaddr((struct sockaddr *)&local, sizeof local, &address));
}
END_TEST

START_TEST(an_address_is_written_as_it_was_read) {
  struct sockaddr_storage v6 = address_of("fe80::1", 443);
  struct sockaddr_storage written;
  ((struct sockaddr_in6 *)&v6)->sin6_scope_id = 3;
  conntrail__address address = read_back(&v6, sizeof(struct sockaddr_in6));
  ck_assert_uint_eq(conntrail__address_to_sockaddr(&address, &written),
                    sizeof(struct sockaddr_in6));
  ck_assert_mem_eq(&written, &v6, sizeof v6);
  struct sockaddr_storage v4 = address_of("10.0.0.1", 443);
  address = read_back(&v4, sizeof(struct sockaddr_in));
  ck_assert_uint_eq(conntrail__address_to_sockaddr(&address, &written), sizeof(struct sockaddr_in));
  ck_assert_mem_eq(&written, &v4, sizeof v4);
}
END_TEST

START_TEST(no_address_writes_none) {
  conntrail__address none;
  struct sockaddr_storage written;
  struct sockaddr_storage empty;
  memset(&none, 0, sizeof none);
  memset(&empty, 0, sizeof empty);
  memset(&written, 0x55, sizeof written);
  ck_assert_uint_eq(conntrail__address_to_sockaddr(&none, &written), 0);
  ck_assert_mem_eq(&written, &empty, sizeof empty);
}
END_TEST

START_TEST(an_address_is_written_for_a_family) {
  struct sockaddr_storage v4 = address_of("10.1.2.3", 7);
  struct sockaddr_storage v6 = address_of("2001:db8::1", 7);
  struct sockaddr_storage mapped = address_of("::ffff:10.1.2.3", 7);
  struct sockaddr_storage written;
  conntrail__address a4 = read_back(&v4, sizeof(struct sockaddr_in));
  conntrail__address a6 = read_back(&v6, sizeof(struct sockaddr_in6));
  ck_assert_uint_eq(conntrail__address_to_family(&a4, AF_INET6, &written),
                    sizeof(struct sockaddr_in6));
  ck_assert_mem_eq(&written, &mapped, sizeof written);
  ck_assert_uint_eq(conntrail__address_to_family(&a4, AF_INET, &written),
                    sizeof(struct sockaddr_in));
  ck_assert_mem_eq(&written, &v4, sizeof written);
  ck_assert_uint_eq(conntrail__address_to_family(&a6, AF_INET6, &written),
                    sizeof(struct sockaddr_in6));
  ck_assert_mem_eq(&written, &v6, sizeof written);
  ck_assert_uint_eq(conntrail__address_to_family(&a6, AF_INET, &written), 0);
}
END_TEST

/* [S] Linux takes 24 bytes, which RFC 2133's structure had, and no fewer. */
START_TEST(connect_takes_an_address_without_a_scope) {
  conntrail__address address;
  struct sockaddr_storage storage = {.ss_family = AF_INET6};
  ck_assert(conntrail__address_to_connect(&storage, 24, AF_INET6, &address));
  ck_assert_uint_eq(address.family, CONNTRAIL__IPV6);
  ck_assert(!conntrail__address_to_connect(&storage, 23, AF_INET6, &address));
  ck_assert(
      !conntrail__address_to_connect(&storage, sizeof(struct sockaddr_in6), AF_INET, &address));
}
END_TEST

START_TEST(sending_takes_no_family_for_ipv4) {
  conntrail__address address;
  struct sockaddr_storage storage = {.ss_family = AF_UNSPEC};
  ck_assert(conntrail__address_to_send(&storage, sizeof(struct sockaddr_in), AF_INET, &address));
  ck_assert_uint_eq(address.family, CONNTRAIL__IPV4);
  storage.ss_family = AF_UNSPEC;
  ck_assert(!conntrail__address_to_send(&storage, sizeof(struct sockaddr_in6), AF_INET6, &address));
}
END_TEST

RUN_TESTS("control sockaddr", both_families_are_read, a_mapped_address_is_the_ipv4_one,
          what_is_no_address_is_not_read, an_address_is_written_as_it_was_read,
          no_address_writes_none, an_address_is_written_for_a_family,
          connect_takes_an_address_without_a_scope, sending_takes_no_family_for_ipv4)
