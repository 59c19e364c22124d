/* SPDX-License-Identifier: MIT */
#ifndef MINIMAL_PROXY_H
#define MINIMAL_PROXY_H

#include "conntrail/platform.h"
#include "listen_options.h"

struct event_base;

/** A transparent TCP proxy: it takes redirected connections on to where the client wanted to go. */
typedef struct minimal_proxy minimal_proxy;

/** Told each thing that went wrong, in one line without its end. */
typedef void minimal_proxy_log(const char *line, void *argument);

/**
 * Starts a proxy. The event loop, in one thread, does its work.
 *
 * @param address   in: where it listens, IPv4 or IPv6; port 0 lets the system choose
 * @param options   for a real Linux; NULL: none
 * @param log       not NULL
 * @param argument  handed to log
 * @return the proxy, for minimal_proxy_free(); NULL, with a line in the log, when it cannot listen
 */
minimal_proxy *minimal_proxy_new(struct event_base *base, const struct sockaddr *address,
                                 const listen_options *options, minimal_proxy_log *log,
                                 void *argument);

/** Closes the proxy's connections and its listener, before the event base is freed. */
void minimal_proxy_free(minimal_proxy *proxy);

/** Where the proxy listens, the chosen port included. Valid as long as the proxy. */
const struct sockaddr *minimal_proxy_address(const minimal_proxy *proxy);

#endif
