/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ENGINE_RECORDS_H
#define CONNTRAIL_ENGINE_RECORDS_H

/* Redirect records, and what they say of a service. */

#include "engine.h"

typedef struct conntrail__blob conntrail__blob;
typedef struct conntrail__flow conntrail__flow;

conntrail__blob *conntrail__records_extend(const conntrail_emu *emu, const conntrail__blob *carried,
                                           const conntrail__flow *flow);
/* Records as a caller gave them: shared with the flow that they came from, or copied. NULL where
 * no query of this engine gave them (S4), or memory ran out, which sets no_memory. */
conntrail__blob *conntrail__records_accept(conntrail_emu *emu, const void *bytes, uint32_t size,
                                           bool *no_memory);
uint32_t conntrail__records_hops(const conntrail__blob *records);
uint64_t conntrail__records_newest_flow(const conntrail__blob *records);
/* Every service in the records, a bit each. */
uint64_t conntrail__records_services(const conntrail__blob *records);

/* redirect_state.c; records may be NULL. */
conntrail_emu_state conntrail__redirect_state(const conntrail__blob *records,
                                              const conntrail_emu_service *service);
uint32_t conntrail__records_newest_service(const conntrail__blob *records);

#endif
