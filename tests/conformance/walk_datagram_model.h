/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_WALK_DATAGRAM_MODEL_H
#define CONNTRAIL_TESTS_WALK_DATAGRAM_MODEL_H

/*
 * What a walk with UDP must be answered: from the clauses of docs/reference/behaviour.md alone. It
 * shares no code with the emulation. See walk_model.h; the places 0 and 1 are those of the proxies,
 * 2 is the server's. The behaviours of M7 and M11 are the usual ones, and no fault is injected.
 */

#include "scenario.h"

enum { UDP_NONE = -1, UDP_SOCKETS = 1024, UDP_FLOWS = 1024, UDP_PLACES = 3, UDP_QUEUE = 512 };

typedef enum udp_user { UDP_NOBODY, UDP_OWN, UDP_CLIENT } udp_user;

/* Whom a datagram comes from: a client's own address, a relay socket, or a place. */
typedef struct udp_source {
  int client; /* its socket; UDP_NONE: a place */
  int relay;  /* the flow of a relay socket; UDP_NONE: the client's own address */
  int place;
} udp_source;

typedef struct udp_datagram {
  udp_source from;
  size_t size;
} udp_datagram;

typedef struct udp_queue {
  udp_datagram items[UDP_QUEUE];
  size_t first;
  size_t count;
} udp_queue;

typedef struct udp_socket {
  unsigned references;
  udp_user user;
  bool is_connected;
  unsigned destination; /* where it is connected */
  int association;      /* the flow; UDP_NONE: none, or it ended */
  udp_source peer;      /* as the system knows it: nothing arrives from others */
  udp_queue queue;
} udp_socket;

typedef struct udp_flow {
  bool is_alive;
  int client;
  unsigned destination;
  int service;     /* UDP_NONE: it goes to its route */
  unsigned passed; /* a bit for each service in its records */
  int place;       /* where its datagrams go */
  bool is_relayed;
  bool has_carried; /* it began with records */
  bool is_claimed;  /* its first datagram was received */
  bool is_transferred;
  bool is_associated;
  uint64_t last_used;
  size_t record_size; /* 0: not seen yet */
} udp_flow;

typedef struct udp_counts {
  uint64_t redirected;
  uint64_t delivered;
  uint64_t refused;
  uint64_t loops;
  uint64_t accepted;
  uint64_t idle;
  uint64_t records_set;
  uint64_t sent_late;
  uint64_t not_received;
} udp_counts;

typedef struct udp_model {
  udp_socket sockets[UDP_SOCKETS];
  udp_flow flows[UDP_FLOWS];
  udp_queue places[UDP_PLACES];
  int socket_count;
  int flow_count;
  uint64_t now;
  bool is_privileged;
  udp_counts counts;
} udp_model;

void udp_begin(udp_model *m);
int udp_create(udp_model *m);
void udp_duplicate(udp_model *m, int socket);
void udp_close(udp_model *m, int socket);

/* A datagram of size bytes. records: the flow that they are of; UDP_NONE: without, or altered. */
net_result udp_send(udp_model *m, int socket, unsigned destination, size_t size, udp_user user,
                    int records);
/* The same by conntrail_sendmsg. has_records: valid or not. */
conntrail_status udp_send_records(udp_model *m, int socket, unsigned destination, size_t size,
                                  bool has_records, int records);
net_result udp_connect(udp_model *m, int socket, unsigned destination);
net_result udp_dissolve(udp_model *m, int socket);
net_result udp_peer(const udp_model *m, int socket, int *destination);
conntrail_status udp_query(udp_model *m, int socket);
void udp_advance(udp_model *m, uint32_t milliseconds);
size_t udp_flow_count(const udp_model *m);

/* What a receive at a place needs room for, and comes to. */
typedef struct udp_rooms {
  size_t payload;
  size_t records;
  size_t context;
  bool is_peek;
} udp_rooms;

/* records_size: as it was told, from which the model learns. *flow: whose records came, if any. */
conntrail_status udp_receive_message(udp_model *m, int place, const udp_rooms *rooms,
                                     size_t records_size, int *flow, udp_source *from);
/* By a call that cannot return records (X10). */
net_result udp_receive_at_place(udp_model *m, int place, udp_source *from);
/* *destination: whom the client sees; UDP_NONE: an address of this host. */
net_result udp_receive(udp_model *m, int socket, int *destination, size_t *size);
/* A place answers whom it heard. */
void udp_reply(udp_model *m, int place, const udp_source *to, size_t size);
/* Whether whom a place or a client heard is still there: the system may give its port again. */
bool udp_is_there(const udp_model *m, const udp_source *source);
/* Whether something waits there from who is gone: a new socket with its port would be taken for the
 * sender (M9). */
bool udp_place_has_leftovers(const udp_model *m, int place);
bool udp_client_has_leftovers(const udp_model *m, int socket);
/* Whether a datagram to there may make a relay socket, which gets a port of its own. */
bool udp_may_take_port(const udp_model *m, int socket, unsigned destination);

#endif
