/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "emulation.h"
#include "flow.h"
#include "hash.h"
#include "link.h"
#include "socket.h"
#include "waiting.h"

/*
 * Accepted connections whose records were not transferred yet, by the destination that their
 * clients wanted. A loop shows as a member of one of these groups that is to be redirected again.
 */

enum { MOST_LOOKED_AT = 64 };

static unsigned place_of(const conntrail__waiting_key *key) {
  return conntrail__hash(key, sizeof *key) % CONNTRAIL__BUCKETS;
}

static conntrail__waiting **bucket(conntrail_emu *emu, const conntrail__waiting_key *key) {
  return &emu->waiting[place_of(key)];
}

static conntrail__waiting *find(const conntrail_emu *emu, const conntrail__address *destination,
                                bool is_datagram) {
  const conntrail__waiting_key key = {*destination, is_datagram};
  conntrail__waiting *group = emu->waiting[place_of(&key)];
  while (group != NULL && memcmp(&group->key, &key, sizeof key) != 0) {
    group = group->next;
  }
  return group;
}

bool conntrail__waiting_reserve(conntrail__flow *flow) {
  if (flow->room == NULL) {
    flow->room = malloc(sizeof *flow->room);
  }
  return flow->room != NULL;
}

/* In the flow's room. */
static conntrail__waiting *create(conntrail_emu *emu, conntrail__flow *flow) {
  conntrail__waiting *group = flow->room;
  flow->room = NULL;
  *group = (conntrail__waiting){.key = {flow->original, flow->is_datagram}};
  conntrail__waiting **first = bucket(emu, &group->key);
  group->next = *first;
  if (*first != NULL) {
    (*first)->previous = group;
  }
  *first = group;
  return group;
}

static void destroy(conntrail_emu *emu, conntrail__waiting *group) {
  if (group->next != NULL) {
    group->next->previous = group->previous;
  }
  if (group->previous != NULL) {
    group->previous->next = group->next;
  } else {
    *bucket(emu, &group->key) = group->next;
  }
  free(group);
}

void conntrail__waiting_add(conntrail_emu *emu, conntrail__flow *flow) {
  conntrail__waiting *group = find(emu, &flow->original, flow->is_datagram);
  if (group == NULL) {
    group = create(emu, flow);
  }
  flow->group = group;
  flow->older = group->newest;
  if (group->newest != NULL) {
    group->newest->newer = flow;
  }
  group->newest = flow;
  group->count++;
  group->entered++;
}

void conntrail__waiting_remove(conntrail_emu *emu, conntrail__flow *flow) {
  conntrail__waiting *group = flow->group;
  if (group == NULL) {
    return;
  }
  if (flow->older != NULL) {
    flow->older->newer = flow->newer;
  }
  if (flow->newer != NULL) {
    flow->newer->older = flow->older;
  } else {
    group->newest = flow->older;
  }
  flow->older = NULL;
  flow->newer = NULL;
  flow->group = NULL;
  if (--group->count == 0) {
    destroy(emu, group);
  }
}

/* Who asked the accepted connection for its destination, and then connects a socket of
 * the same process there that appeared later, most likely continues it. */
static bool may_continue(const conntrail__flow *flow, const conntrail__socket *socket,
                         uint64_t actor) {
  if (flow->asker != actor || flow->accepted_process != socket->process) {
    return false;
  }
  /* One socket may send on for many flows, and be older than they are (M10). */
  return socket->is_datagram ? flow->accepted_number != socket->number
                             : flow->accepted_number < socket->number;
}

conntrail__flow *conntrail__waiting_parent(const conntrail_emu *emu,
                                           const conntrail__socket *socket,
                                           const conntrail__address *remote, uint64_t actor) {
  const conntrail__waiting *group = find(emu, remote, socket->is_datagram);
  conntrail__flow *flow = group == NULL ? NULL : group->newest;
  for (int looked_at = 0; flow != NULL && looked_at < MOST_LOOKED_AT; looked_at++) {
    if (may_continue(flow, socket, actor)) {
      return flow;
    }
    flow = flow->older;
  }
  return NULL;
}

uint32_t conntrail__waiting_count(const conntrail_emu *emu, const conntrail__socket *socket,
                                  const conntrail__address *remote) {
  const conntrail__waiting *group = find(emu, remote, socket->is_datagram);
  return group == NULL ? 0 : group->count;
}

static uint32_t count_entries(const conntrail__waiting *group, uint32_t family,
                              const conntrail_emu_service *service, uint32_t most) {
  uint32_t since = group->entered;
  uint32_t entries = 0;
  const conntrail__flow *flow = since == 0 ? NULL : group->newest;
  for (; flow != NULL && entries < most && since > 0; flow = flow->older, since--) {
    if (flow->accepted_family == family && flow->service == service) {
      entries++;
    }
  }
  return entries;
}

static const conntrail__flow *newest_of(const conntrail__waiting *group,
                                        const conntrail_emu_service *service) {
  const conntrail__flow *flow = group->newest;
  while (flow != NULL && flow->service != service) {
    flow = flow->older;
  }
  return flow;
}

/* The program that accepted last may let the socket's program connect. */
static uint32_t count_entries_through_others(const conntrail_emu *emu,
                                             const conntrail__waiting *group,
                                             const conntrail__socket *socket,
                                             const conntrail_emu_service *service, uint32_t most) {
  if (group->entered < most || !conntrail__links_lead_to(emu, socket->family)) {
    return 0;
  }
  const conntrail__flow *newest = newest_of(group, service);
  return newest != NULL && conntrail__links_from(emu, newest->accepted_family) >= most
             ? count_entries(group, newest->accepted_family, service, most)
             : 0;
}

uint32_t conntrail__waiting_entries(const conntrail_emu *emu, const conntrail__socket *socket,
                                    const conntrail__address *remote,
                                    const conntrail_emu_service *service, uint32_t most) {
  const conntrail__waiting *group = find(emu, remote, socket->is_datagram);
  if (group == NULL) {
    return 0;
  }
  uint32_t entries = count_entries(group, socket->family, service, most);
  return entries >= most ? entries
                         : count_entries_through_others(emu, group, socket, service, most);
}

void conntrail__waiting_delivered(const conntrail_emu *emu, const conntrail__address *remote,
                                  bool is_datagram) {
  conntrail__waiting *group = find(emu, remote, is_datagram);
  if (group != NULL) {
    group->entered = 0;
  }
}
