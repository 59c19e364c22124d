/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ENGINE_CONTEXT_H
#define CONNTRAIL_ENGINE_CONTEXT_H

/* The bytes of a flow's context. */

#include "engine.h"

typedef struct conntrail__flow conntrail__flow;

/* The bytes of a flow's context; 0 where it has none. */
uint32_t conntrail__context_size(const conntrail__flow *flow);
void conntrail__context_write(const conntrail__flow *flow, uint8_t *out);

#endif
