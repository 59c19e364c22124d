/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "hub_internal.h"

/*
 * Sockets that cross exec. The process says which before it becomes another program, or starts one;
 * the service keeps them until that program, which begins as a process of its own, claims them by
 * what the system calls them. What nobody claims is released: the program is static, or has closed
 * it, or the exec failed and nobody could say so.
 */

enum { MOST_BEQUESTS = 16384, TICK_SECONDS = 1 };
enum { OTHER_VERSION = 10092 }; /* WSAVERNOTSUPPORTED */

/* Nanoseconds. */
static const uint64_t patience = CONNTRAIL__SERVICE_PATIENCE * UINT64_C(1000000000);

struct conntrail__bequest {
  conntrail__bequest *next;
  conntrail__socket *socket;
  uint64_t inode;
  uint64_t until;
  uint32_t connection; /* the number of the one that it came by */
};

/* Its socket's reference is the caller's. */
static conntrail__socket *take(conntrail__hub *hub, conntrail__bequest **place) {
  conntrail__bequest *taken = *place;
  conntrail__socket *socket = taken->socket;
  *place = taken->next;
  hub->bequest_count--;
  free(taken);
  return socket;
}

static void on_tick(evutil_socket_t none, short what, void *arg) {
  conntrail__hub *hub = arg;
  const uint64_t now = conntrail__ring_now();
  conntrail__bequest **place = &hub->bequests;
  (void)none;
  (void)what;
  while (*place != NULL) {
    if ((*place)->until <= now) {
      conntrail__socket_release(take(hub, place));
    } else {
      place = &(*place)->next;
    }
  }
  if (hub->bequests == NULL) {
    (void)event_del(hub->bequest_tick);
  }
  hub->changed(hub->arg);
}

static bool wind_up(conntrail__hub *hub) {
  static const struct timeval often = {.tv_sec = TICK_SECONDS};
  if (hub->bequest_tick == NULL) {
    hub->bequest_tick = event_new(hub->base, -1, EV_PERSIST, on_tick, hub);
  }
  return hub->bequest_tick != NULL && (event_pending(hub->bequest_tick, EV_TIMEOUT, NULL) != 0 ||
                                       event_add(hub->bequest_tick, &often) == 0);
}

static bool keep(conntrail__hub *hub, uint32_t connection, uint64_t inode,
                 conntrail__socket *socket) {
  conntrail__bequest *bequest =
      hub->bequest_count < MOST_BEQUESTS && wind_up(hub) ? malloc(sizeof *bequest) : NULL;
  if (bequest == NULL) {
    return false;
  }
  *bequest = (conntrail__bequest){.next = hub->bequests,
                                  .socket = socket,
                                  .inode = inode,
                                  .until = conntrail__ring_now() + patience,
                                  .connection = connection};
  hub->bequests = bequest;
  hub->bequest_count++;
  conntrail__socket_retain(socket);
  return true;
}

/* A socket that another thread closed meanwhile is none any more, and nothing is missing. */
static bool bequeath_one(conntrail__hub *hub, const conntrail__peer *testator, uint32_t connection,
                         const conntrail__heirloom *one) {
  const conntrail__held *held = NULL;
  HASH_FIND(hh, testator->sockets, &one->number, sizeof one->number, held);
  return held == NULL || keep(hub, connection, one->inode, held->socket);
}

bool conntrail__hub_bequeath(conntrail__peer *peer, const conntrail__peer *testator,
                             const conntrail__request *request, const unsigned char *payload,
                             conntrail__reply *reply) {
  conntrail__heirloom one;
  const uint32_t count = request->payload / (uint32_t)sizeof one;
  bool is_whole = true;
  if (request->argument[0] != CONNTRAIL__PROTOCOL_VERSION) {
    reply->native = OTHER_VERSION;
    return true;
  }
  if (testator == NULL || request->payload % sizeof one != 0 || count == 0 ||
      count > CONNTRAIL__BEQUEST_LIMIT) {
    return false;
  }
  if (peer->number == 0) {
    peer->number = ++peer->hub->last_number;
  }
  for (uint32_t i = 0; i < count; i++) {
    memcpy(&one, payload + i * sizeof one, sizeof one);
    is_whole &= bequeath_one(peer->hub, testator, peer->number, &one);
  }
  reply->flags = is_whole ? CONNTRAIL__REPLY_YES : 0;
  return true;
}

static bool is_among(uint64_t inode, const unsigned char *payload, uint32_t size) {
  uint64_t one;
  for (uint32_t at = 0; at < size; at += (uint32_t)sizeof one) {
    memcpy(&one, payload + at, sizeof one);
    if (one == inode) {
      return true;
    }
  }
  return false;
}

bool conntrail__hub_narrow(const conntrail__peer *peer, const conntrail__request *request,
                           const unsigned char *payload, conntrail__reply *reply) {
  conntrail__bequest **place = &peer->hub->bequests;
  if (peer->number == 0 || request->payload % sizeof(uint64_t) != 0 ||
      request->payload > CONNTRAIL__BEQUEST_LIMIT * sizeof(uint64_t)) {
    return false;
  }
  while (*place != NULL) {
    if ((*place)->connection == peer->number &&
        !is_among((*place)->inode, payload, request->payload)) {
      conntrail__socket_release(take(peer->hub, place));
    } else {
      place = &(*place)->next;
    }
  }
  reply->flags = CONNTRAIL__REPLY_YES;
  return true;
}

conntrail__socket *conntrail__hub_inherit(conntrail__hub *hub, uint64_t inode) {
  conntrail__bequest **place = &hub->bequests;
  while (*place != NULL && (*place)->inode != inode) {
    place = &(*place)->next;
  }
  return *place == NULL ? NULL : take(hub, place);
}

void conntrail__hub_forget_bequests(conntrail__hub *hub) {
  while (hub->bequests != NULL) {
    conntrail__socket_release(take(hub, &hub->bequests));
  }
  if (hub->bequest_tick != NULL) {
    event_free(hub->bequest_tick);
  }
}
