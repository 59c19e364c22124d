/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CLI_DOCTOR_H
#define CONNTRAIL_CLI_DOCTOR_H

#include <stdbool.h>

/* The command doctor: what this system has of all that supervising needs. Answers an exit status.
 */
int conntrail__doctor(void);

#endif
