/* SPDX-License-Identifier: MIT */
#ifndef RELAY_H
#define RELAY_H

#include <stdbool.h>

#include "own_flows.h"

struct bufferevent;
struct relay;

/** Pairs of connections that pass bytes to each other, and the callback for when one breaks. */
typedef struct relays {
  void (*failed)(void *argument, const char *what, const char *why);
  void *argument;
  own_flows *outgoing; /* of the servers' ends; NULL: not kept */
  struct relay *first;
} relays;

/**
 * Begins to pass bytes both ways until both ends said that they will send no more. The end of one
 * direction is relayed by itself. An end that reads slowly slows the other end down.
 *
 * @param client  a connected bufferevent
 * @param server  a bufferevent that is connecting: bufferevent_socket_connect() was called
 * @param destination  what it connects to
 * @return whether there was memory; if so, both bufferevents are the relay's
 */
bool relay_begin(relays *all, struct bufferevent *client, struct bufferevent *server,
                 const struct sockaddr_storage *destination);

/** Closes all of them. */
void relay_end_all(relays *all);

#endif
