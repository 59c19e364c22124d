/* SPDX-License-Identifier: MIT */
#ifndef LOOPBACK_H
#define LOOPBACK_H

#include "conntrail/platform.h"

/*
 * The two ends of a proxy's test, in the event loop of the test: a server that says a sentence and
 * hangs up, and a client that listens to the end.
 */

struct event_base;
typedef struct loopback_server loopback_server;

/** 127.0.0.1 with a port that the system will choose. */
const struct sockaddr *loopback_any_port(void);

/** NULL when it cannot listen. */
loopback_server *loopback_server_new(struct event_base *base, const char *sentence);
const struct sockaddr *loopback_server_address(const loopback_server *server);
void loopback_server_free(loopback_server *server);

/**
 * Connects, and runs the event loop until the connection has ended.
 *
 * @return what came, until the next call; "" where nothing did
 */
const char *loopback_fetch(struct event_base *base, const char *address, int port);

#endif
