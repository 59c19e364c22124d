/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "arrival.h"
#include "emulation.h"
#include "fault.h"
#include "flow.h"
#include "hash.h"
#include "records.h"
#include "service.h"
#include "socket.h"
#include "trail.h"
#include "waiting.h"

static conntrail__arrival **bucket(conntrail_emu *emu, const conntrail__arrival_key *key) {
  return &emu->arrivals[conntrail__hash(key, sizeof *key) % CONNTRAIL__BUCKETS];
}

void conntrail__arrival_forget(conntrail_emu *emu, conntrail__arrival *arrival) {
  conntrail__flow *flow = arrival->flow;
  if (flow == NULL) {
    return;
  }
  if (arrival->next != NULL) {
    arrival->next->previous = arrival->previous;
  }
  if (arrival->previous != NULL) {
    arrival->previous->next = arrival->next;
  } else {
    *bucket(emu, &arrival->key) = arrival->next;
  }
  arrival->flow = NULL;
  conntrail__flow_release(emu, flow);
}

void conntrail__arrival_clear(conntrail_emu *emu) {
  for (unsigned i = 0; i < CONNTRAIL__BUCKETS; i++) {
    while (emu->arrivals[i] != NULL) {
      conntrail__arrival_forget(emu, emu->arrivals[i]);
    }
  }
}

static conntrail__arrival *find(conntrail_emu *emu, const conntrail__arrival_key *key) {
  conntrail__arrival *arrival = *bucket(emu, key);
  while (arrival != NULL && memcmp(&arrival->key, key, sizeof *key) != 0) {
    arrival = arrival->next;
  }
  return arrival;
}

static conntrail__arrival_key make_key(const conntrail__address *client, uint16_t proxy_port) {
  conntrail__arrival_key key = {*client, proxy_port};
  return key;
}

void conntrail__arrival_expect(conntrail_emu *emu, conntrail__flow *flow,
                               const conntrail__address *client) {
  conntrail__arrival_key key = make_key(client, flow->target.port);
  conntrail__arrival *stale = find(emu, &key);
  if (stale != NULL) {
    conntrail__arrival_forget(emu, stale);
  }
  conntrail__arrival **first = bucket(emu, &key);
  *flow->arrival = (conntrail__arrival){.key = key, .flow = flow, .next = *first};
  if (*first != NULL) {
    (*first)->previous = flow->arrival;
  }
  *first = flow->arrival;
  flow->references++;
}

static conntrail__flow *claim_arrival(const conntrail__socket *listener,
                                      const conntrail__address *peer) {
  conntrail__arrival_key key = make_key(peer, listener->local.port);
  conntrail__arrival *arrival = find(listener->emu, &key);
  if (arrival == NULL || !conntrail__listens_at(listener, &arrival->flow->target)) {
    return NULL;
  }
  conntrail__flow *flow = arrival->flow;
  flow->references++;
  conntrail__arrival_forget(listener->emu, arrival);
  return flow;
}

/* accept was quicker than the return of connect, in another thread. */
static conntrail__flow *claim_undecided(const conntrail__socket *listener,
                                        const conntrail__address *peer, conntrail__locate locate) {
  for (conntrail__socket *s = listener->emu->undecided; s != NULL; s = s->next) {
    conntrail__address local;
    if (s->flow != NULL && s->flow->service != NULL && !s->flow->is_claimed &&
        conntrail__listens_at(listener, &s->flow->target) && locate(s->handle, &local) &&
        conntrail__address_equal(&local, peer)) {
      s->flow->references++;
      return s->flow;
    }
  }
  return NULL;
}

bool conntrail__arrival_is_due(const conntrail__socket *listener, const conntrail__address *peer) {
  conntrail__arrival_key key = make_key(peer, listener->local.port);
  if (find(listener->emu, &key) != NULL) {
    return false;
  }
  for (const conntrail__socket *s = listener->emu->undecided; s != NULL; s = s->next) {
    if (s->flow != NULL && s->flow->service != NULL && !s->flow->is_claimed &&
        conntrail__listens_at(listener, &s->flow->target)) {
      return true;
    }
  }
  return false;
}

static void note_arrival(const conntrail__socket *accepted, const conntrail__flow *flow,
                         conntrail_emu_event_kind kind) {
  conntrail__event *event = conntrail__trail_add(accepted->emu, kind, accepted);
  event->service = (uint8_t)(flow->service->index + 1);
  event->from = flow->client == NULL ? 0 : flow->client->number;
  event->hops = conntrail__records_hops(flow->records);
  event->destination = flow->original;
  event->target = flow->target;
}

/* R9: the accepted connection has lost its record. */
static bool loses_record(conntrail__socket *accepted, conntrail__flow *flow) {
  uint32_t ignored;
  accepted->flow = flow;
  bool is_lost =
      conntrail__fault_strikes(accepted->emu, CONNTRAIL_EMU_ACCEPT, accepted, &ignored, &ignored);
  accepted->flow = NULL;
  return is_lost;
}

/* Takes over the reference to flow. */
static void attach(conntrail__socket *accepted, conntrail__flow *flow,
                   const conntrail__identity *who) {
  conntrail_emu *emu = accepted->emu;
  (void)conntrail__socket_number(accepted);
  flow->is_claimed = true;
  if (loses_record(accepted, flow)) {
    note_arrival(accepted, flow, CONNTRAIL_EMU_RECORD_LOST);
    conntrail__flow_release(emu, flow);
    return;
  }
  if (flow->records != NULL) {
    conntrail__waiting_add(emu, flow);
  }
  accepted->flow = flow;
  flow->accepted_number = accepted->number;
  flow->accepted_process = accepted->process;
  flow->accepted_family = accepted->family;
  flow->asker = who->actor;
  note_arrival(accepted, flow, CONNTRAIL_EMU_ACCEPTED);
}

/* A listener of this address that the engine does not know, for as long as a call takes. */
static conntrail__socket stand_in(conntrail_emu *emu, const conntrail__address *local) {
  return (conntrail__socket){.emu = emu, .local = *local};
}

bool conntrail__arrival_is_expected(conntrail_emu *emu, const conntrail__address *local,
                                    const conntrail__address *peer) {
  const conntrail__arrival_key key = make_key(peer, local->port);
  const conntrail__arrival *arrival = find(emu, &key);
  const conntrail__socket listener = stand_in(emu, local);
  return arrival != NULL && conntrail__listens_at(&listener, &arrival->flow->target);
}

static bool locate_nothing(intptr_t handle, conntrail__address *local) {
  (void)handle;
  (void)local;
  return false;
}

conntrail__socket *conntrail__socket_arrived(conntrail_emu *emu, const conntrail__address *local,
                                             const conntrail__address *peer,
                                             const conntrail__identity *who) {
  conntrail__socket listener = stand_in(emu, local);
  return conntrail__socket_accepted(&listener, peer, who, 0, locate_nothing, NULL);
}

conntrail__socket *conntrail__socket_accepted(conntrail__socket *listener,
                                              const conntrail__address *peer,
                                              const conntrail__identity *who, intptr_t handle,
                                              conntrail__locate locate, conntrail__socket *room) {
  conntrail__socket *accepted = room != NULL ? room : conntrail__socket_room(listener->emu, who);
  if (accepted == NULL) {
    return NULL;
  }
  conntrail__socket_fill(accepted, listener->emu, who, handle);
  accepted->state = CONNTRAIL__CONNECTED;
  accepted->is_accepted = true;
  conntrail__flow *flow = claim_arrival(listener, peer);
  if (flow == NULL) {
    flow = claim_undecided(listener, peer, locate);
  }
  if (flow != NULL) {
    attach(accepted, flow, who);
  }
  return accepted;
}

bool conntrail__socket_wanted(const conntrail__socket *accepted, conntrail__address *original) {
  bool is_known = accepted->is_accepted && accepted->flow != NULL;
  if (is_known) {
    *original = accepted->flow->original;
  }
  return is_known;
}

void conntrail__socket_seen(conntrail__socket *accepted, const conntrail__identity *who) {
  if (accepted->is_accepted && accepted->flow != NULL && accepted->flow->asker == 0) {
    accepted->flow->asker = who->actor;
  }
}

void conntrail__socket_taken(conntrail__socket *accepted, const conntrail__identity *who) {
  conntrail__socket_adopted(accepted, who);
  if (accepted->flow != NULL) {
    accepted->flow->asker = who->actor;
  }
}
