/* SPDX-License-Identifier: MIT */

/* A listener whose connections are asked where they wanted to go, and continued to there. */

#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <event2/listener.h>
#include <event2/util.h>

#include "conntrail/conntrail.h"
#include "conntrail/event.h"

/* An accepted connection that was not handed over. */
typedef struct arrival {
  struct conntrail_event_listener *listener;
  struct arrival *previous;
  struct arrival *next;
  conntrail_socket accepted;
  struct sockaddr_storage destination;
  conntrail_request *request;
} arrival;

struct conntrail_event_listener {
  struct evconnlistener *listener;
  int options;
  conntrail_event_accept_cb callback;
  void *argument;
  arrival *first;
};

static void link_arrival(conntrail_event_listener *listener, arrival *added) {
  added->listener = listener;
  added->next = listener->first;
  if (added->next != NULL) {
    added->next->previous = added;
  }
  listener->first = added;
}

static void unlink_arrival(arrival *removed) {
  if (removed->next != NULL) {
    removed->next->previous = removed->previous;
  }
  if (removed->previous != NULL) {
    removed->previous->next = removed->next;
  } else {
    removed->listener->first = removed->next;
  }
}

static void hand_over(arrival *handed, conntrail_status status, struct bufferevent *onward) {
  const conntrail_event_listener *to = handed->listener;
  unlink_arrival(handed);
  to->callback(status, handed->accepted, &handed->destination, onward, to->argument);
  free(handed);
}

static void on_connecting(conntrail_status status, struct bufferevent *onward, void *argument) {
  hand_over(argument, status, onward);
}

static void connect_onward(arrival *going) {
  const conntrail_event_listener *by = going->listener;
  conntrail_status status =
      conntrail_event_connect(evconnlistener_get_base(by->listener), going->accepted,
                              (const struct sockaddr *)&going->destination, by->options,
                              on_connecting, going, &going->request);
  if (status < 0) {
    hand_over(going, status, NULL);
  }
}

/* Without a context the system is asked (D2); of one in an unknown layout the emulation is told
 * (X5). Both are what the call for everybody does. */
static conntrail_status find_destination(arrival *asked, conntrail_status status,
                                         const void *context, size_t size) {
  if (status == CONNTRAIL_OK) {
    status = conntrail_decode_context(context, size, &asked->destination);
  }
  if (status == CONNTRAIL_NO_CONTEXT || status == CONNTRAIL_UNKNOWN_LAYOUT) {
    status = conntrail_original_destination(asked->accepted, &asked->destination);
  }
  return status;
}

static void on_context(conntrail_status asked, const void *context, size_t size, void *argument) {
  arrival *answered = argument;
  conntrail_status status = find_destination(answered, asked, context, size);
  if (status < 0) {
    hand_over(answered, status, NULL);
  } else {
    connect_onward(answered);
  }
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t accepted,
                      struct sockaddr *peer, int size, void *argument) {
  conntrail_event_listener *of = argument;
  arrival *arrived = calloc(1, sizeof *arrived);
  (void)peer, (void)size;
  if (arrived == NULL) {
    const struct sockaddr_storage unknown = {.ss_family = AF_UNSPEC};
    of->callback(CONNTRAIL_NO_MEMORY, (conntrail_socket)accepted, &unknown, NULL, of->argument);
    return;
  }
  arrived->accepted = (conntrail_socket)accepted;
  link_arrival(of, arrived);
  conntrail_status status = conntrail_event_query_context(
      evconnlistener_get_base(listener), arrived->accepted, on_context, arrived, &arrived->request);
  if (status < 0) {
    hand_over(arrived, status, NULL);
  }
}

conntrail_event_listener *conntrail_event_listener_new(struct evconnlistener *listener, int options,
                                                       conntrail_event_accept_cb callback,
                                                       void *argument) {
  if (listener == NULL || callback == NULL) {
    return NULL;
  }
  conntrail_event_listener *made = calloc(1, sizeof *made);
  if (made == NULL) {
    return NULL;
  }
  made->listener = listener;
  made->options = options;
  made->callback = callback;
  made->argument = argument;
  evconnlistener_set_cb(listener, on_accept, made);
  return made;
}

void conntrail_event_listener_free(conntrail_event_listener *listener) {
  if (listener == NULL) {
    return;
  }
  evconnlistener_set_cb(listener->listener, NULL, NULL);
  while (listener->first != NULL) {
    arrival *dropped = listener->first;
    unlink_arrival(dropped);
    conntrail_request_drop(dropped->request);
    evutil_closesocket((evutil_socket_t)dropped->accepted);
    free(dropped);
  }
  free(listener);
}
