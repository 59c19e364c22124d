/* SPDX-License-Identifier: MIT */
/* libevent, unmodified and from its shared library, over redirected connections. */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_struct.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>

#include "posix_support.h"

static const struct timeval deadline = {20, 0};

typedef struct scene {
  struct event_base *base;
  char said[256];
  char destination[80];
  char peer[80];
} scene;

static const char *asked_destination(evutil_socket_t fd) {
  struct sockaddr_storage storage;
  conntrail_status status = conntrail_original_destination(fd, &storage);
  return status == CONNTRAIL_OK ? address_text(&storage) : conntrail_status_name(status);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
                      int size, void *argument) {
  scene *s = argument;
  (void)listener, (void)address, (void)size;
  snprintf(s->destination, sizeof s->destination, "%s", asked_destination(fd));
  ck_assert_int_eq(send(fd, "from the proxy", 14, 0), 14);
  ck_assert_int_eq(evutil_closesocket(fd), 0);
}

static void on_event(struct bufferevent *stream, short what, void *argument) {
  scene *s = argument;
  if (what & BEV_EVENT_CONNECTED) {
    snprintf(s->peer, sizeof s->peer, "%s", peer_text(bufferevent_getfd(stream)));
    return;
  }
  bufferevent_read(stream, s->said, sizeof s->said - 1);
  ck_assert_int_eq(what & BEV_EVENT_EOF, BEV_EVENT_EOF);
  event_base_loopbreak(s->base);
}

static scene begin_scene(void) {
  scene s = {.base = event_base_new()};
  ck_assert_ptr_nonnull(s.base);
  return s;
}

static struct evconnlistener *listen_with(scene *s, const char *host) {
  struct sockaddr_storage any = address_of(host, 0);
  struct evconnlistener *listener =
      evconnlistener_new_bind(s->base, on_accept, s, LEV_OPT_CLOSE_ON_FREE, 16,
                              (struct sockaddr *)&any, (int)address_size(&any));
  ck_assert_ptr_nonnull(listener);
  return listener;
}

static void redirect_to(world *w, const char *rule, evutil_socket_t fd) {
  struct sockaddr_storage at = local_address(fd);
  ck_assert_int_eq(conntrail_emu_redirect(w->acme, rule, (struct sockaddr *)&at), CONNTRAIL_OK);
}

static void stream_through(const char *proxy, const char *rule, const char *far, unsigned port,
                           const char *wanted) {
  world w = world_create();
  scene s = begin_scene();
  struct evconnlistener *listener = listen_with(&s, proxy);
  redirect_to(&w, rule, evconnlistener_get_fd(listener));
  struct sockaddr_storage to = address_of(far, port);
  struct bufferevent *stream = bufferevent_socket_new(s.base, -1, BEV_OPT_CLOSE_ON_FREE);
  bufferevent_setcb(stream, NULL, NULL, on_event, &s);
  bufferevent_enable(stream, EV_READ);
  ck_assert_int_eq(
      bufferevent_socket_connect(stream, (struct sockaddr *)&to, (int)address_size(&to)), 0);
  event_base_loopexit(s.base, &deadline);
  event_base_dispatch(s.base);
  ck_assert_str_eq(s.said, "from the proxy");
  ck_assert_str_eq(s.destination, wanted);
  ck_assert_str_eq(s.peer, wanted);
  ck_assert_uint_eq(count_of(w, ACCEPTED), 1);
  bufferevent_free(stream);
  evconnlistener_free(listener);
  event_base_free(s.base);
  world_destroy(&w);
}

START_TEST(listener_and_bufferevent_over_ipv4) {
  stream_through("127.0.0.1", "tcp 198.51.100.0/24", "198.51.100.3", 99, "198.51.100.3:99");
}
END_TEST

START_TEST(listener_and_bufferevent_over_ipv6) {
  stream_through("::1", "tcp 2001:db8::/32", "2001:db8::3", 99, "[2001:db8::3]:99");
}
END_TEST

static void on_request(struct evhttp_request *request, void *argument) {
  scene *s = argument;
  struct bufferevent *stream =
      evhttp_connection_get_bufferevent(evhttp_request_get_connection(request));
  snprintf(s->destination, sizeof s->destination, "%s",
           asked_destination(bufferevent_getfd(stream)));
  evbuffer_add_printf(evhttp_request_get_output_buffer(request), "hello from %s",
                      evhttp_request_get_uri(request));
  evhttp_send_reply(request, HTTP_OK, "OK", NULL);
}

static void on_reply(struct evhttp_request *request, void *argument) {
  scene *s = argument;
  ck_assert_ptr_nonnull(request);
  ck_assert_int_eq(evhttp_request_get_response_code(request), HTTP_OK);
  evbuffer_remove(evhttp_request_get_input_buffer(request), s->said, sizeof s->said - 1);
  event_base_loopbreak(s->base);
}

static void fetch(scene *s, const char *host, unsigned short port) {
  struct evhttp_connection *connection = evhttp_connection_base_new(s->base, NULL, host, port);
  struct evhttp_request *request = evhttp_request_new(on_reply, s);
  evhttp_add_header(evhttp_request_get_output_headers(request), "Host", host);
  ck_assert_int_eq(evhttp_make_request(connection, request, EVHTTP_REQ_GET, "/page"), 0);
  event_base_loopexit(s->base, &deadline);
  event_base_dispatch(s->base);
  evhttp_connection_free(connection);
}

START_TEST(evhttp_client_and_server) {
  world w = world_create();
  scene s = begin_scene();
  struct evhttp *http = evhttp_new(s.base);
  struct evhttp_bound_socket *bound = evhttp_bind_socket_with_handle(http, "127.0.0.1", 0);
  ck_assert_ptr_nonnull(bound);
  evhttp_set_gencb(http, on_request, &s);
  redirect_to(&w, "tcp 198.51.100.0/24", evhttp_bound_socket_get_fd(bound));
  fetch(&s, "198.51.100.80", 80);
  ck_assert_str_eq(s.said, "hello from /page");
  ck_assert_str_eq(s.destination, "198.51.100.80:80");
  ck_assert_uint_eq(count_of(w, ACCEPTED), 1);
  evhttp_free(http);
  event_base_free(s.base);
  world_destroy(&w);
}
END_TEST

RUN_TESTS("posix libevent", listener_and_bufferevent_over_ipv4, listener_and_bufferevent_over_ipv6,
          evhttp_client_and_server)
