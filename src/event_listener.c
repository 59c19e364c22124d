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

static void on_destination(conntrail_status status, const void *destination, size_t size,
                           void *argument) {
  arrival *answered = argument;
  if (status < 0) {
    hand_over(answered, status, NULL);
    return;
  }
  memcpy(&answered->destination, destination, size);
  connect_onward(answered);
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
  conntrail_status status =
      conntrail_event_original_destination(evconnlistener_get_base(listener), arrived->accepted,
                                           (conntrail_socket)evconnlistener_get_fd(listener),
                                           on_destination, arrived, &arrived->request);
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
