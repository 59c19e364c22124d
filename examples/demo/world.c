/* SPDX-License-Identifier: MIT */
#include "world.h"

#include <stdio.h>
#include <string.h>

#include <event2/event.h>

static void keep_line(const char *line, void *argument) {
  vendor *speaker = argument;
  const size_t used = strlen(speaker->log);
  (void)snprintf(speaker->log + used, sizeof speaker->log - used, "%s\n", line);
}

/* A family's proxy of a vendor, and the filter that leads to it. */
static minimal_proxy *install(world *here, vendor *owner, proxy_maker *make, const char *rule,
                              const struct sockaddr *loopback) {
  minimal_proxy *proxy = make(here->base, loopback, NULL, keep_line, owner);
  if (proxy &&
      conntrail_emu_redirect(owner->service, rule, minimal_proxy_address(proxy)) == CONNTRAIL_OK) {
    return proxy;
  }
  if (proxy) {
    minimal_proxy_free(proxy);
  }
  return NULL;
}

static bool add_vendor(world *here, vendor *added, const char *name, int weight,
                       proxy_maker *make) {
  struct sockaddr_in ipv4 = {.sin_family = AF_INET};
  struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  ipv4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  char ipv4_rule[64];
  char ipv6_rule[64];
  (void)snprintf(ipv4_rule, sizeof ipv4_rule, "tcp 93.184.216.0/24 port 80 weight %d", weight);
  (void)snprintf(ipv6_rule, sizeof ipv6_rule, "tcp 2606:2800:220::/48 port 80 weight %d", weight);

  added->name = name;
  added->service = conntrail_emu_add_service(here->emu, name, NULL);
  if (!added->service) {
    return false;
  }
  added->ipv4 = install(here, added, make, ipv4_rule, (const struct sockaddr *)&ipv4);
  added->ipv6 = install(here, added, make, ipv6_rule, (const struct sockaddr *)&ipv6);
  return added->ipv4 && added->ipv6;
}

static bool add_routes(world *here) {
  return conntrail_emu_route(here->emu, DEMO_IPV4 ":80",
                             (const struct sockaddr *)&here->server.ipv4) == CONNTRAIL_OK &&
         conntrail_emu_route(here->emu, "[" DEMO_IPV6 "]:80",
                             (const struct sockaddr *)&here->server.ipv6) == CONNTRAIL_OK;
}

/* What the emulation refused, or else what libevent could not do. */
static const char *reason(const char *otherwise) {
  const char *refusal = conntrail_emu_refusal();
  return *refusal ? refusal : otherwise;
}

const char *world_open(world *built, files *served, proxy_maker *second) {
  memset(built, 0, sizeof *built);
  built->emu = conntrail_emu_create(NULL);
  if (!built->emu) {
    return reason("no memory");
  }
  built->base = event_base_new();
  if (!built->base) {
    return "no event loop";
  }
  if (!server_start(&built->server, built->base, served)) {
    return "the server cannot listen on 127.0.0.1 and ::1: both loopback addresses are needed";
  }
  if (!add_vendor(built, &built->vendors[0], "acme", 20, minimal_proxy_new) ||
      !add_vendor(built, &built->vendors[1], "globex", 10, second) || !add_routes(built)) {
    return reason("a proxy cannot listen on 127.0.0.1 and ::1");
  }
  return NULL;
}

void world_close(world *built) {
  for (size_t i = 0; i < VENDORS; i++) {
    if (built->vendors[i].ipv4) {
      minimal_proxy_free(built->vendors[i].ipv4);
    }
    if (built->vendors[i].ipv6) {
      minimal_proxy_free(built->vendors[i].ipv6);
    }
  }
  if (built->server.http) {
    server_stop(&built->server);
  }
  if (built->base) {
    event_base_free(built->base);
  }
  conntrail_emu_destroy(built->emu);
}
