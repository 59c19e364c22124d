/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_POSIX_KERNEL_OPTION_H
#define CONNTRAIL_POSIX_KERNEL_OPTION_H

/*
 * The socket level SOL_CONNTRAIL (include/conntrail/linux.h), as the emulated kernel answers it.
 * A process that has the emulation in it never passes the level on to the real kernel, so that
 * "no emulation is active" cannot be taken for "a real kernel" (K17).
 */

#include "../frontend/level_linux.h"
#include "watched.h"

CONNTRAIL__HIDDEN int conntrail__kernel_get_option(int fd, int name, void *value, socklen_t *size);
CONNTRAIL__HIDDEN int conntrail__kernel_set_option(int fd, int name, const void *value,
                                                   socklen_t size);

/* kernel_call.c: the level of whatever this descriptor is. */
CONNTRAIL__HIDDEN conntrail__level conntrail__kernel_level(const int *fd);
/* kernel_call.c: the full form. */
CONNTRAIL__HIDDEN int conntrail__kernel_full_call(int fd, void *out, socklen_t *size);

/* message_fault.c: fails as a message call does, and keeps the number for
 * CONNTRAIL_LINUX_LAST_ERROR. Answers -1. */
CONNTRAIL__HIDDEN int conntrail__fail_message(uint32_t native);

/* message_fault.c: the number with which a message call of this datagram socket fails; 0 for none.
 */
CONNTRAIL__HIDDEN uint32_t conntrail__message_fault(int fd, conntrail_emu_operation operation);

/* overlapped.c: the private options of src/pending_query.h. */
CONNTRAIL__HIDDEN int conntrail__overlapped_set_option(int name, const void *value, socklen_t size);

#endif
