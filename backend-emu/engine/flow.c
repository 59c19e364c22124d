/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "arrival.h"
#include "blob.h"
#include "emulation.h"
#include "flow.h"
#include "list.h"
#include "socket.h"
#include "waiting.h"

static conntrail__flow **places(const conntrail_emu *emu) {
  return emu->flows.items;
}

conntrail__flow *conntrail__flow_create(conntrail__socket *client,
                                        const conntrail__address *original,
                                        const conntrail__address *target) {
  conntrail__flow *flow = malloc(sizeof *flow);
  if (flow == NULL) {
    return NULL;
  }
  *flow = (conntrail__flow){.client = client,
                            .original = *original,
                            .target = *target,
                            .references = 1,
                            .is_datagram = client->is_datagram};
  /* An unbound socket has the unspecified address of its family; so has, for IPv4, a dual-stack one
   * that is bound. */
  flow->original_local.family = original->family;
  if (client->local.family == original->family) {
    flow->original_local = client->local;
  } else if (conntrail__has_local(client)) {
    flow->original_local.port = client->local.port;
  }
  return flow;
}

bool conntrail__flow_prepare_arrival(conntrail__flow *flow) {
  if (!flow->is_datagram) {
    flow->arrival = calloc(1, sizeof *flow->arrival);
  }
  return (flow->is_datagram || flow->arrival != NULL) && conntrail__waiting_reserve(flow);
}

static void retire(conntrail_emu *emu, const conntrail__flow *flow) {
  if (flow->id == 0) {
    return;
  }
  uint32_t place = (uint32_t)flow->id - 1;
  places(emu)[place] = NULL;
  if (place < emu->free_flow) {
    emu->free_flow = place;
  }
}

void conntrail__flow_release(conntrail_emu *emu, conntrail__flow *flow) {
  if (--flow->references > 0) {
    return;
  }
  retire(emu, flow);
  conntrail__waiting_remove(emu, flow);
  conntrail__blob_release(flow->records);
  conntrail__blob_release(flow->context);
  free(flow->arrival);
  free(flow->room);
  free(flow);
}

conntrail__flow *conntrail__flow_find(const conntrail_emu *emu, uint64_t id) {
  uint32_t place = (uint32_t)id - 1;
  if (place >= emu->flows.count) {
    return NULL;
  }
  conntrail__flow *flow = places(emu)[place];
  return flow != NULL && flow->id == id ? flow : NULL;
}

static bool find_place(conntrail_emu *emu, uint32_t *place) {
  for (*place = emu->free_flow; *place < emu->flows.count; (*place)++) {
    if (places(emu)[*place] == NULL) {
      return true;
    }
  }
  return emu->flows.count < UINT32_MAX / 2 &&
         conntrail__list_grow(&emu->flows, sizeof(conntrail__flow *)) != NULL;
}

/* The lower half of an id is its place plus one; the upper half distinguishes it from earlier ones.
 */
bool conntrail__flow_enroll(conntrail_emu *emu, conntrail__flow *flow) {
  uint32_t place;
  if (!find_place(emu, &place)) {
    return false;
  }
  places(emu)[place] = flow;
  emu->free_flow = place + 1;
  emu->flow_generation++;
  flow->id = (uint64_t)emu->flow_generation << 32 | (place + 1);
  return true;
}
