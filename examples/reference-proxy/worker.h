/* SPDX-License-Identifier: MIT */
#ifndef REFERENCE_PROXY_WORKER_H
#define REFERENCE_PROXY_WORKER_H

#include <stdatomic.h>

#include "config.h"
#include "counters.h"
#include "log.h"
#include "own_flows.h"

/** A thread with an event loop and the connections that it accepted: no two share anything. */
typedef struct worker worker;

/**
 * A place where TCP connections come in: one socket, from which every worker accepts. The last one
 * that does not need it any more closes it, so that nobody waits for a proxy that ends.
 */
typedef struct listening {
  const listen_config *config;
  atomic_uint users;
  conntrail_socket socket;
  struct sockaddr_storage address; /* with the port that the system chose */
} listening;

/** One user less. */
void listening_release(listening *at);

/**
 * Makes a worker, that does not run yet. config, log, outgoing and the listening sockets outlive
 * it.
 *
 * @param outgoing  the ports of all workers' connections
 * @param share     of so many workers: its part of the limits
 */
worker *worker_new(const proxy_config *config, const proxy_log *log, own_flows *outgoing,
                   unsigned share);

/** Before it runs. False, with a line in the log, where it cannot. */
bool worker_accept_from(worker *of, listening *at);
/** Before it runs: this worker alone relays the flows that come in here. */
bool worker_relay_udp(worker *of, const listen_config *at, struct sockaddr_storage *address);

bool worker_start(worker *of);

/** From any thread: no more connections and flows are taken, the ones under way go on. */
void worker_drain(worker *of);

/** From any thread but its own: resets what is under way, ends the thread, frees all. */
void worker_free(worker *of);

/** From any thread. */
const counters *worker_counters(const worker *of);

#endif
