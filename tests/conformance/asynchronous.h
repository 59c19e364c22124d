/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_ASYNCHRONOUS_H
#define CONNTRAIL_TESTS_ASYNCHRONOUS_H

/* What the cases of event.h share: a base, and what its callbacks saw. */

#include "scenario.h"

#include "conntrail/event.h"

struct event_base;

typedef struct async_answer {
  unsigned calls;
  conntrail_status status;
  uint32_t native;
  size_t size;
  uint8_t blob[BLOB_ROOM];
  conntrail_request *request;
  bool is_quiet; /* not in the transcript: Windows reports it in an order of its own */
} async_answer;

/* A base of libevent's own, from fixture_open() on; freed by async_close(). */
struct event_base *async_open(void);
void async_close(struct event_base *base);

/* Begins a query that keeps its answer. */
void async_begin(struct event_base *base, query_kind kind, conntrail_socket socket,
                 async_answer *answer);
/* The same for the original destination. */
void async_begin_destination(struct event_base *base, conntrail_socket socket,
                             async_answer *answer);
/* Under the profile that pends so many queries pend, else none. */
void async_expect_pending(unsigned count);
/* Whatever pends is answered, oldest first. */
void async_complete_all(void);
/* Runs the base until nothing is left to wait for. */
void async_run(struct event_base *base);
/* The same, until it is broken off or nothing is left, while all that pends is answered. */
void async_answer_and_run(struct event_base *base);

#endif
