/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_LEVEL_H
#define CONNTRAIL_SUPERVISOR_LEVEL_H

/* The socket level SOL_CONNTRAIL (frontend/level_linux.h) of programs. */

#include "../frontend/level_linux.h"
#include "notice.h"

/* A call at this level. */
typedef struct conntrail__level_notice {
  const conntrail__notice *notice;
  int own; /* the program's socket, borrowed */
} conntrail__level_notice;

conntrail__level conntrail__level_of(const conntrail__level_notice *asked);

/* level.c */
conntrail__answer conntrail__get_level_option(const conntrail__notice *notice, int own, int name);
/* What CONNTRAIL_LINUX_LAST_ERROR returns in the calling thread. */
uint32_t *conntrail__last_error(const conntrail__notice *notice);

#endif
