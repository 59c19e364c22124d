/* SPDX-License-Identifier: MIT */
#ifndef LISTEN_OPTIONS_H
#define LISTEN_OPTIONS_H

#include <stdint.h>

#include "conntrail/platform.h"

/** What a proxy needs behind the redirect rules of a real Linux. All 0 elsewhere. */
typedef struct listen_options {
  unsigned flags; /* for conntrail_prepare_listener(): CONNTRAIL_LISTEN_TRANSPARENT for TPROXY */
  uint32_t mark;  /* SO_MARK of the proxy's own sockets, which the rules exempt; 0: none */
} listen_options;

/**
 * Prepares a socket that will listen, before it is bound.
 *
 * @return NULL, or why it cannot be done, in one line
 */
const char *listen_options_apply(const listen_options *options, conntrail_socket listener);

#endif
