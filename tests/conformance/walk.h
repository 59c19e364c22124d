/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_WALK_H
#define CONNTRAIL_TESTS_WALK_H

/*
 * A walk: calls in an order that nobody thought of, the same everywhere (E2). A model says what
 * each must be answered (walk_model.h, walk_datagram_model.h), and how often each event happens. A
 * walk with injected faults has no model. Of both, every environment must give the same transcript,
 * which has all answers, the trail and the misuses (ci/conformance). Ports are not in it: which one
 * the system gives is chance, and so is whether it comes again. Nothing depends on that: what a
 * sender left is received before a new socket may get its port (M9). ci/walks --few-ports tries it.
 *
 * The steps of a walk are drawn from its list by its seed, in the same way everywhere. What a
 * system has not is in no list that runs there: a walk with such steps is a case of its own, whose
 * needs say what it takes.
 *
 * CONNTRAIL_WALK_SEEDS="FIRST COUNT" in the environment takes other seeds than the usual ones:
 * ci/walks.
 */

#include "scenario.h"

enum { WALK_SOCKETS = 8, WALK_DESTINATIONS = 6, WALK_RECORDS_ROOM = 4096, WALK_NOTHING = -1 };

typedef struct walk {
  uint64_t seed;
  int turn;
  uint64_t random;
  net_kind kind;
  conntrail_emu_service *services[2];
  conntrail_socket places[3]; /* of the two proxies and of the destination */
  struct sockaddr_storage destinations[WALK_DESTINATIONS];
  conntrail_socket sockets[WALK_SOCKETS]; /* or CONNTRAIL_INVALID_SOCKET */
  int modelled[WALK_SOCKETS];             /* which of the model's they are; WALK_NOTHING: none */
  uint8_t records[WALK_RECORDS_ROOM];     /* that were seen last */
  size_t records_size;
  int records_flow;    /* the model's flow that they are of; WALK_NOTHING: none */
  uint64_t last_event; /* of the trail, that was read */
} walk;

typedef void (*walk_step)(void);

/*
 * Two services redirect 93.184.216.0/24, port 80 for TCP and 53 for UDP, to the proxies' sockets,
 * which place() makes; destinations 0 to 2 are theirs, 3 has a route and no service, 4 has nothing,
 * 5 is on loopback.
 */
typedef struct walk_plan {
  net_kind kind;
  conntrail_socket (*place)(struct sockaddr_storage *address);
  const walk_step *steps;
  size_t step_count;
  int turns;
  uint64_t seeds;      /* of the suite */
  void (*begin)(void); /* after the world; may be NULL */
  void (*judge)(void); /* after all is closed; may be NULL */
} walk_plan;

/* Each seed: the world, so many turns, the trail and the misuses in the transcript. */
void walk_all(walk *w, const walk_plan *plan);

/* The model's word for what a step must be answered; ends the case where it is another. */
void walk_judge(const walk *w, const char *step, const char *actual, const char *predicted);
void walk_judge_count(const walk *w, const char *what, uint64_t actual, uint64_t predicted);
void walk_judge_event(const walk *w, const char *what, conntrail_emu_event_kind kind,
                      uint64_t predicted);
void walk_judge_misuse(const walk *w, const char *what, conntrail_emu_misuse misuse,
                       uint64_t predicted);
void walk_judge_result(const walk *w, const char *step, net_result actual, net_result predicted);
void walk_judge_status(const walk *w, const char *step, conntrail_status actual,
                       conntrail_status predicted);
/* destination: which of the walk's it must be; WALK_NOTHING: an address of this host. */
void walk_judge_address(const walk *w, const char *what, const struct sockaddr_storage *actual,
                        int destination);

/* From 0 to limit - 1. */
unsigned walk_below(walk *w, unsigned limit);
unsigned walk_pick(walk *w);
conntrail_socket *walk_slot(walk *w);
void walk_put(walk *w, unsigned slot, conntrail_socket socket, int model);
void walk_keep_records(walk *w, const uint8_t *records, size_t size, int flow);
bool walk_is_loopback(const struct sockaddr_storage *address);
/* "loopback" for whatever port of it. */
const char *walk_address_text(const struct sockaddr_storage *address);

/* ---- Steps, the same for every kind (walk_steps.c) ------------------------------------------- */

/* Closes a socket, if the slot has one; *model is what it was. False: it had none. */
bool walk_close(walk *w, net_result (*close)(conntrail_socket), const char *how, int *model);
/* One descriptor more, for a free slot: the model's socket that has it now; WALK_NOTHING: none. */
int walk_copy(walk *w, net_result (*copy)(conntrail_socket, conntrail_socket *));
net_result walk_dissolve(conntrail_socket socket);
net_result walk_ask_peer(conntrail_socket socket, struct sockaddr_storage *peer);
void walk_inspect(walk *w);
void walk_add_fault(walk *w, conntrail_emu_operation operation);
/* Faults are forgotten, or the right to set records changes. */
void walk_change_world(walk *w);

#endif
