/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_START_H
#define CONNTRAIL_SUPERVISOR_START_H

/* What programs execute. */

#include "notice.h"

/* A file that gives rights (set-user-id) is told of, where it does not give them. path: as this
 * process names it; name: as it is shown. */
void conntrail__look_at_start(const conntrail__notice *notice, const char *path, const char *name);

#endif
