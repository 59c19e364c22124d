/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ENGINE_TRAIL_H
#define CONNTRAIL_ENGINE_TRAIL_H

/* What the trail is written with. */

#include "engine.h"

typedef struct conntrail__flow conntrail__flow;

/* Protocol numbers of the trail. */
enum { CONNTRAIL__TCP = 6, CONNTRAIL__UDP = 17 };

/* A misuse about that flow, seen at that socket; either may be NULL. */
conntrail__event *conntrail__note_flow_misuse(conntrail_emu *emu, const conntrail__socket *socket,
                                              const conntrail__flow *flow,
                                              conntrail_emu_misuse misuse, uint32_t size);
/* An accepted flow ends. If a connection to its destination was made and its records were
 * not transferred: a misuse, or a hint once for a service that exempts its proxy (X4). */
void conntrail__note_not_transferred(conntrail_emu *emu, const conntrail__socket *socket,
                                     const conntrail__flow *flow, uint32_t size);
/* A new event of that kind about that socket (may be NULL), to be filled further. */
conntrail__event *conntrail__trail_add(conntrail_emu *emu, conntrail_emu_event_kind kind,
                                       const conntrail__socket *socket);
/* What a terminal gets before the sentence; NULL: nothing. */
const char *conntrail__event_colour(const conntrail__event *event);

#endif
