/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_HELD_H
#define CONNTRAIL_SUPERVISOR_HELD_H

/* Which sockets are open. */

#include "supervisor.h"

typedef struct conntrail__numbers {
  uint32_t *items; /* in order, once all are there */
  size_t count;
  size_t room;
} conntrail__numbers;

/* The sockets that the processes of the run have, looked up once and when asked for. */
typedef struct conntrail__held {
  const conntrail__supervisor *supervisor;
  bool is_thorough; /* processes that made no call count as well: looking at them takes longer */
  conntrail__numbers inodes;
  conntrail__numbers processes; /* that made a call */
  bool is_listed;               /* what these have */
  bool is_whole;                /* what the others have as well */
} conntrail__held;
bool conntrail__is_held(conntrail__held *held, uint32_t inode);
void conntrail__held_free(conntrail__held *held);

#endif
