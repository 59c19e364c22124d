/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_WALK_STREAMS_H
#define CONNTRAIL_TESTS_WALK_STREAMS_H

/* What the walks with TCP have in common, with a model or without. */

#include "walk.h"

conntrail_socket walk_listen(struct sockaddr_storage *address);

/* The trail is read, so that what happened is known everywhere before the next call (E11). */
uint64_t walk_last_event(walk *w);
/* Where what connected after this event waits: by the trail at a service's proxy; WALK_NOTHING: at
 * the server. */
int walk_service_of(const walk *w, uint64_t since);
conntrail_socket walk_accept(walk *w, int service);

typedef struct walk_query {
  size_t capacity;
  query_kind kind;
  unsigned slot;
} walk_query;

walk_query walk_choose_query(walk *w);

/* The records that were seen last, as they were, altered, or cut. */
typedef struct walk_choice {
  uint8_t bytes[WALK_RECORDS_ROOM];
  size_t size;
  bool is_whole;
} walk_choice;

void walk_choose_records(walk *w, walk_choice *records);

#endif
