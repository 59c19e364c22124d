/* SPDX-License-Identifier: MIT */
#ifndef DEMO_WORLD_H
#define DEMO_WORLD_H

#include "conntrail/emu.h"

#include "../minimal_proxy.h"
#include "files.h"
#include "server.h"

struct event_base;

#define DEMO_IPV4 "93.184.216.34"
#define DEMO_IPV6 "2606:2800:220:1::1"

enum { VENDORS = 2, LOG_BYTES = 1024 };

/** A redirect service and its proxy, which listens on the loopback addresses of both families. */
typedef struct vendor {
  const char *name;
  conntrail_emu_service *service;
  minimal_proxy *ipv4;
  minimal_proxy *ipv6;
  char log[LOG_BYTES]; /* what the proxy said, a line each */
} vendor;

/** An emulated kernel with two redirect services, and an HTTP server behind them. */
typedef struct world {
  struct event_base *base;
  conntrail_emu *emu;
  server server;
  vendor vendors[VENDORS];
} world;

typedef minimal_proxy *proxy_maker(struct event_base *base, const struct sockaddr *address,
                                   const listen_options *options, minimal_proxy_log *log,
                                   void *argument);

/**
 * @param second  how the second vendor's proxy is made; the first's is a minimal_proxy
 * @return NULL, or why it could not be built. world_close() is needed in both cases
 */
const char *world_open(world *built, files *served, proxy_maker *second);
void world_close(world *built);

#endif
