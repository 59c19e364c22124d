/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_LEVEL_H
#define CONNTRAIL_SUPERVISOR_LEVEL_H

/* The socket level SOL_CONNTRAIL (conntrail/linux.h). */

#include "../../src/numbers.h"
#include "conntrail/linux.h"
#include "filter.h"
#include "notice.h"

enum {
  CONNTRAIL__LEVEL = SOL_CONNTRAIL,
  CONNTRAIL__ORIGINAL = CONNTRAIL__ORIGINAL_DESTINATION,
  CONNTRAIL__LARGEST_RECORDS = 65536
};

/* level.c */
conntrail__answer conntrail__get_level_option(const conntrail__notice *notice, int own, int name);
/* A control code, whatever the descriptor is. Answers 0 or the Winsock number. */
uint32_t conntrail__level_control(const conntrail__notice *notice, int own,
                                  const conntrail__call *call);
/* errno at this level, and the number that CONNTRAIL_LINUX_LAST_ERROR tells from now on. */
conntrail__answer conntrail__fail_at_level(const conntrail__notice *notice, uint32_t native);
void conntrail__set_last_error(const conntrail__notice *notice, uint32_t native);

/* level_call.c: the full form. */
conntrail__answer conntrail__level_call(const conntrail__notice *notice, int own);

#endif
