/* SPDX-License-Identifier: MIT */
#ifndef UDP_RELAY_H
#define UDP_RELAY_H

#include <stddef.h>

#include "conntrail/platform.h"
#include "listen_options.h"

struct event_base;

/** A transparent UDP proxy: it takes redirected flows on to where their clients wanted to go. */
typedef struct udp_relay udp_relay;

/** Called with each thing that went wrong, in one line without its end. */
typedef void udp_relay_log(const char *line, void *argument);

/**
 * Starts a relay. The event loop, in one thread, does its work. A flow that is idle for a minute
 * ends; of more flows than UDP_RELAY_MOST_FLOWS the oldest do.
 *
 * @param address   in: where it receives, IPv4 or IPv6; port 0 lets the system choose
 * @param options   for a real Linux; NULL: none
 * @param log       not NULL
 * @param argument  handed to log
 * @return the relay, for udp_relay_free(); NULL, with a line in the log, when it cannot receive
 */
udp_relay *udp_relay_new(struct event_base *base, const struct sockaddr *address,
                         const listen_options *options, udp_relay_log *log, void *argument);

/** Other limits than a minute and UDP_RELAY_MOST_FLOWS. For flows that begin later; both above 0.
 */
void udp_relay_limit(udp_relay *relay, size_t most_flows, unsigned idle_seconds);

/**
 * Bytes of redirect records, of all flows together, that may wait because the first datagram of
 * their flow could not be sent; 16 MiB, unless this says another number. A flow whose records find
 * no room ends.
 */
void udp_relay_limit_records(udp_relay *relay, size_t most_bytes);

/** Ends its flows and closes its socket, before the event base is freed. */
void udp_relay_free(udp_relay *relay);

/** Where the relay receives, the chosen port included. Valid as long as the relay. */
const struct sockaddr *udp_relay_address(const udp_relay *relay);

enum { UDP_RELAY_MOST_FLOWS = 8192 };
size_t udp_relay_flows(const udp_relay *relay);

/** Datagrams of clients whose destination is not known, and replies that could not be sent. */
size_t udp_relay_dropped(const udp_relay *relay);

#endif
