/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CLI_REPORT_H
#define CONNTRAIL_CLI_REPORT_H

#include "../service/hub.h"

/* What a run says on stderr when it ends, beside the trail: where somebody did what no library
 * does. */
void conntrail__report_counts(const conntrail__hub *hub);

#endif
