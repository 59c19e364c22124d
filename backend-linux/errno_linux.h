/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ERRNO_LINUX_H
#define CONNTRAIL_ERRNO_LINUX_H

#include <stdbool.h>
#include <stdint.h>

/* The Winsock number of an errno: 10038 for EBADF, 31 (ERROR_GEN_FAILURE) for one that has no
 * counterpart. */
uint32_t conntrail__native_of_errno(int error);

/* The system has no memory. */
bool conntrail__errno_is_lack(int error);

#endif
