/* SPDX-License-Identifier: MIT */
#ifndef DEMO_ROUTE_TAKEN_H
#define DEMO_ROUTE_TAKEN_H

#include "world.h"

enum { MOST_HOPS = 16 };

/** What a redirect service saw of a connection, and what it did. */
typedef struct decision {
  bool decided;
  conntrail_emu_event_kind kind;
  conntrail_emu_state state;
  struct sockaddr_storage target;
} decision;

/** One that connects: the client, or a proxy with the connection that it accepted. */
typedef struct hop {
  const vendor *owner; /* NULL: the client */
  uint32_t accepted;
  uint32_t outbound;
  uint32_t context_size;
  uint32_t records_size; /* 0: none were set */
  uint32_t redirects;    /* in those records */
  struct sockaddr_storage destination;
  decision decisions[VENDORS];
  bool delivered;
  struct sockaddr_storage server;
} hop;

/** The route of one connection, from the trail. */
typedef struct route_taken {
  hop hops[MOST_HOPS];
  size_t count;
  bool looped;
  hop *forgetful; /* if it looped: whose records were not set */
  const vendor *looped_at;
} route_taken;

/** Reads the events above `after`: those of one request. False: they are not of one. */
bool route_taken_read(route_taken *read, const world *of, uint64_t after);

#endif
