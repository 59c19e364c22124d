/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_NATIVE_H
#define CONNTRAIL_SUPERVISOR_NATIVE_H

/* A socket of a program for the decisions that front ends share. */

#include "../frontend/reference.h"
#include "known.h"

/* own: the program's, borrowed. */
conntrail__reference conntrail__refer_to(const conntrail__known *known, int own);

#endif
