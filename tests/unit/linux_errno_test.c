/* SPDX-License-Identifier: MIT */
/* Linux' error numbers as Winsock has them. */
#include "backend-linux/errno_linux.h"

#include <errno.h>

#include "unit_main.h"

START_TEST(numbers_of_errors) {
  ck_assert_uint_eq(conntrail__native_of_errno(EBADF), 10038);
  ck_assert_uint_eq(conntrail__native_of_errno(ENOTSOCK), 10038);
  ck_assert_uint_eq(conntrail__native_of_errno(EPERM), 10013);
  ck_assert_uint_eq(conntrail__native_of_errno(EWOULDBLOCK), 10035);
  ck_assert_uint_eq(conntrail__native_of_errno(ENOTCONN), 10057);
  ck_assert_uint_eq(conntrail__native_of_errno(ENFILE), 10024);
  ck_assert_uint_eq(conntrail__native_of_errno(ENETDOWN), 10050);
  ck_assert_uint_eq(conntrail__native_of_errno(ENOSYS), 10050); /* P4 */
  ck_assert_uint_eq(conntrail__native_of_errno(0), 31);
  ck_assert_uint_eq(conntrail__native_of_errno(EBADMSG), 31);
}
END_TEST

UNIT_MAIN("linux errno", NULL, NULL, numbers_of_errors)
