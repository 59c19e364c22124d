/* SPDX-License-Identifier: MIT */
#ifndef REFERENCE_PROXY_PROXY_H
#define REFERENCE_PROXY_PROXY_H

#include "config.h"
#include "counters.h"
#include "log.h"

/** A transparent proxy for TCP and UDP, in threads of its own. */
typedef struct proxy proxy;

/**
 * Starts it. config and log outlive it; log is used from several threads.
 *
 * @return for proxy_stop(); NULL, with a line in the log, if it cannot
 */
proxy *proxy_start(const proxy_config *config, const proxy_log *log);

/** The address at which config->listen[index] listens, with the port that the system chose. */
const struct sockaddr_storage *proxy_address(const proxy *of, size_t index);

/** Accepts no more connections and flows; open connections continue. Call it once. */
void proxy_drain(proxy *of);

/** The sum of all workers. */
void proxy_count(const proxy *of, counters *sum);

/** Resets open connections, and frees everything. `last`: out, the counters; or NULL */
void proxy_stop(proxy *of, counters *last);

#endif
