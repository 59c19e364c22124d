/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ENGINE_LINK_H
#define CONNTRAIL_ENGINE_LINK_H

/* Open connections between programs that no service redirected: a proxy may accept in one program,
 * and let another one connect (R7). */

#include "engine.h"
#include "hash.h"

typedef struct conntrail__link_key {
  uint32_t from; /* families: conntrail__identity */
  uint32_t to;
} conntrail__link_key;

typedef struct conntrail__link {
  conntrail__link_key key;
  uint32_t count;
  uint32_t reach; /* of conntrail__links_lead_to() */
  UT_hash_handle hh;
} conntrail__link;

void conntrail__link_end(conntrail__socket *socket);

/* Whether any program leads to this one, directly or through one or two others. Then
 * conntrail__links_from() returns how often another one does: by the rarest connection between
 * them. */
bool conntrail__links_lead_to(const conntrail_emu *emu, uint32_t to);
uint32_t conntrail__links_from(const conntrail_emu *emu, uint32_t from);

#endif
