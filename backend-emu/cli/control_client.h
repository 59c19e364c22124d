/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CLI_CONTROL_CLIENT_H
#define CONNTRAIL_CLI_CONTROL_CLIENT_H

/* What the files of the control socket share. */

#include <event2/bufferevent.h>

#include "../files/scenario_expect.h"
#include "../files/scenario_shape.h"
#include "control.h"

/* What a client waits for. */
typedef struct conntrail__wait {
  bool is_on;
  unsigned kind;
  unsigned misuse;                /* 0: any */
  char service[64];               /* "": any */
  char program[64];               /* "": any */
  conntrail__address destination; /* family 0: any */
  uint64_t wanted;                /* so many */
  uint64_t found;
  uint64_t after; /* the number of the event that was looked at last */
  unsigned seconds;
} conntrail__wait;

typedef struct conntrail__control_client {
  struct conntrail__control_client *next;
  conntrail__control *control;
  conntrail__running *run;
  struct bufferevent *stream;
  struct event *limit; /* of its wait */
  conntrail__wait wait;
  json_t *id;     /* of the request that is answered; NULL: it has none */
  bool is_closed; /* it sends nothing any more */
  bool is_ending; /* once its answer is written */
  bool has_quit;  /* ... and the run with it */
} conntrail__control_client;

/* control.c */
/* The one answer of a request. Takes object over. */
void conntrail__control_answer(conntrail__control_client *client, json_t *object);
/* The answer of what cannot be done. */
void conntrail__control_refuse(conntrail__control_client *client, const char *why);
/* Every client that waits is refused. */
void conntrail__control_end_waits(conntrail__control *control, const char *why);

/* control_request.c: a line, without its end. Ended by 0, and may hold others. */
void conntrail__control_take(conntrail__control_client *client, const char *line, size_t size);

/* control_world.c: "add" and "reset". False, with why; then nothing is changed. */
bool conntrail__control_add(conntrail__running *r, conntrail__document *request,
                            conntrail__complaint *why);
bool conntrail__control_reset(conntrail__running *r, conntrail__complaint *why);

/* control_report.c. NULL: no memory. */
json_t *conntrail__control_hello(const conntrail__running *r);
json_t *conntrail__control_counts(const conntrail__running *r);
/* At most so many events above after. */
json_t *conntrail__control_trail(const conntrail__running *r, uint64_t after, size_t most);
json_t *conntrail__control_expect(const conntrail__running *r, const conntrail__document *request);

/* control_wait.c */
/* False, with why. */
bool conntrail__wait_read(conntrail__wait *wait, const conntrail__document *request,
                          conntrail__complaint *why);
/* The event that it waited for; NULL: it goes on. */
json_t *conntrail__wait_look(conntrail__wait *wait, const conntrail__running *r);
void conntrail__wait_explain(const conntrail__wait *wait, char *text, size_t size);

#endif
