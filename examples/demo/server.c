/* SPDX-License-Identifier: MIT */
#include "server.h"

#include <string.h>

#include <event2/buffer.h>
#include <event2/http.h>

static void on_request(struct evhttp_request *request, void *argument) {
  files *served = argument;
  const char *path = evhttp_request_get_uri(request);
  for (size_t i = 0; i < FILES; i++) {
    const file *wanted = &served->list[i];
    if (strcmp(path, wanted->path) == 0) {
      evbuffer_add_reference(evhttp_request_get_output_buffer(request), wanted->bytes, wanted->size,
                             NULL, NULL);
      evhttp_send_reply(request, HTTP_OK, "OK", NULL);
      return;
    }
  }
  evhttp_send_error(request, HTTP_NOTFOUND, NULL);
}

static bool listen_on(struct evhttp *http, const char *address, struct sockaddr_storage *chosen) {
  struct evhttp_bound_socket *bound = evhttp_bind_socket_with_handle(http, address, 0);
  ev_socklen_t size = sizeof *chosen;
  return bound && getsockname((conntrail_socket)evhttp_bound_socket_get_fd(bound),
                              (struct sockaddr *)chosen, &size) == 0;
}

bool server_start(server *started, struct event_base *base, files *served) {
  memset(started, 0, sizeof *started);
  started->http = evhttp_new(base);
  if (!started->http) {
    return false;
  }
  evhttp_set_gencb(started->http, on_request, served);
  if (listen_on(started->http, "127.0.0.1", &started->ipv4) &&
      listen_on(started->http, "::1", &started->ipv6)) {
    return true;
  }
  server_stop(started);
  return false;
}

void server_stop(server *started) {
  evhttp_free(started->http);
  started->http = NULL;
}
