/* SPDX-License-Identifier: MIT */
#ifndef REFERENCE_PROXY_CONFIG_H
#define REFERENCE_PROXY_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "conntrail/platform.h"
#include "listen_options.h"
#include "log.h"

enum { CONFIG_MOST_LISTENERS = 64, CONFIG_MOST_WORKERS = 64 };

typedef struct listen_config {
  bool is_udp;
  bool is_transparent; /* accepts what TPROXY delivers */
  struct sockaddr_storage address;
  struct sockaddr_storage
      otherwise; /* the destination of TCP that was not redirected; ss_family 0: none */
} listen_config;

/** README.md explains each member. */
typedef struct proxy_config {
  listen_config listen[CONFIG_MOST_LISTENERS];
  size_t listen_count;
  unsigned workers;
  unsigned connections, udp_flows, udp_records_mib, buffers_mib;
  unsigned connect_seconds, idle_seconds, udp_idle_seconds, drain_seconds;
  unsigned counters_seconds; /* 0: only at the end */
  unsigned mark;             /* of the proxy's own sockets; 0: none */
  bool splice;
  bool log_time;
  log_level level;
} proxy_config;

/** The options of a socket that listens there, on a real Linux. */
listen_options config_listen_options(const proxy_config *config, const listen_config *at);

/** The defaults of all members except `listen`. */
void config_defaults(proxy_config *config);

/**
 * Reads a file.
 *
 * @param why  out, if false is returned: one line with the file, the place in it, what is
 *             wrong and what to write
 */
bool config_read(const char *file, proxy_config *config, char *why, size_t why_capacity);

#endif
