/* SPDX-License-Identifier: MIT */
#ifndef LOOPBACK_H
#define LOOPBACK_H

#include "conntrail/platform.h"

/*
 * The server and the client of a proxy's test, in the event loop of the test. The server sends a
 * sentence and closes; the client reads until the end.
 */

struct event_base;
typedef struct loopback_server loopback_server;

/** 127.0.0.1 with port 0: the system chooses. */
const struct sockaddr *loopback_any_port(void);

/** NULL if it cannot listen. */
loopback_server *loopback_server_new(struct event_base *base, const char *sentence);
const struct sockaddr *loopback_server_address(const loopback_server *server);
void loopback_server_free(loopback_server *server);

/**
 * Connects, and runs the event loop until the connection has ended.
 *
 * @return the bytes that arrived, valid until the next call; "" if none did
 */
const char *loopback_fetch(struct event_base *base, const char *address, int port);

#endif
