/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_HELD_H
#define CONNTRAIL_SUPERVISOR_HELD_H

/* Which sockets are open. */

#include "supervisor.h"

/* The sockets that processes have which made a call, looked up once and when asked for. */
typedef struct conntrail__held {
  const conntrail__supervisor *supervisor;
  uint32_t *inodes; /* in order */
  size_t count;
  size_t room;
  bool is_listed;
} conntrail__held;
bool conntrail__is_held(conntrail__held *held, uint32_t inode);
void conntrail__held_free(conntrail__held *held);

#endif
