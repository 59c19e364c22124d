/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hub_internal.h"

/* How processes begin and end. */

enum { OTHER_VERSION = 10092 }; /* WSAVERNOTSUPPORTED */

static conntrail__peer *find_parent(const conntrail__peer *peer,
                                    const conntrail__request *request) {
  for (conntrail__peer *p = peer->hub->peers; p != NULL; p = p->next) {
    if (p->is_known && p->number == request->socket && p->cookie == request->actor) {
      return p;
    }
  }
  return NULL;
}

/* The process that a connection's first frame says to come from; NULL: none, or none is known. */
static conntrail__peer *parent_in(const conntrail__peer *peer, const unsigned char *frame,
                                  size_t size) {
  conntrail__request request;
  if (peer->is_known || size < sizeof request) {
    return NULL;
  }
  memcpy(&request, frame, sizeof request);
  return request.operation == CONNTRAIL__OP_HELLO_FORK ||
                 request.operation == CONNTRAIL__OP_BEQUEATH
             ? find_parent(peer, &request)
             : NULL;
}

void conntrail__hub_asks(conntrail__peer *peer, const unsigned char *frame, size_t size) {
  conntrail__peer *parent = parent_in(peer, frame, size);
  peer->is_asking = true;
  if (parent != NULL) {
    parent->is_asking = true;
  }
}

bool conntrail__hub_is_told(const conntrail__peer *peer, const unsigned char *frame, size_t size) {
  const conntrail__peer *parent = parent_in(peer, frame, size);
  return conntrail__ring_is_empty(peer) && (parent == NULL || conntrail__ring_is_empty(parent));
}

bool conntrail__hub_hold(conntrail__peer *peer, uint32_t number, conntrail__socket *socket) {
  conntrail__held *held = calloc(1, sizeof *held);
  if (held == NULL) {
    return false;
  }
  held->number = number;
  held->socket = socket;
  HASH_ADD(hh, peer->sockets, number, sizeof held->number, held);
  return true;
}

static bool inherit(conntrail__peer *child, const conntrail__peer *parent) {
  const conntrail__held *held;
  for (held = parent->sockets; held != NULL; held = held->hh.next) {
    if (!conntrail__hub_hold(child, held->number, held->socket)) {
      return false;
    }
    conntrail__socket_retain(held->socket);
  }
  memcpy(child->program, parent->program, sizeof child->program);
  memcpy(child->command, parent->command, sizeof child->command);
  return true;
}

static bool take_in(conntrail__peer *peer, const conntrail__request *request,
                    const unsigned char *payload, conntrail__reply *reply) {
  conntrail__hub *hub = peer->hub;
  if (request->operation == CONNTRAIL__OP_HELLO_FORK) {
    const conntrail__peer *parent = find_parent(peer, request);
    if (parent == NULL || !inherit(peer, parent)) {
      return false;
    }
  } else if (request->operation != CONNTRAIL__OP_HELLO ||
             request->payload >= CONNTRAIL__PROGRAM_TEXT) {
    return false;
  } else {
    memcpy(peer->program, payload, request->payload);
    memcpy(peer->command, request->user, sizeof peer->command);
    if (!conntrail__hub_remember(peer, request->process)) {
      return false;
    }
  }
  if (request->argument[0] != CONNTRAIL__PROTOCOL_VERSION) {
    reply->native = OTHER_VERSION;
    return true;
  }
  if (!conntrail__ring_open(peer)) {
    return false;
  }
  peer->is_known = true;
  peer->number = ++hub->last_number;
  peer->cookie = (hub->secret ^ peer->number) * UINT64_C(0x9E3779B97F4A7C15);
  hub->counts.processes++;
  reply->number = peer->number;
  reply->cookie = peer->cookie;
  reply->flags = conntrail__fault_is_any(hub->emu) ? CONNTRAIL__REPLY_MAY_FAULT : 0;
  return true;
}

bool conntrail__hub_greet(conntrail__peer *peer, const conntrail__request *request,
                          const unsigned char *payload, conntrail__reply *reply) {
  switch (request->operation) {
  case CONNTRAIL__OP_BEQUEATH:
    return conntrail__hub_bequeath(peer, find_parent(peer, request), request, payload, reply);
  case CONNTRAIL__OP_NARROW:
    return conntrail__hub_narrow(peer, request, payload, reply);
  default:
    return take_in(peer, request, payload, reply);
  }
}

void conntrail__hub_bury(conntrail__peer *peer) {
  conntrail__held *held;
  conntrail__held *next;
  conntrail__ring_close(peer);
  free(peer->question);
  if (peer->question_enclosed >= 0) {
    close(peer->question_enclosed);
  }
  if (peer->passage.unsettled != NULL) {
    conntrail__datagram_abandon(&peer->passage);
  }
  while (peer->carriers != NULL) {
    conntrail__carrier *carrier = peer->carriers;
    peer->carriers = carrier->next;
    carrier->peer = NULL;
    carrier->next = NULL;
  }
  HASH_ITER(hh, peer->sockets, held, next) {
    HASH_DEL(peer->sockets, held);
    conntrail__socket_release(held->socket);
    free(held);
  }
}
