/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ENGINE_ADDRESS_H
#define CONNTRAIL_ENGINE_ADDRESS_H

/* Parts of addresses as text. */

#include "engine.h"

/* The first length bytes of text. */
bool conntrail__number_parse(const char *text, size_t length, uint32_t most, uint32_t *number);
/* A host without a port, IPv6 with an optional numeric scope. */
bool conntrail__host_parse(const char *text, size_t length, conntrail__address *address);

#endif
