/* SPDX-License-Identifier: MIT */

/* Connecting onward with the records of an accepted connection. */

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/util.h>

#include "conntrail/conntrail.h"
#include "event_request.h"
#include "event_system.h"

typedef struct attempt {
  struct event_base *base;
  conntrail_socket outbound;
  struct sockaddr_storage destination;
  int size;
  int options;
  conntrail_event_connect_cb on_stream; /* one of these two, the other is NULL */
  conntrail_event_connect_socket_cb on_socket;
  void *argument;
} attempt;

static conntrail_status on_outbound(conntrail_status status) {
  return status < 0 ? (conntrail_status)((int)status - CONNTRAIL_OUTBOUND_OFFSET) : status;
}

/* The second half of conntrail_transfer_records() (T1, T2). */
static conntrail_status set_records(conntrail_socket outbound, conntrail_status asked,
                                    const void *records, size_t size) {
  if (asked == CONNTRAIL_NOT_REDIRECTED || (asked == CONNTRAIL_OK && size == 0)) {
    return CONNTRAIL_OK_NOTHING_TO_TRANSFER;
  }
  return asked < 0 ? asked : on_outbound(conntrail_set_records(outbound, records, size));
}

static void end_attempt(attempt *ended, bool is_closed) {
  if (is_closed) {
    evutil_closesocket((evutil_socket_t)ended->outbound);
  }
  free(ended);
}

static void call_back(const attempt *to, conntrail_status status, struct bufferevent *stream,
                      conntrail_socket outbound) {
  if (to->on_stream != NULL) {
    to->on_stream(status, stream, to->argument);
  } else {
    to->on_socket(status, outbound, to->argument);
  }
}

static void fail(attempt *failed, conntrail_status status, struct bufferevent *stream) {
  call_back(failed, status, NULL, CONNTRAIL_INVALID_SOCKET);
  /* Afterwards, for the error numbers' sake. */
  bool is_closed_with_stream = stream != NULL && (failed->options & BEV_OPT_CLOSE_ON_FREE) != 0;
  if (stream != NULL) {
    bufferevent_free(stream);
  }
  end_attempt(failed, !is_closed_with_stream);
}

static void connect_stream(attempt *going, conntrail_status status) {
  struct bufferevent *stream =
      bufferevent_socket_new(going->base, (evutil_socket_t)going->outbound, going->options);
  if (stream == NULL) {
    fail(going, CONNTRAIL_OUTBOUND_NO_MEMORY, NULL);
  } else if (bufferevent_socket_connect(stream, (struct sockaddr *)&going->destination,
                                        going->size) != 0) {
    fail(going, CONNTRAIL_OUTBOUND_CONNECT_FAILED, stream);
  } else {
    call_back(going, status, stream, going->outbound);
    end_attempt(going, false);
  }
}

static void connect_socket(attempt *going, conntrail_status status) {
  const struct sockaddr *to = (struct sockaddr *)&going->destination;
  if (connect(going->outbound, to, (ev_socklen_t)going->size) != 0 &&
      !conntrail__event_is_connecting()) {
    fail(going, CONNTRAIL_OUTBOUND_CONNECT_FAILED, NULL);
  } else {
    call_back(going, status, NULL, going->outbound);
    end_attempt(going, false);
  }
}

static void on_records(conntrail_status asked, const void *records, size_t size, void *argument) {
  attempt *going = argument;
  conntrail_status status = set_records(going->outbound, asked, records, size);
  if (status < 0) {
    fail(going, status, NULL);
  } else if (going->on_stream != NULL) {
    connect_stream(going, status);
  } else {
    connect_socket(going, status);
  }
}

static void on_drop(void *argument) {
  end_attempt(argument, true);
}

/* As connect() wants it; 0 for what is no address of the internet. */
static int size_of(const struct sockaddr *address) {
  switch (address->sa_family) {
  case AF_INET:
    return (int)sizeof(struct sockaddr_in);
  case AF_INET6:
    return (int)sizeof(struct sockaddr_in6);
  default:
    return 0;
  }
}

static conntrail_status open_outbound(attempt *opened) {
  opened->outbound = conntrail__event_stream_socket(opened->destination.ss_family);
  return opened->outbound == CONNTRAIL_INVALID_SOCKET ? CONNTRAIL_OUTBOUND_CONNECT_FAILED
                                                      : CONNTRAIL_OK;
}

static conntrail_status begin_attempt(attempt *begun, conntrail_socket accepted,
                                      conntrail_request **request) {
  conntrail_request *records;
  conntrail_status status = open_outbound(begun);
  if (status < 0) {
    free(begun);
    return status;
  }
  status = conntrail_event_query_records(begun->base, accepted, on_records, begun, &records);
  if (status < 0) {
    end_attempt(begun, true);
    return status;
  }
  conntrail__request_on_drop(records, on_drop);
  if (request != NULL) {
    *request = records;
  }
  return CONNTRAIL_OK;
}

/* All but outbound, destination and size stand in wanted already. */
static conntrail_status begin(const attempt *wanted, conntrail_socket accepted,
                              const struct sockaddr *destination, conntrail_request **request) {
  if (wanted->base == NULL || destination == NULL ||
      (wanted->on_stream == NULL && wanted->on_socket == NULL)) {
    return CONNTRAIL_FAULT;
  }
  int size = size_of(destination);
  if (size == 0) {
    return CONNTRAIL_INVALID;
  }
  attempt *begun = malloc(sizeof *begun);
  if (begun == NULL) {
    return CONNTRAIL_NO_MEMORY;
  }
  *begun = *wanted;
  begun->size = size;
  memcpy(&begun->destination, destination, (size_t)size);
  return begin_attempt(begun, accepted, request);
}

conntrail_status conntrail_event_connect(struct event_base *base, conntrail_socket accepted,
                                         const struct sockaddr *destination, int options,
                                         conntrail_event_connect_cb callback, void *argument,
                                         conntrail_request **request) {
  const attempt wanted = {
      .base = base, .options = options, .on_stream = callback, .argument = argument};
  return begin(&wanted, accepted, destination, request);
}

conntrail_status conntrail_event_connect_socket(struct event_base *base, conntrail_socket accepted,
                                                const struct sockaddr *destination,
                                                conntrail_event_connect_socket_cb callback,
                                                void *argument, conntrail_request **request) {
  const attempt wanted = {.base = base, .on_socket = callback, .argument = argument};
  return begin(&wanted, accepted, destination, request);
}
