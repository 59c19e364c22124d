/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ERRNO_LINUX_H
#define CONNTRAIL_ERRNO_LINUX_H

/* Between Winsock's error numbers and errno: for the front ends of Linux. */

#include <stdint.h>

/* EIO for a number that has no counterpart. */
int conntrail__errno_for(uint32_t native);
/* 31 (ERROR_GEN_FAILURE) for a number that has no counterpart. */
uint32_t conntrail__native_for(int error);

#endif
