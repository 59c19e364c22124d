/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_POSIX_NATIVE_H
#define CONNTRAIL_POSIX_NATIVE_H

/* Between Winsock's error numbers and errno. */

#include <stdint.h>

#include "interpose.h"

/* EIO for a number that has no counterpart. */
CONNTRAIL__HIDDEN int conntrail__errno_of(uint32_t native);
/* 31 (ERROR_GEN_FAILURE) for a number that has no counterpart. */
CONNTRAIL__HIDDEN uint32_t conntrail__native_of(int error);

#endif
