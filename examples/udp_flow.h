/* SPDX-License-Identifier: MIT */
#ifndef UDP_FLOW_H
#define UDP_FLOW_H

/* The UDP relay's own: its flows, between udp_relay.c and udp_flow.c. */

#include <stdbool.h>

#include <event2/event.h>
#include <uthash.h>

#include "conntrail/conntrail.h"
#include "conntrail/datagram.h"
#include "own_flows.h"
#include "udp_relay.h"

enum { UDP_LARGEST_DATAGRAM = 65536, UDP_DATAGRAMS_A_TURN = 64 };

/* The addresses that a datagram comes from and was sent to; the second is empty where the system
 * does not know it. Each is a sockaddr_in or sockaddr_in6, and 0 behind it. */
typedef struct flow_key {
  struct sockaddr_in6 peer, local;
} flow_key;

/* A client's flow to one destination. */
typedef struct udp_flow {
  udp_relay *relay;
  flow_key key;
  conntrail_flow ends;
  conntrail_socket outbound;
  int own_flow;
  long heard_at;         /* seconds */
  struct event *awaited; /* a reply, or the end of its time */
  conntrail_message message;
  unsigned char *records; /* those that its first datagram brought and could not be sent with */
  size_t records_size;
  UT_hash_handle hh;
} udp_flow;

struct udp_relay {
  struct event_base *base;
  conntrail_socket socket;
  struct event *awaited;
  struct sockaddr_storage address;
  listen_options options;
  udp_relay_log *log;
  void *argument;
  udp_flow *flows; /* the oldest first */
  own_flows *outgoing;
  const char *last_refusal;
  size_t dropped;
  size_t most_flows;
  size_t records_kept, most_records; /* bytes, of all flows together */
  struct timeval idle;
  conntrail_message message;
  conntrail_buffer datagram;
  unsigned char bytes[UDP_LARGEST_DATAGRAM];
  unsigned char records[CONNTRAIL_LARGEST_BLOB]; /* what does not fit is lost: any that can come */
  unsigned char context[CONNTRAIL_USUAL_BLOB];
};

/* ---- Defined in udp_relay.c ------------------------------------------------------------------ */

/* Both: a line in the log, and false. */
bool udp_relay_report(const udp_relay *relay, const char *what, const char *why);
bool udp_relay_failed(const udp_relay *relay, const char *what);

/* A datagram that goes nowhere. The reason is logged when it is another one than the last time. */
bool udp_relay_drop(udp_relay *relay, const char *what, const char *why);

/* The relay's one buffer takes a datagram in, and gives it out again. */
conntrail_status udp_relay_receive(udp_relay *relay, conntrail_socket from,
                                   conntrail_message *message);

/* ---- Defined in udp_flow.c ------------------------------------------------------------------- */

/* The flow of the datagram in relay->message; NULL: none is known. */
udp_flow *udp_flow_find(const udp_relay *relay);

/* For the datagram in relay->message. NULL, with a line in the log: it cannot be. */
udp_flow *udp_flow_begin(udp_relay *relay, const conntrail_flow *ends);
void udp_flow_end(udp_flow *ended);

/* The same two addresses may belong to another destination now. */
bool udp_flow_must_ask_again(const udp_flow *known);

/* A datagram of the client's was passed on. */
void udp_flow_note_sent(udp_flow *of);

/* Until a later datagram can be sent. False, with a line in the log: there is no room for them. */
bool udp_flow_keep_records(udp_flow *of, const conntrail_message *first);
void udp_flow_forget_records(udp_flow *of);

bool udp_flow_is_same(const struct sockaddr_storage *one, const struct sockaddr_storage *other);

#endif
