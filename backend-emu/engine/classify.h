/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ENGINE_CLASSIFY_H
#define CONNTRAIL_ENGINE_CLASSIFY_H

/* One attempt to reach a destination. */

#include "engine.h"

typedef struct conntrail__blob conntrail__blob;
typedef struct conntrail__flow conntrail__flow;

/* One attempt of a socket to reach a destination, with these records (may be NULL).
 * flow: out, NULL where the emulation takes no interest, or fails. */
conntrail__decision conntrail__classify(conntrail__socket *socket, const conntrail__address *remote,
                                        const conntrail__blob *carried,
                                        const conntrail__identity *who, conntrail__flow **flow,
                                        bool *is_traced);

#endif
