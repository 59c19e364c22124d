/* SPDX-License-Identifier: MIT */
#ifndef DEMO_SERVER_H
#define DEMO_SERVER_H

#include "conntrail/platform.h"

#include "files.h"

struct event_base;
struct evhttp;

/** An HTTP server on the loopback addresses of both families. */
typedef struct server {
  struct evhttp *http;
  struct sockaddr_storage ipv4;
  struct sockaddr_storage ipv6;
} server;

/** False when it cannot listen; nothing is left to free then. */
bool server_start(server *started, struct event_base *base, files *served);
void server_stop(server *started);

#endif
