/* SPDX-License-Identifier: MIT */

/*
 * Queries on an event_base. The system may answer in any thread, and the base need not be able to
 * be woken by one (evthread): the answer goes through a mailbox, and a byte in a pair of sockets.
 *
 * The mailbox is shared by two sides, the completion and the base. Each takes its last step by
 * changing the state; the second one frees it.
 */

#include "event_request.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <event2/util.h>

#include "atomics.h"
#include "conntrail/async.h"

typedef enum state {
  BEGUN,      /* no event waits for a byte yet */
  WAITED_FOR, /* a byte into the pair is waited for */
  ANSWERED, /* the completion came; after WAITED_FOR it sends the byte, and that is its last step */
  LEFT      /* the base's side is gone: the completion frees the mailbox */
} state;

typedef struct mailbox {
  conntrail__atomic state;
  conntrail_socket wake;
  conntrail_operation *operation;
} mailbox;

enum { READING, WRITING, ENDS };

/* Its event lies behind it: one piece of memory instead of two. */
struct conntrail_request {
  struct event_base *base;
  struct event *event;
  mailbox *mailbox;
  conntrail_socket pair[ENDS]; /* only where the query pends */
  conntrail_event_cb callback;
  void (*dropped)(void *argument);
  void *argument;
  bool is_called_back;
};

static mailbox *make_mailbox(void) {
  mailbox *made = malloc(sizeof *made);
  if (made != NULL) {
    *made = (mailbox){.wake = CONNTRAIL_INVALID_SOCKET};
    conntrail__atomic_init(&made->state, BEGUN);
  }
  return made;
}

static void free_mailbox(mailbox *freed) {
  if (freed != NULL) {
    conntrail_operation_free(freed->operation);
  }
  free(freed);
}

static void send_byte(const mailbox *box) {
  (void)send(box->wake, "", 1, 0);
}

/* In any thread. */
static void on_completed(void *argument) {
  mailbox *box = argument;
  switch (conntrail__atomic_exchange(&box->state, ANSWERED)) {
  case WAITED_FOR:
    send_byte(box);
    break;
  case LEFT:
    free_mailbox(box);
    break;
  case BEGUN:
  default:
    break;
  }
}

/* Whether the mailbox is the completion's from now on. Else that came, and its byte is there or
 * will be at once. */
static bool leave(mailbox *left, int from) {
  return conntrail__atomic_replace(&left->state, from, LEFT);
}

static bool pends(const conntrail_request *request) {
  return request->pair[READING] != CONNTRAIL_INVALID_SOCKET;
}

static void free_request(conntrail_request *request) {
  if (request->event != NULL) {
    (void)event_del(request->event);
  }
  for (int end = READING; pends(request) && end < ENDS; end++) {
    evutil_closesocket((evutil_socket_t)request->pair[end]);
  }
  free_mailbox(request->mailbox);
  free(request);
}

/* The callback comes first: what is freed would overwrite the last error number. */
static void call_back(conntrail_request *request, conntrail_status status, const void *blob,
                      size_t size) {
  request->is_called_back = true;
  request->callback(status, blob, size, request->argument);
  free_request(request);
}

/* It is there, or will be at once. Taking it is what says that the completion is done with all that
 * is to be freed. */
static void take_byte(const conntrail_request *request) {
  char byte;
  (void)recv(request->pair[READING], &byte, 1, 0);
}

static void on_answer(conntrail_request *request) {
  const void *blob = NULL;
  size_t size = 0;
  if (pends(request)) {
    take_byte(request);
  }
  conntrail_status status = conntrail_operation_result(request->mailbox->operation, &blob, &size);
  call_back(request, status, blob, size);
}

/* Of a query that pends: the system is not waited for. */
static void on_cancel(conntrail_request *request) {
  if (leave(request->mailbox, WAITED_FOR)) {
    request->mailbox = NULL;
    call_back(request, conntrail_report(CONNTRAIL_ABORTED), NULL, 0);
  }
}

/* A byte came, or the answer was there at once; or (EV_WRITE) the request was cancelled. */
static void on_event(evutil_socket_t fd, short what, void *argument) {
  (void)fd;
  if ((what & EV_READ) != 0) {
    on_answer(argument);
  } else {
    on_cancel(argument);
  }
}

static conntrail_request *make_request(struct event_base *base, conntrail_event_cb callback,
                                       void *argument) {
  enum { ALIGNMENT = _Alignof(max_align_t) };
  const size_t own = (sizeof(conntrail_request) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  conntrail_request *request = malloc(own + event_get_struct_event_size());
  if (request == NULL) {
    return NULL;
  }
  struct event *behind = (struct event *)(void *)((unsigned char *)request + own);
  memset(behind, 0, event_get_struct_event_size());
  *request = (conntrail_request){.base = base,
                                 .mailbox = make_mailbox(),
                                 .pair = {CONNTRAIL_INVALID_SOCKET, CONNTRAIL_INVALID_SOCKET},
                                 .callback = callback,
                                 .argument = argument};
  if (request->mailbox != NULL && event_assign(behind, base, -1, 0, on_event, request) == 0) {
    request->event = behind;
    return request;
  }
  free_request(request);
  return NULL;
}

static bool wait_for_byte(conntrail_request *request) {
  evutil_socket_t pair[ENDS];
  /* On Windows, which has no such sockets, libevent makes it of TCP. */
  if (evutil_socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) {
    return false;
  }
  for (int end = READING; end < ENDS; end++) {
    evutil_make_socket_closeonexec(pair[end]);
    request->pair[end] = (conntrail_socket)pair[end];
  }
  request->mailbox->wake = request->pair[WRITING];
  return event_assign(request->event, request->base, pair[READING], EV_READ | EV_PERSIST, on_event,
                      request) == 0 &&
         event_add(request->event, NULL) == 0;
}

/* From now on the base is notified. False: it cannot be. */
static bool arrange_call_back(conntrail_request *request) {
  mailbox *box = request->mailbox;
  if (conntrail__atomic_load(&box->state) == BEGUN) {
    if (!wait_for_byte(request)) {
      return false;
    }
    if (!conntrail__atomic_replace(&box->state, BEGUN, WAITED_FOR)) {
      send_byte(box);
    }
  } else {
    event_active(request->event, EV_READ, 1);
  }
  return true;
}

/* It pends, and no event will wait for it. */
static void abandon(conntrail_request *request) {
  conntrail_operation_cancel(request->mailbox->operation);
  if (leave(request->mailbox, BEGUN)) {
    request->mailbox = NULL;
  }
  free_request(request);
}

/* What is asked, and of what. */
typedef struct question {
  enum { ASK_RECORDS, ASK_CONTEXT, ASK_DESTINATION } what;
  conntrail_socket socket;
  conntrail_socket listener; /* ASK_DESTINATION */
} question;

static conntrail_status begin_operation(const question *asked, mailbox *box) {
  switch (asked->what) {
  case ASK_RECORDS:
    return conntrail_begin_query_records(asked->socket, on_completed, box, &box->operation);
  case ASK_CONTEXT:
    return conntrail_begin_query_context(asked->socket, on_completed, box, &box->operation);
  case ASK_DESTINATION:
  default:
    return conntrail_begin_original_destination(asked->socket, asked->listener, on_completed, box,
                                                &box->operation);
  }
}

static conntrail_status begin(const question *asked, struct event_base *base,
                              conntrail_event_cb callback, void *argument,
                              conntrail_request **request) {
  if (base == NULL || callback == NULL) {
    return CONNTRAIL_FAULT;
  }
  conntrail_request *begun = make_request(base, callback, argument);
  if (begun == NULL) {
    return CONNTRAIL_NO_MEMORY;
  }
  conntrail_status status = begin_operation(asked, begun->mailbox);
  if (status < 0) {
    free_request(begun);
    return status;
  }
  if (!arrange_call_back(begun)) {
    abandon(begun);
    return CONNTRAIL_NO_MEMORY;
  }
  if (request != NULL) {
    *request = begun;
  }
  return CONNTRAIL_OK;
}

conntrail_status conntrail_event_query_records(struct event_base *base, conntrail_socket socket,
                                               conntrail_event_cb callback, void *argument,
                                               conntrail_request **request) {
  const question asked = {.what = ASK_RECORDS, .socket = socket};
  return begin(&asked, base, callback, argument, request);
}

conntrail_status conntrail_event_query_context(struct event_base *base, conntrail_socket socket,
                                               conntrail_event_cb callback, void *argument,
                                               conntrail_request **request) {
  const question asked = {.what = ASK_CONTEXT, .socket = socket};
  return begin(&asked, base, callback, argument, request);
}

conntrail_status conntrail_event_original_destination(struct event_base *base,
                                                      conntrail_socket accepted,
                                                      conntrail_socket listener,
                                                      conntrail_event_cb callback, void *argument,
                                                      conntrail_request **request) {
  const question asked = {ASK_DESTINATION, accepted, listener};
  return begin(&asked, base, callback, argument, request);
}

void conntrail__request_on_drop(conntrail_request *request, void (*dropped)(void *argument)) {
  request->dropped = dropped;
}

void conntrail_request_cancel(conntrail_request *request) {
  if (request == NULL || request->is_called_back) {
    return;
  }
  conntrail_operation_cancel(request->mailbox->operation);
  if (pends(request)) {
    event_active(request->event, EV_WRITE, 1);
  }
}

void conntrail_request_drop(conntrail_request *request) {
  if (request == NULL || request->is_called_back) {
    return;
  }
  conntrail_operation_cancel(request->mailbox->operation);
  if (pends(request) && leave(request->mailbox, WAITED_FOR)) {
    request->mailbox = NULL;
  } else if (pends(request)) {
    take_byte(request);
  }
  if (request->dropped != NULL) {
    request->dropped(request->argument);
  }
  free_request(request);
}
