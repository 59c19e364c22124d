/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CLI_SUPERVISE_H
#define CONNTRAIL_CLI_SUPERVISE_H

#include "run.h"

/* `run` and `serve`. Answers the exit code. */
int conntrail__supervise_scenario(const conntrail__run *asked);

#endif
