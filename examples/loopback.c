/* SPDX-License-Identifier: MIT */
#include "loopback.h"

#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

struct loopback_server {
  const char *sentence;
  struct evconnlistener *listener;
  struct sockaddr_storage address;
};

const struct sockaddr *loopback_any_port(void) {
  static struct sockaddr_in address = {.sin_family = AF_INET};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return (const struct sockaddr *)&address;
}

static void say(struct evconnlistener *listener, evutil_socket_t accepted, struct sockaddr *peer,
                int size, void *argument) {
  const loopback_server *server = argument;
  struct evbuffer *words = evbuffer_new();
  (void)listener, (void)peer, (void)size;
  if (words && evbuffer_add(words, server->sentence, strlen(server->sentence)) == 0) {
    (void)evbuffer_write(words, accepted);
  }
  if (words) {
    evbuffer_free(words);
  }
  evutil_closesocket(accepted);
}

loopback_server *loopback_server_new(struct event_base *base, const char *sentence) {
  loopback_server *server = calloc(1, sizeof *server);
  ev_socklen_t size = sizeof server->address;
  if (!server) {
    return NULL;
  }
  server->sentence = sentence;
  server->listener = evconnlistener_new_bind(base, say, server, LEV_OPT_CLOSE_ON_FREE, -1,
                                             loopback_any_port(), sizeof(struct sockaddr_in));
  if (server->listener && getsockname((conntrail_socket)evconnlistener_get_fd(server->listener),
                                      (struct sockaddr *)&server->address, &size) == 0) {
    return server;
  }
  loopback_server_free(server);
  return NULL;
}

const struct sockaddr *loopback_server_address(const loopback_server *server) {
  return (const struct sockaddr *)&server->address;
}

void loopback_server_free(loopback_server *server) {
  if (server->listener) {
    evconnlistener_free(server->listener);
  }
  free(server);
}

static void on_event(struct bufferevent *stream, short what, void *argument) {
  struct event_base *base = argument;
  (void)stream;
  if (!(what & BEV_EVENT_CONNECTED)) {
    event_base_loopbreak(base);
  }
}

const char *loopback_fetch(struct event_base *base, const char *address, int port) {
  static char received[256];
  struct bufferevent *stream = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
  received[0] = '\0';
  if (!stream) {
    return received;
  }
  bufferevent_setcb(stream, NULL, NULL, on_event, base);
  bufferevent_enable(stream, EV_READ);
  if (bufferevent_socket_connect_hostname(stream, NULL, AF_UNSPEC, address, port) == 0) {
    event_base_dispatch(base);
  }
  const size_t size = bufferevent_read(stream, received, sizeof received - 1);
  received[size] = '\0';
  bufferevent_free(stream);
  return received;
}
