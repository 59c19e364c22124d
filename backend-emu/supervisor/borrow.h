/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_BORROW_H
#define CONNTRAIL_SUPERVISOR_BORROW_H

/* A program's descriptor, as one of this process. */

#include "notice.h"

/* A thread that made a call, and how its process is reached. */
typedef struct conntrail__slot {
  uint32_t thread;
  uint32_t process;
  int pidfd;
  bool is_leaders;       /* the pidfd is of the thread group's leader: before Linux 6.9 */
  uint32_t native_error; /* CONNTRAIL_LINUX_LAST_ERROR */
} conntrail__slot;

/* -1, with the errno for the program. */
int conntrail__borrow(const conntrail__notice *notice, int fd, int *error);
conntrail__slot *conntrail__slot_of(const conntrail__notice *notice);
void conntrail__slots_close(conntrail__supervisor *supervisor);

#endif
