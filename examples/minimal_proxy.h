/* SPDX-License-Identifier: MIT */
#ifndef MINIMAL_PROXY_H
#define MINIMAL_PROXY_H

#include "conntrail/platform.h"
#include "listen_options.h"

struct event_base;

/** A transparent TCP proxy: it connects redirected clients to their original destination. */
typedef struct minimal_proxy minimal_proxy;

/** Receives each error as one line, without its line break. */
typedef void minimal_proxy_log(const char *line, void *argument);

/**
 * Starts a proxy. It works in the event loop, in one thread.
 *
 * @param address   in: where it listens, IPv4 or IPv6; port 0 lets the system choose
 * @param options   for a real Linux; NULL: none
 * @param log       not NULL
 * @param argument  passed to log
 * @return the proxy, for minimal_proxy_free(); NULL, with a line in the log, if it cannot listen
 */
minimal_proxy *minimal_proxy_new(struct event_base *base, const struct sockaddr *address,
                                 const listen_options *options, minimal_proxy_log *log,
                                 void *argument);

/** Closes the proxy's connections and its listener, before the event base is freed. */
void minimal_proxy_free(minimal_proxy *proxy);

/** The address at which the proxy listens, with the chosen port. Valid as long as the proxy. */
const struct sockaddr *minimal_proxy_address(const minimal_proxy *proxy);

#endif
