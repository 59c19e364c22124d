/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_DATAGRAM_FLOW_H
#define CONNTRAIL_DATAGRAM_FLOW_H

/* UDP flows, as the engine's own files share them. */

#include "engine.h"
#include "hash.h"

typedef struct conntrail__blob conntrail__blob;
typedef struct conntrail__flow conntrail__flow;

/* What a UDP flow is found by: with its client the destination or the address that it receives
 * from, with its source the port that it goes to. */
typedef struct conntrail__datagram_key {
  conntrail__address address;
  uint32_t number;
} conntrail__datagram_key;

struct conntrail__datagram_flow {
  conntrail__flow *flow;
  conntrail__socket *client;
  conntrail__blob *carried; /* the records that it began with */
  conntrail__datagram_flow *previous;
  conntrail__datagram_flow *next; /* of the same client */
  conntrail__datagram_key destination;
  conntrail__datagram_key source;
  conntrail__datagram_key sender;
  conntrail__address own; /* the client's address */
  uint64_t last_used;
  intptr_t relay;
  conntrail__close_relay close;
  uint32_t circled; /* datagrams that arrived and were sent again, since the last answer */
  bool has_arrived; /* at its proxy, since the last one that was sent */
  bool wants_own;
  bool is_dropped; /* connected and redirected: its datagrams go to its own relay socket, and
                      nowhere */
  bool is_associated;
  bool is_filed; /* its source is settled */
  UT_hash_handle by_destination;
  UT_hash_handle by_source;
  UT_hash_handle by_sender;
};

/* What a datagram socket has besides. */
struct conntrail__datagram_side {
  conntrail__datagram_flow *newest;
  conntrail__datagram_flow *association;
  conntrail__address peer; /* family 0: not connected */
  uint8_t options;         /* a bit for each that is enabled */
};

/* datagram_flow.c */
/* A flow of this client from now on, with one reference of flow taken over. NULL: no memory. */
conntrail__datagram_flow *conntrail__datagram_flow_begin(conntrail__socket *client,
                                                         conntrail__flow *flow,
                                                         conntrail__blob *carried);
void conntrail__datagram_flow_end(conntrail__datagram_flow *flow);
/* Its source is settled; another flow that had it is stale, and ends. False: no memory, and it is
 * not settled. */
bool conntrail__datagram_flow_file(conntrail__datagram_flow *flow, const conntrail__address *source,
                                   const conntrail__address *sender);
/* Whether this client has another flow from own, or to the same target. */
bool conntrail__datagram_own_is_taken(const conntrail__datagram_flow *flow);
/* Ends the one of the same client that goes to the same target. */
void conntrail__datagram_own_clear(const conntrail__datagram_flow *flow);
void conntrail__datagram_flow_touch(conntrail__datagram_flow *flow);
conntrail__datagram_flow *conntrail__datagram_by_destination(const conntrail__socket *client,
                                                             const conntrail__address *original);
/* What comes from there to the target of its flow, if that is where this socket is bound. */
conntrail__datagram_flow *conntrail__datagram_by_source(const conntrail__socket *receiver,
                                                        const conntrail__address *source);
conntrail__datagram_flow *conntrail__datagram_by_sender(const conntrail__socket *client,
                                                        const conntrail__address *sender);
/* Ends those flows of a client that have a relay socket. */
void conntrail__datagram_drop_carried(const conntrail__socket *socket);
bool conntrail__datagram_side_create(conntrail__socket *socket);
/* The socket is closed: its flows end. */
void conntrail__datagram_side_destroy(conntrail__socket *socket);

/* received.c: the bit of conntrail__datagram_side.options. */
uint8_t conntrail__option_bit(int level, int option);
/* received.c: the flow that comes from the peer of a connected datagram socket; NULL: none (M11).
 */
conntrail__flow *conntrail__datagram_arrived(const conntrail__socket *socket);

#endif
