/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

#include "conntrail/emu.h"
#include "loopback.h"
#include "minimal_proxy.h"
#include "run_tests.h"

/* A client and a server that tests move by hand, with the proxy's relay between them. */
enum { SHUT_SENDING = 1, LARGE = 64 * 1024 * 1024, IDLE_PASSES = 200 };

typedef struct end {
  struct bufferevent *stream;
  short happened;
} end;

typedef struct scene {
  struct event_base *base;
  conntrail_emu *emu;
  minimal_proxy *proxy;
  struct evconnlistener *listener;
  end client, server;
  char said[256]; /* by the proxy */
} scene;

static void keep_line(const char *line, void *argument) {
  strcat(((scene *)argument)->said, line);
}

static void on_event(struct bufferevent *stream, short what, void *argument) {
  end *here = argument;
  (void)stream;
  here->happened = (short)(here->happened | what);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t accepted,
                      struct sockaddr *peer, int size, void *argument) {
  scene *here = argument;
  (void)listener, (void)peer, (void)size;
  here->server.stream = bufferevent_socket_new(here->base, accepted, BEV_OPT_CLOSE_ON_FREE);
  bufferevent_setcb(here->server.stream, NULL, NULL, on_event, &here->server);
  bufferevent_enable(here->server.stream, EV_READ);
}

/* Runs the event loop until it holds; ctest ends a test in which it never does. */
#define RUN_UNTIL(here, condition)                                                                 \
  do {                                                                                             \
    while (!(condition))                                                                           \
      event_base_loop((here)->base, EVLOOP_ONCE);                                                  \
  } while (0)

static size_t unsent(const end *by) {
  return evbuffer_get_length(bufferevent_get_output(by->stream));
}

static size_t arrived(const end *at) {
  return evbuffer_get_length(bufferevent_get_input(at->stream));
}

static uint64_t closed(const scene *here) {
  return conntrail_emu_count(here->emu, CONNTRAIL_EMU_CLOSED);
}

static scene *open_scene(void) {
  scene *here = calloc(1, sizeof *here);
  struct sockaddr_storage address;
  ev_socklen_t size = sizeof address;
  here->base = event_base_new();
  here->emu = conntrail_emu_create(NULL);
  here->proxy = minimal_proxy_new(here->base, loopback_any_port(), NULL, keep_line, here);
  here->listener = evconnlistener_new_bind(here->base, on_accept, here, LEV_OPT_CLOSE_ON_FREE, -1,
                                           loopback_any_port(), sizeof(struct sockaddr_in));
  ck_assert_int_eq(getsockname((conntrail_socket)evconnlistener_get_fd(here->listener),
                               (struct sockaddr *)&address, &size),
                   0);
  conntrail_emu_redirect(conntrail_emu_add_service(here->emu, "acme", NULL), "any port 80",
                         minimal_proxy_address(here->proxy));
  conntrail_emu_route(here->emu, "93.184.216.34:80", (struct sockaddr *)&address);

  here->client.stream = bufferevent_socket_new(here->base, -1, BEV_OPT_CLOSE_ON_FREE);
  bufferevent_setcb(here->client.stream, NULL, NULL, on_event, &here->client);
  ck_assert_int_eq(bufferevent_socket_connect_hostname(here->client.stream, NULL, AF_UNSPEC,
                                                       "93.184.216.34", 80),
                   0);
  RUN_UNTIL(here, here->server.stream && here->client.happened);
  ck_assert_int_eq(here->client.happened, BEV_EVENT_CONNECTED);
  here->client.happened = 0;
  bufferevent_enable(here->client.stream, EV_READ);
  return here;
}

static void close_scene(scene *here) {
  if (here->client.stream) {
    bufferevent_free(here->client.stream);
  }
  if (here->server.stream) {
    bufferevent_free(here->server.stream);
  }
  evconnlistener_free(here->listener);
  if (here->proxy) {
    minimal_proxy_free(here->proxy);
  }
  event_base_free(here->base);
  conntrail_emu_destroy(here->emu);
  free(here);
}

static conntrail_socket socket_of(const end *of) {
  return (conntrail_socket)bufferevent_getfd(of->stream);
}

/* What an end holds, as text, taken away from it. */
static const char *received(const end *by) {
  static char text[64];
  text[bufferevent_read(by->stream, text, sizeof text - 1)] = '\0';
  return text;
}

static void end_sending(scene *here, const end *by) {
  RUN_UNTIL(here, unsent(by) == 0);
  ck_assert_int_eq(shutdown(socket_of(by), SHUT_SENDING), 0);
}

static void half_close(scene *here, end *first, end *second) {
  bufferevent_write(first->stream, "question", 8);
  end_sending(here, first);
  RUN_UNTIL(here, second->happened);
  ck_assert_int_eq(second->happened, BEV_EVENT_EOF | BEV_EVENT_READING);
  ck_assert_str_eq(received(second), "question");

  bufferevent_write(second->stream, "answer", 6);
  RUN_UNTIL(here, arrived(first) == 6);
  ck_assert_str_eq(received(first), "answer");
  ck_assert_int_eq(first->happened, 0);
  ck_assert_uint_eq(closed(here), 0);

  end_sending(here, second);
  RUN_UNTIL(here, first->happened && closed(here) > 0);
  ck_assert_int_eq(first->happened, BEV_EVENT_EOF | BEV_EVENT_READING);
  ck_assert_str_eq(here->said, "");
}

START_TEST(client_may_end_first_and_still_be_answered) {
  scene *here = open_scene();
  half_close(here, &here->client, &here->server);
  close_scene(here);
}
END_TEST

START_TEST(server_may_end_first_and_still_be_told) {
  scene *here = open_scene();
  half_close(here, &here->server, &here->client);
  close_scene(here);
}
END_TEST

static void reset(end *broken) {
  const struct linger no_time = {1, 0};
  ck_assert_int_eq(
      setsockopt(socket_of(broken), SOL_SOCKET, SO_LINGER, (const void *)&no_time, sizeof no_time),
      0);
  bufferevent_free(broken->stream);
  broken->stream = NULL;
}

START_TEST(a_reset_is_not_passed_on_as_an_end) {
  scene *here = open_scene();
  reset(&here->server);
  RUN_UNTIL(here, here->client.happened && closed(here) > 0);
  ck_assert_int_eq(here->client.happened, BEV_EVENT_ERROR | BEV_EVENT_READING);
  ck_assert_int_eq(strncmp(here->said, "relay: ", 7), 0);
  close_scene(here);
}
END_TEST

/* What the kernel's and the relay's buffers take, while the client reads nothing. */
static size_t sent_until_it_stops(scene *here) {
  size_t before = unsent(&here->server);
  for (int idle = 0; idle < IDLE_PASSES; idle++) {
    event_base_loop(here->base, EVLOOP_NONBLOCK);
    if (unsent(&here->server) != before) {
      idle = 0;
    }
    before = unsent(&here->server);
  }
  return LARGE - before;
}

START_TEST(a_slow_reader_slows_the_sender_and_loses_nothing) {
  scene *here = open_scene();
  char *bytes = malloc(LARGE);
  ck_assert_ptr_nonnull(bytes);
  for (size_t i = 0; i < LARGE; i++) {
    bytes[i] = (char)(i * 2654435761U >> 24);
  }
  bufferevent_disable(here->client.stream, EV_READ);
  bufferevent_write(here->server.stream, bytes, LARGE);
  /* The relay holds 256 KiB and one read more; the kernel's buffers hold some megabytes. */
  ck_assert_uint_lt(sent_until_it_stops(here), LARGE / 2);

  bufferevent_enable(here->client.stream, EV_READ);
  RUN_UNTIL(here, arrived(&here->client) == LARGE || here->client.happened);
  ck_assert_uint_eq(arrived(&here->client), LARGE);
  ck_assert_int_eq(
      memcmp(evbuffer_pullup(bufferevent_get_input(here->client.stream), -1), bytes, LARGE), 0);
  free(bytes);
  close_scene(here);
}
END_TEST

START_TEST(a_proxy_is_freed_with_connections_that_live) {
  scene *here = open_scene();
  bufferevent_write(here->client.stream, "question", 8);
  RUN_UNTIL(here, arrived(&here->server) == 8);
  minimal_proxy_free(here->proxy);
  here->proxy = NULL;
  RUN_UNTIL(here, here->client.happened && here->server.happened && closed(here) > 0);
  ck_assert_int_eq(here->client.happened, BEV_EVENT_EOF | BEV_EVENT_READING);
  ck_assert_int_eq(here->server.happened, BEV_EVENT_EOF | BEV_EVENT_READING);
  close_scene(here);
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("relay");
  tcase_add_test(cases, client_may_end_first_and_still_be_answered);
  tcase_add_test(cases, server_may_end_first_and_still_be_told);
  tcase_add_test(cases, a_reset_is_not_passed_on_as_an_end);
  tcase_add_test(cases, a_slow_reader_slows_the_sender_and_loses_nothing);
  tcase_add_test(cases, a_proxy_is_freed_with_connections_that_live);
  return run_tests(cases);
}
