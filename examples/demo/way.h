/* SPDX-License-Identifier: MIT */
#ifndef DEMO_WAY_H
#define DEMO_WAY_H

#include "world.h"

enum { MOST_HOPS = 16 };

/** What a redirect service saw of a connection, and what it did. */
typedef struct decision {
  bool spoke;
  conntrail_emu_event_kind kind;
  conntrail_emu_state state;
  struct sockaddr_storage target;
} decision;

/** Someone who connects: the client, or a proxy with the connection that it accepted. */
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

/** The way of one connection, as the trail tells it. */
typedef struct way {
  hop hops[MOST_HOPS];
  size_t count;
  bool looped;
  hop *forgetful; /* where it looped: whose records were not set */
  const vendor *looped_at;
} way;

/** Reads the events above `after`: those of one request. False: they are not of one. */
bool way_read(way *read, const world *of, uint64_t after);

#endif
