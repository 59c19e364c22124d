/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_WALK_DATAGRAMS_H
#define CONNTRAIL_TESTS_WALK_DATAGRAMS_H

/* What the walks with UDP have in common, with a model or without. */

#include "datagrams.h"
#include "walk.h"

/* A place: bound, with messages enabled. */
conntrail_socket walk_bind(struct sockaddr_storage *address);
/* Bound: Windows receives nothing at sockets that are not. */
conntrail_socket walk_client(void);
size_t walk_flows(void);
net_way walk_way(walk *w);
/* For conntrail_emu_advance(): around the time after which a flow is idle. */
uint32_t walk_milliseconds(walk *w);

/* A slot's socket, and where it sends or connects. */
typedef struct walk_target {
  unsigned destination;
  net_way way;
  unsigned slot;
} walk_target;

net_result walk_send(const walk *w, const walk_target *target);
net_result walk_connect(const walk *w, const walk_target *target);

/* By a proxy, with the records that were seen last, altered ones, or none. */
typedef struct walk_sent_on {
  conntrail_status status;
  bool has_records;
  bool is_altered;
} walk_sent_on;

walk_sent_on walk_send_on(walk *w, const walk_target *target);

/* Room for everything, or less. */
void walk_choose_rooms(walk *w, test_message *l);
conntrail_status walk_receive_message(conntrail_socket place, test_message *l);
bool walk_has_datagram(conntrail_status status);
net_result walk_receive(walk *w, conntrail_socket socket, struct sockaddr_storage *from,
                        size_t *size);

#endif
