/* SPDX-License-Identifier: MIT */
#include "minimal_proxy.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/bufferevent.h>
#include <event2/listener.h>

#include "conntrail/conntrail.h"
#include "own_flows.h"
#include "relay.h"
#include "system.h"

struct minimal_proxy {
  struct event_base *base;
  struct evconnlistener *listener;
  struct sockaddr_storage address;
  listen_options options;
  minimal_proxy_log *log;
  void *argument;
  relays relays;
};

static void report(void *argument, const char *what, const char *why) {
  const minimal_proxy *proxy = argument;
  char line[256];
  (void)snprintf(line, sizeof line, "%s: %s", what, why);
  proxy->log(line, proxy->argument);
}

static bool failed(minimal_proxy *proxy, const char *what) {
  report(proxy, what, evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
  return false;
}

static bool refused(minimal_proxy *proxy, const char *what, conntrail_status status) {
  report(proxy, what, conntrail_status_sentence(status));
  return false;
}

static ev_socklen_t address_size(const struct sockaddr *address) {
  return address->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

/* Without redirect records, the system does not recognise the proxy's own connections. A rule that
 * does not exempt them redirects them to the proxy. */
static bool is_own(const minimal_proxy *proxy, conntrail_socket accepted,
                   const struct sockaddr_storage *destination) {
  struct sockaddr_storage client;
  ev_socklen_t size = sizeof client;
  return getpeername(accepted, (struct sockaddr *)&client, &size) == 0 &&
         own_flows_has(proxy->relays.outgoing, &client, destination);
}

/* Everything that a proxy does for redirection: two calls of conntrail, before it connects. */
static bool connect_onward(minimal_proxy *proxy, conntrail_socket accepted,
                           struct bufferevent *onward, struct sockaddr_storage *destination) {
  const conntrail_socket listener = (conntrail_socket)evconnlistener_get_fd(proxy->listener);
  conntrail_status status =
      conntrail_original_destination_by(accepted, listener, NULL, NULL, destination);
  if (status < 0) {
    return refused(proxy, "original destination", status);
  }

  conntrail_socket outbound = socket(destination->ss_family, SOCK_STREAM, IPPROTO_TCP);
  if (outbound == CONNTRAIL_INVALID_SOCKET) {
    return failed(proxy, "socket");
  }
  bufferevent_setfd(onward, (evutil_socket_t)outbound); /* onward will close it */
  evutil_make_socket_nonblocking((evutil_socket_t)outbound);
  if (!system_set_mark(outbound, proxy->options.mark)) {
    return failed(proxy, "mark");
  }

  status = conntrail_transfer_records(accepted, outbound);
  if (status < 0) {
    return refused(proxy, "transfer of records", status);
  }
  if (status == CONNTRAIL_OK_NOTHING_TO_TRANSFER && is_own(proxy, accepted, destination)) {
    report(proxy, "loop", "the redirect rule must exempt the proxy's own connections");
    return false;
  }

  const struct sockaddr *to = (struct sockaddr *)destination;
  if (connect(outbound, to, address_size(to)) != 0 && !system_would_wait()) {
    return failed(proxy, "connect");
  }
  bufferevent_socket_connect(onward, NULL, 0); /* waits until it is connected */
  return true;
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t accepted,
                      struct sockaddr *peer, int size, void *argument) {
  minimal_proxy *proxy = argument;
  (void)listener, (void)peer, (void)size;
  struct bufferevent *client = bufferevent_socket_new(proxy->base, accepted, BEV_OPT_CLOSE_ON_FREE);
  struct bufferevent *server = bufferevent_socket_new(proxy->base, -1, BEV_OPT_CLOSE_ON_FREE);
  struct sockaddr_storage destination;
  if (client && server && connect_onward(proxy, (conntrail_socket)accepted, server, &destination) &&
      relay_begin(&proxy->relays, client, server, &destination)) {
    return;
  }
  if (server) {
    bufferevent_free(server);
  }
  if (client) {
    bufferevent_free(client);
  } else {
    evutil_closesocket(accepted);
  }
}

/* conntrail prepares the socket before it is bound. */
static bool listen_at(minimal_proxy *proxy, const struct sockaddr *address) {
  const int yes = 1;
  ev_socklen_t size = sizeof proxy->address;
  conntrail_socket made = socket(address->sa_family, SOCK_STREAM, IPPROTO_TCP);
  if (made == CONNTRAIL_INVALID_SOCKET) {
    return failed(proxy, "socket");
  }
  const char *why = listen_options_apply(&proxy->options, made);
  if (why) {
    evutil_closesocket((evutil_socket_t)made);
    report(proxy, "prepare listener", why);
    return false;
  }
  (void)setsockopt(made, SOL_SOCKET, SO_KEEPALIVE, (const void *)&yes, sizeof yes);
  evutil_make_socket_nonblocking((evutil_socket_t)made);
  evutil_make_socket_closeonexec((evutil_socket_t)made);
  evutil_make_listen_socket_reuseable((evutil_socket_t)made);
  if (bind(made, address, address_size(address)) == 0 &&
      getsockname(made, (struct sockaddr *)&proxy->address, &size) == 0) {
    proxy->listener = evconnlistener_new(proxy->base, on_accept, proxy, LEV_OPT_CLOSE_ON_FREE, -1,
                                         (evutil_socket_t)made);
  }
  if (!proxy->listener) {
    failed(proxy, "listen");
    evutil_closesocket((evutil_socket_t)made);
  }
  return proxy->listener != NULL;
}

minimal_proxy *minimal_proxy_new(struct event_base *base, const struct sockaddr *address,
                                 const listen_options *options, minimal_proxy_log *log,
                                 void *argument) {
  minimal_proxy *proxy = calloc(1, sizeof *proxy);
  if (!proxy) {
    return NULL;
  }
  *proxy = (minimal_proxy){.base = base, .log = log, .argument = argument};
  if (options) {
    proxy->options = *options;
  }
  proxy->relays = (relays){report, proxy, own_flows_new(), NULL};
  if (!proxy->relays.outgoing || !listen_at(proxy, address)) {
    minimal_proxy_free(proxy);
    return NULL;
  }
  return proxy;
}

void minimal_proxy_free(minimal_proxy *proxy) {
  relay_end_all(&proxy->relays);
  if (proxy->listener) {
    evconnlistener_free(proxy->listener);
  }
  own_flows_free(proxy->relays.outgoing);
  free(proxy);
}

const struct sockaddr *minimal_proxy_address(const minimal_proxy *proxy) {
  return (const struct sockaddr *)&proxy->address;
}
