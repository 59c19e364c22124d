/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CONTROL_H
#define CONNTRAIL_CONTROL_H

/* What the files of emu.h share: how a call of emu.h is refused. */

#include "session.h"

/* Remembers why a call was refused, for conntrail_emu_refusal(), and answers with status. */
conntrail_status conntrail__refuse_call(conntrail_status status, const char *call, const char *why);

/* The same for an argument that is NULL: "conntrail_emu_route: emu is NULL; pass ...". */
conntrail_status conntrail__refuse_null(const char *call, const char *argument);

/* A sockaddr that comes without its size: its family says it. INVALID, refused, for others. */
conntrail_status conntrail__read_sockaddr(const char *call, const char *argument,
                                          const struct sockaddr *sockaddr,
                                          conntrail__address *address);

#endif
