/* SPDX-License-Identifier: MIT */
/* This system's own macros read what src/control_message.c writes (M8). */
#include <sys/socket.h>

#include "posix_support.h"
#include "src/control_message.h"

enum { ROOM = 256 };

/* The system's own macros are the measure of this system's width. */
START_TEST(the_system_reads_what_we_write) {
  _Alignas(struct cmsghdr) unsigned char bytes[ROOM];
  size_t used = 0;
  memset(bytes, 0, sizeof bytes);
  for (int i = 0; i < 3; i++) {
    const conntrail__control_item item = {.level = i,
                                          .type = 10 + i,
                                          .data = (const unsigned char *)"abcdefghij",
                                          .size = (size_t)(3 * i + 1)};
    ck_assert(conntrail__control_append(CONNTRAIL__CONTROL_NATIVE, bytes, ROOM, &used, &item));
    ck_assert_uint_eq(conntrail__control_space(CONNTRAIL__CONTROL_NATIVE, (size_t)(3 * i + 1)),
                      CMSG_SPACE((size_t)(3 * i + 1)));
  }
  struct msghdr message = {.msg_control = bytes, .msg_controllen = used};
  int count = 0;
  for (struct cmsghdr *each = CMSG_FIRSTHDR(&message); each != NULL && count < 4;
       each = CMSG_NXTHDR(&message, each)) {
    ck_assert_int_eq(each->cmsg_level, count);
    ck_assert_int_eq(each->cmsg_type, 10 + count);
    ck_assert_uint_eq(each->cmsg_len, CMSG_LEN((size_t)(3 * count + 1)));
    ck_assert_mem_eq(CMSG_DATA(each), "abcdefghij", (size_t)(3 * count + 1));
    count++;
  }
  ck_assert_int_eq(count, 3);
}
END_TEST

RUN_TESTS("control messages", the_system_reads_what_we_write)
