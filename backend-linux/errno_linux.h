/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ERRNO_LINUX_H
#define CONNTRAIL_ERRNO_LINUX_H

#include <stdint.h>

/* The Winsock number of the same meaning as errno; 31 (ERROR_GEN_FAILURE) where there is none. */
uint32_t conntrail__native_of_errno(int error);

#endif
