/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "blob.h"
#include "datagram_flow.h"
#include "emulation.h"
#include "flow.h"
#include "service.h"
#include "socket.h"
#include "trail.h"

/* UDP flows, and the three tables by which they are found. */

static conntrail__datagram_key make_key(const conntrail__address *address, uint32_t number) {
  conntrail__datagram_key key = {*address, number};
  return key;
}

conntrail__datagram_flow *conntrail__datagram_by_destination(const conntrail__socket *client,
                                                             const conntrail__address *original) {
  const conntrail__datagram_key key = make_key(original, client->number);
  conntrail__datagram_flow *found = NULL;
  HASH_FIND(by_destination, client->emu->by_destination, &key, sizeof key, found);
  return found;
}

conntrail__datagram_flow *conntrail__datagram_by_sender(const conntrail__socket *client,
                                                        const conntrail__address *sender) {
  if (client->datagram->newest == NULL) {
    return NULL;
  }
  const conntrail__datagram_key key = make_key(sender, client->number);
  conntrail__datagram_flow *found = NULL;
  HASH_FIND(by_sender, client->emu->by_sender, &key, sizeof key, found);
  return found;
}

bool conntrail__datagram_asked_for(const conntrail__socket *client,
                                   const conntrail__address *target,
                                   conntrail__address *destination) {
  const conntrail__datagram_flow *flow = conntrail__datagram_by_sender(client, target);
  if (flow != NULL) {
    *destination = flow->flow->original;
  }
  return flow != NULL;
}

static conntrail__datagram_flow *find_source(const conntrail_emu *emu,
                                             const conntrail__datagram_key *key) {
  conntrail__datagram_flow *found = NULL;
  HASH_FIND(by_source, emu->by_source, key, sizeof *key, found);
  return found;
}

conntrail__datagram_flow *conntrail__datagram_by_source(const conntrail__socket *receiver,
                                                        const conntrail__address *source) {
  if (!conntrail__has_local(receiver)) {
    return NULL;
  }
  const conntrail__datagram_key key = make_key(source, receiver->local.port);
  conntrail__datagram_flow *found = find_source(receiver->emu, &key);
  return found != NULL && conntrail__listens_at(receiver, &found->flow->target) ? found : NULL;
}

void conntrail__datagram_flow_touch(conntrail__datagram_flow *flow) {
  flow->last_used = flow->client->emu->now;
}

static void link_flow(conntrail__datagram_flow *flow) {
  conntrail__datagram_side *side = flow->client->datagram;
  flow->next = side->newest;
  if (side->newest != NULL) {
    side->newest->previous = flow;
  }
  side->newest = flow;
}

static void unlink_flow(conntrail__datagram_flow *flow) {
  conntrail__datagram_side *side = flow->client->datagram;
  if (flow->next != NULL) {
    flow->next->previous = flow->previous;
  }
  if (flow->previous != NULL) {
    flow->previous->next = flow->next;
  } else {
    side->newest = flow->next;
  }
  if (side->association == flow) {
    side->association = NULL;
  }
}

conntrail__datagram_flow *conntrail__datagram_flow_begin(conntrail__socket *client,
                                                         conntrail__flow *flow,
                                                         conntrail__blob *carried) {
  conntrail_emu *emu = client->emu;
  conntrail__datagram_flow *begun = malloc(sizeof *begun);
  if (begun == NULL) {
    return NULL;
  }
  *begun = (conntrail__datagram_flow){.flow = flow,
                                      .client = client,
                                      .destination = make_key(&flow->original, client->number),
                                      .last_used = emu->now,
                                      .relay = CONNTRAIL__NO_RELAY};
  HASH_ADD(by_destination, emu->by_destination, destination, sizeof begun->destination, begun);
  if (begun->by_destination.tbl == NULL) {
    free(begun);
    return NULL;
  }
  if (carried != NULL) {
    begun->carried = conntrail__blob_share(carried);
  }
  link_flow(begun);
  return begun;
}

static void unfile(conntrail__datagram_flow *flow) {
  conntrail_emu *emu = flow->client->emu;
  if (flow->is_filed) {
    HASH_DELETE(by_source, emu->by_source, flow);
    HASH_DELETE(by_sender, emu->by_sender, flow);
    flow->is_filed = false;
  }
  if (flow->relay != CONNTRAIL__NO_RELAY) {
    flow->close(flow->relay);
    flow->relay = CONNTRAIL__NO_RELAY;
  }
}

/* As at the end of an accepted connection (X4). */
static void note_end(const conntrail__datagram_flow *ended) {
  if (ended->flow->is_claimed && ended->flow->records != NULL) {
    conntrail__note_not_transferred(ended->client->emu, ended->client, ended->flow,
                                    ended->flow->records->size);
  }
}

void conntrail__datagram_flow_end(conntrail__datagram_flow *flow) {
  conntrail_emu *emu = flow->client->emu;
  note_end(flow);
  unfile(flow);
  HASH_DELETE(by_destination, emu->by_destination, flow);
  unlink_flow(flow);
  flow->flow->client = NULL;
  conntrail__flow_release(emu, flow->flow);
  conntrail__blob_release(flow->carried);
  free(flow);
}

/* The system gives an address anew when its last socket is closed, which may not be known yet
 * (E11); what comes to a shared one it gives to the later socket. */
static void displace(const conntrail_emu *emu, const conntrail__datagram_key *source) {
  conntrail__datagram_flow *other = find_source(emu, source);
  if (other != NULL) {
    conntrail__datagram_flow_end(other);
  }
}

bool conntrail__datagram_flow_file(conntrail__datagram_flow *flow, const conntrail__address *source,
                                   const conntrail__address *sender) {
  conntrail_emu *emu = flow->client->emu;
  flow->source = make_key(source, flow->flow->target.port);
  displace(emu, &flow->source);
  flow->sender = make_key(sender, flow->client->number);
  HASH_ADD(by_source, emu->by_source, source, sizeof flow->source, flow);
  if (flow->by_source.tbl == NULL) {
    return false;
  }
  HASH_ADD(by_sender, emu->by_sender, sender, sizeof flow->sender, flow);
  if (flow->by_sender.tbl == NULL) {
    HASH_DELETE(by_source, emu->by_source, flow);
    return false;
  }
  flow->is_filed = true;
  return true;
}

bool conntrail__datagram_own_is_taken(const conntrail__datagram_flow *flow) {
  const conntrail__datagram_key key = make_key(&flow->own, flow->flow->target.port);
  const conntrail__datagram_flow *other = find_source(flow->client->emu, &key);
  return (other != NULL && other->client == flow->client) ||
         conntrail__datagram_by_sender(flow->client, &flow->flow->target) != NULL;
}

void conntrail__datagram_own_clear(const conntrail__datagram_flow *flow) {
  conntrail__datagram_flow *other =
      conntrail__datagram_by_sender(flow->client, &flow->flow->target);
  if (other != NULL) {
    conntrail__datagram_flow_end(other);
  }
}

bool conntrail__datagram_side_create(conntrail__socket *socket) {
  socket->datagram = calloc(1, sizeof *socket->datagram);
  return socket->datagram != NULL;
}

void conntrail__datagram_side_destroy(conntrail__socket *socket) {
  while (socket->datagram->newest != NULL) {
    conntrail__datagram_flow_end(socket->datagram->newest);
  }
  free(socket->datagram);
}

void conntrail__datagram_drop_carried(const conntrail__socket *socket) {
  conntrail__datagram_flow *next;
  for (conntrail__datagram_flow *flow = socket->datagram->newest; flow != NULL; flow = next) {
    next = flow->next;
    if (flow->relay != CONNTRAIL__NO_RELAY) {
      conntrail__datagram_flow_end(flow);
    }
  }
}

static void tell_idle(const conntrail__datagram_flow *flow) {
  conntrail__event *event =
      conntrail__trail_add(flow->client->emu, CONNTRAIL_EMU_IDLE, flow->client);
  event->service = (uint8_t)(flow->flow->service->index + 1);
  event->destination = flow->flow->original;
  event->target = flow->flow->target;
}

void conntrail__datagram_advance(conntrail_emu *emu, uint32_t milliseconds) {
  conntrail__datagram_flow *flow;
  conntrail__datagram_flow *next;
  emu->now += milliseconds;
  HASH_ITER(by_destination, emu->by_destination, flow, next) {
    if (flow->is_associated || emu->now - flow->last_used < emu->options.idle_limit) {
      continue;
    }
    if (flow->flow->service != NULL) {
      tell_idle(flow);
    }
    conntrail__datagram_flow_end(flow);
  }
}

uint32_t conntrail__datagram_flow_count(const conntrail_emu *emu) {
  return HASH_CNT(by_destination, emu->by_destination);
}
