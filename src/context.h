/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CONTEXT_H
#define CONNTRAIL_CONTEXT_H

#include "conntrail/conntrail.h"

/* Reads a context by the caller's layout, or by the known ones where decode is NULL. destination is
 * written only for OK. */
conntrail_status conntrail__decode(const void *context, size_t size,
                                   conntrail_context_decoder decode, void *argument,
                                   struct sockaddr_storage *destination);

#endif
