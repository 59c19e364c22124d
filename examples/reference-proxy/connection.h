/* SPDX-License-Identifier: MIT */
#ifndef REFERENCE_PROXY_CONNECTION_H
#define REFERENCE_PROXY_CONNECTION_H

#include <stdbool.h>

#include "conntrail/platform.h"
#include "counters.h"
#include "log.h"
#include "onward.h"
#include "stream.h"

struct event_base;
struct event;
struct connection;

/** The connections of one worker. All functions here belong to its thread. */
typedef struct connections {
  struct event_base *base;
  const proxy_log *log;
  counters *counters;
  stream_tools tools;
  bool is_edge_triggered; /* the base reports what changed, not what is */
  long now;               /* seconds, of a clock that is never set */
  long connect_seconds, idle_seconds;
  own_flows *outgoing; /* of all workers */

  struct connection *connecting, *relaying; /* the longest inactive one comes first */
  struct connection *once_more;             /* have more to do than one turn allows */
  struct connection *spare;                 /* ended: their memory is used again */
  struct event *again;
} connections;

/** Initialises all members except base, log, counters, outgoing, the limits in tools, and the
 * seconds. False: no memory. */
bool connections_open(connections *all);
/** Resets every connection, and frees everything. */
void connections_close(connections *all);

/**
 * Connects an accepted connection to its destination, or resets it and logs why.
 *
 * @param accepted  not blocking; closed in any case
 */
void connection_begin(connections *all, conntrail_socket accepted, const onward_from *from);

/** Ends those whose time-out has passed. Call it once a second, after setting `now`. */
void connections_expire(connections *all);

#endif
