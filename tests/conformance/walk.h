/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_WALK_H
#define CONNTRAIL_TESTS_WALK_H

/*
 * A walk: calls in an order that nobody thought of, the same everywhere (E2). A model says what
 * each must be answered (walk_model.h, walk_datagram_model.h), and how often each event happens. A
 * walk with injected faults has no model. Of both, every environment must give the same transcript,
 * which has all answers, the trail and the misuses (ci/conformance). Ports are not in it: which one
 * the system gives is chance, and so is whether it comes again.
 *
 * The steps of a walk are drawn from its list by its seed, in the same way everywhere. What a
 * system has not is in no list that runs there: a walk with such steps is a case of its own, whose
 * needs say what it takes.
 *
 * CONNTRAIL_WALK_SEEDS="FIRST COUNT" in the environment takes other seeds than the usual ones:
 * ci/walks.
 */

#include "scenario.h"

enum { WALK_SOCKETS = 8, WALK_DESTINATIONS = 6, WALK_RECORDS_ROOM = 4096 };

typedef struct walk {
  uint64_t seed;
  int turn;
  uint64_t random;
  net_kind kind;
  conntrail_emu_service *services[2];
  conntrail_socket places[3]; /* of the two proxies and of the destination */
  struct sockaddr_storage destinations[WALK_DESTINATIONS];
  conntrail_socket sockets[WALK_SOCKETS]; /* or CONNTRAIL_INVALID_SOCKET */
  uint8_t records[WALK_RECORDS_ROOM];     /* that were seen last */
  size_t records_size;
} walk;

typedef void (*walk_step)(void);

/* The seeds to take: from *first to *last. */
void walk_seeds(uint64_t count, uint64_t *first, uint64_t *last);

/*
 * From fixture_open() on: two services that redirect 93.184.216.0/24, port 80 for TCP and 53 for
 * UDP, to the proxies' sockets, which place() makes; destinations 0 to 2 are theirs, 3 has a route
 * and no service, 4 has nothing, 5 is on loopback.
 */
void walk_begin(walk *w, uint64_t seed, net_kind kind,
                conntrail_socket (*place)(struct sockaddr_storage *address));
/* The model's word for what a step must be answered; ends the case where it is another. */
void walk_judge(const walk *w, const char *step, const char *actual, const char *predicted);
void walk_judge_count(const walk *w, const char *what, uint64_t actual, uint64_t predicted);
/* Takes so many of the steps. */
void walk_along(walk *w, int turns, const walk_step *steps, size_t step_count);
/* Closes what is open; writes the trail and the misuses to the transcript. Then fixture_close(). */
void walk_tell(walk *w);

/* From 0 to limit - 1. */
unsigned walk_below(walk *w, unsigned limit);
conntrail_socket *walk_slot(walk *w);
bool walk_is_loopback(const struct sockaddr_storage *address);
/* "loopback" for whatever port of it. */
const char *walk_address_text(const struct sockaddr_storage *address);

/* Steps of the walks without a model, the same for every kind. */
/* False: there was nothing to close. */
bool walk_close_one(walk *w);
void walk_duplicate(walk *w);
void walk_inspect(walk *w);
void walk_ask_peer(walk *w);
void walk_add_fault(walk *w, conntrail_emu_operation operation);
/* Faults are forgotten, or the right to set records changes. */
void walk_change_world(walk *w);

#endif
