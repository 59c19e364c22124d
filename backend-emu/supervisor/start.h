/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_START_H
#define CONNTRAIL_SUPERVISOR_START_H

/* What programs execute. */

#include "notice.h"

/* Reports a file with privileges (set-user-id), which no_new_privs takes away. path: as this
 * process names it; name: as it is shown. */
void conntrail__look_at_start(const conntrail__notice *notice, const char *path, const char *name);

#endif
