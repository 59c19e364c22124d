/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ENGINE_REFUSAL_H
#define CONNTRAIL_ENGINE_REFUSAL_H

/* Why a call of emu.h was refused. */

#include "engine.h"

conntrail_status conntrail__refuse(conntrail__refusal *why, conntrail_status status,
                                   const char *format, ...)
#ifdef __GNUC__
    __attribute__((format(printf, 3, 4)))
#endif
    ;

#endif
