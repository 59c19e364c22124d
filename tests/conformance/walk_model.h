/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_WALK_MODEL_H
#define CONNTRAIL_TESTS_WALK_MODEL_H

/*
 * What a walk with TCP must be answered, and which events its trail must have: from the clauses of
 * docs/reference/behaviour.md alone, which the comments name. It shares no code with the emulation.
 *
 * It predicts for the world of walk_begin(): two services of the same rule, "acme" before "bravo",
 * whose proxies are this process, and a client of another process. No fault is injected.
 */

#include "scenario.h"

enum { MODEL_NOTHING = -1, MODEL_SOCKETS = 1024, MODEL_FLOWS = 512 };

/* Who asked, or connects: this thread, or another one of the process. */
typedef enum model_actor { MODEL_THIS_THREAD, MODEL_OTHER_THREAD } model_actor;
typedef enum model_user { MODEL_NOBODY, MODEL_OWN, MODEL_CLIENT } model_user;
typedef enum model_state { MODEL_FRESH, MODEL_CONNECTED } model_state;

/* One open socket, however many slots have it. */
typedef struct model_socket {
  unsigned references;
  uint32_t number; /* 0: it did not appear yet (E5) */
  model_user user;
  model_state state;
  bool is_accepted;
  bool is_bound;
  bool was_refused; /* a connect, and none stood since: whether a port is kept, the system says */
  bool is_reset;    /* the other end was dissolved: the system has no peer any more */
  int flow;         /* of an accepted one: its record. Of a client: its connection */
  int carried;      /* the flow whose records were set on it */
  int other_end;    /* MODEL_NOTHING: closed, or dissolved */
} model_socket;

/* One redirected or routed connection. */
typedef struct model_flow {
  unsigned destination;
  int service;     /* MODEL_NOTHING: it went to its route */
  unsigned passed; /* a bit for each service in its records */
  int accepted;    /* the socket; MODEL_NOTHING: not accepted, or closed */
  model_actor asker;
  bool is_asked; /* about its records, context or destination */
  bool waits;    /* accepted, and nothing transferred */
  size_t record_size;
  uint64_t record_hash; /* of its bytes; 0: not seen yet */
} model_flow;

typedef struct model_counts {
  uint64_t redirected;
  uint64_t delivered;
  uint64_t refused;
  uint64_t loops;
  uint64_t accepted;
  uint64_t closed;
  uint64_t records_set;
  uint64_t set_after_connect;
  uint64_t set_after_bind;
} model_counts;

typedef struct walk_model {
  model_socket sockets[MODEL_SOCKETS];
  model_flow flows[MODEL_FLOWS];
  int socket_count;
  int flow_count;
  uint32_t appeared;
  bool is_privileged;
  bool threads_are_hints; /* of this process (R7) */
  model_counts counts;
} walk_model;

void model_begin(walk_model *m);

/* A socket was created; its index. */
int model_create(walk_model *m);
/* bind(): an open one that is fresh. */
net_result model_bind(walk_model *m, int socket);
/* One descriptor more, and one less. */
void model_duplicate(walk_model *m, int socket);
void model_close(walk_model *m, int socket);
/* R1 to R7, E8. MODEL_NOTHING: no socket. Where it is OK, *flow is what came of it; MODEL_NOTHING:
 * a connection within this host, which nobody watches. */
net_result model_connect(walk_model *m, int socket, unsigned destination, model_user user,
                         model_actor actor, int *flow);
/* The connection was accepted by this thread: the accepted socket. */
int model_accept(walk_model *m, int client, int flow);
/* Whether this thread accepted something that wants there, or this very socket, and asked nothing
 * yet: whose it is if another thread comes first, the clauses do not say (R7). */
bool model_is_unsettled(const walk_model *m, unsigned destination, int socket);
/* The service whose proxy a flow goes to; MODEL_NOTHING: to the server. */
int model_service(const walk_model *m, int flow);
/* Whether no clause says what a dissolve leaves behind: it would reset an accepted socket without a
 * record that nobody used yet; or the last connect was refused. */
bool model_hides(const walk_model *m, int socket);
/* Whether a query may be NOT_REDIRECTED as well as NOT_CONNECTED (Q13). */
bool model_is_either(const walk_model *m, int socket);
/* connect() to AF_UNSPEC. is_bound: the system keeps an address for it. */
net_result model_dissolve(walk_model *m, int socket, bool is_bound);

/* Q: sizes are learned at the first answer, and hold from then on (Q13). */
conntrail_status model_query(walk_model *m, int socket, query_kind kind, size_t capacity,
                             size_t size);
/* The same bytes as ever (Q1, Q13); hash as model_hash(). */
bool model_is_same(walk_model *m, int socket, uint64_t hash);
uint64_t model_hash(const uint8_t *bytes, size_t size);
/* flow: whose records these are, MODEL_NOTHING where there are none or they were altered. */
conntrail_status model_set(walk_model *m, int socket, int flow, size_t size);
conntrail_status model_transfer(walk_model *m, int accepted, int outbound);
/* *destination is written for OK. */
conntrail_status model_original(walk_model *m, int socket, unsigned *destination);
conntrail_status model_inspect(walk_model *m, int socket, int service, uint32_t *number,
                               conntrail_emu_state *state);
/* *destination for OK; MODEL_NOTHING: an address of this host. */
net_result model_peer(const walk_model *m, int socket, int *destination);
/* Whose records a socket got by a query that was OK. */
int model_records_of(const walk_model *m, int socket);

#endif
