/* SPDX-License-Identifier: MIT */
/* K11: which control message says where a datagram was sent to. */
#include <string.h>

#include "src/backend.h"
#include "unit_main.h"

static conntrail__control_item item_of(int level, int type, const void *data, size_t size) {
  return (conntrail__control_item){.level = level, .type = type, .data = data, .size = size};
}

static void expect_unread(conntrail__control_item item) {
  struct sockaddr_storage local;
  struct sockaddr_storage untouched;
  memset(&local, 0x5a, sizeof local);
  memset(&untouched, 0x5a, sizeof untouched);
  ck_assert(!conntrail__backend_read_local(&item, &local));
  ck_assert_mem_eq(&local, &untouched, sizeof local);
}

static const struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = 0x1234, .sin_addr = {7}};
static const struct sockaddr_in6 v6 = {
    .sin6_family = AF_INET6, .sin6_port = 0x1234, .sin6_addr = {{{0xfd, 1}}}, .sin6_scope_id = 3};

static void expect_read(conntrail__control_item item, const void *address, size_t size) {
  struct sockaddr_storage local;
  struct sockaddr_storage expected = {0};
  memset(&local, 0x5a, sizeof local);
  memcpy(&expected, address, size);
  ck_assert(conntrail__backend_read_local(&item, &local));
  ck_assert_mem_eq(&local, &expected, sizeof local);
}

/* [D] linux/in.h: IP_ORIGDSTADDR is 20; linux/in6.h: IPV6_ORIGDSTADDR is 74. */
START_TEST(local_addresses) {
  expect_read(item_of(0, 20, &v4, sizeof v4), &v4, sizeof v4);
  expect_read(item_of(41, 74, &v6, sizeof v6), &v6, sizeof v6);
}
END_TEST

START_TEST(other_messages_are_the_callers) {
  expect_unread(item_of(0, 8, &v4, sizeof v4));
  expect_unread(item_of(41, 50, &v6, sizeof v6));
  expect_unread(item_of(41, 20, &v4, sizeof v4));
  expect_unread(item_of(0, 74, &v6, sizeof v6));
  expect_unread(item_of(1, 20, &v4, sizeof v4));
}
END_TEST

START_TEST(messages_that_hold_no_address) {
  expect_unread(item_of(0, 20, &v4, sizeof v4 - 1));
  expect_unread(item_of(41, 74, &v6, sizeof v6 - 1));
  expect_unread(item_of(0, 20, &v4, 0));
  expect_unread(item_of(0, 20, &v6, sizeof v6));
  expect_unread(item_of(41, 74, (unsigned char[sizeof v6]){AF_INET}, sizeof v6));
}
END_TEST

UNIT_MAIN("linux local", NULL, NULL, local_addresses, other_messages_are_the_callers,
          messages_that_hold_no_address)
