/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CLI_CONTROL_H
#define CONNTRAIL_CLI_CONTROL_H

/* The control socket (docs/reference/control.md): one JSON object a line, and one as its answer. */

#include "running.h"

typedef struct conntrail__control conntrail__control;

/* From now on, programs of this user reach the run at this path. NULL, with why. */
conntrail__control *conntrail__control_open(conntrail__running *r, const char *path,
                                            conntrail__refusal *why);
/* NULL is allowed. */
void conntrail__control_close(conntrail__control *control);
/* The trail may have grown. NULL is allowed. */
void conntrail__control_changed(conntrail__control *control);

#endif
