/* SPDX-License-Identifier: MIT */
#ifndef LISTEN_OPTIONS_H
#define LISTEN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "conntrail/platform.h"

/** How a proxy listens. The first two are for redirect rules on a real Linux. */
typedef struct listen_options {
  unsigned flags; /* for conntrail_prepare_listener(): CONNTRAIL_LISTEN_TRANSPARENT for TPROXY */
  uint32_t mark;  /* SO_MARK of the proxy's own sockets, which the rules exempt; 0: none */
  bool is_ipv6_alone; /* no IPv4 at an IPv6 address, as on Windows unless a socket asks for both */
} listen_options;

/**
 * Prepares a socket that will listen, before it is bound.
 *
 * @return NULL, or the reason of the failure, in one line
 */
const char *listen_options_apply(const listen_options *options, conntrail_socket listener);

#endif
