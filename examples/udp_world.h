/* SPDX-License-Identifier: MIT */
#ifndef UDP_WORLD_H
#define UDP_WORLD_H

#include "conntrail/emu.h"
#include "udp_relay.h"

/*
 * What the tests of the UDP relay need, in one event loop: servers that echo with their number
 * before it, a service that redirects to the relay, and clients. The destinations are
 * 93.184.216.1 and so on, port 53.
 */

struct event;
struct event_base;

enum { UDP_MOST_SERVERS = 5 };

typedef struct udp_world {
  struct event_base *base;
  conntrail_emu *emu;
  conntrail_emu_service *acme; /* redirects to the relay */
  udp_relay *relay;
  udp_relay_log *log;
  unsigned count;
  conntrail_socket servers[UDP_MOST_SERVERS];
  struct event *events[UDP_MOST_SERVERS];
} udp_world;

/* At most so many servers. Fails the test where it cannot, and where the relay has to say a word.
 */
udp_world udp_world_open(unsigned servers);
/* The relay's words go to log instead, with NULL. */
udp_world udp_world_open_logged(unsigned servers, udp_relay_log *log);
void udp_world_close(udp_world *w);
/* Ends every flow of the relay and of the emulation. */
void udp_world_forget(udp_world *w);

struct sockaddr_in udp_destination(unsigned server);
/* Of a process of its own, and not blocking. */
conntrail_socket udp_client(void);

void udp_ask(const udp_world *w, conntrail_socket client, unsigned server, const void *bytes,
             size_t size);
/* Runs the loop until a reply is there: to that text, from that server, or from the one that it
 * names itself. */
void udp_expect_reply(const udp_world *w, conntrail_socket client, unsigned server,
                      const void *bytes, size_t size);
void udp_expect_any_reply(const udp_world *w, conntrail_socket client, const void *bytes,
                          size_t size);

#endif
