/* SPDX-License-Identifier: MIT */

/*
 * A user's test, whose connect() and accept() are libevent's: they are watched as the
 * program's own, also where libevent is static.
 */

#include <stdio.h>

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

#include "conntrail/conntrail.h"
#include "conntrail/emu.h"
#include "sockets.h"

typedef struct scene {
  struct event_base *base;
  conntrail_status answer;
  size_t size;
  int remaining; /* what is yet to come: the client's connection, and the accepted one */
} scene;

static void count_down(scene *s) {
  s->remaining--;
  if (s->remaining == 0) {
    event_base_loopbreak(s->base);
  }
}

static void accepted(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *peer,
                     int peer_size, void *argument) {
  scene *s = argument;
  char records[4096];
  (void)listener;
  (void)peer;
  (void)peer_size;
  s->answer = conntrail_query_records(fd, records, sizeof records, &s->size);
  count_down(s);
}

static void connected(struct bufferevent *client, short events, void *argument) {
  (void)client;
  if ((events & BEV_EVENT_CONNECTED) != 0) {
    count_down(argument);
  } else {
    event_base_loopbreak(((scene *)argument)->base);
  }
}

static int connect_through(scene *s, conntrail_emu *emu) {
  struct sockaddr_in proxy = address_of("127.0.0.1", 0);
  struct sockaddr_in wanted = address_of("192.0.2.1", 80);
  socklen_t size = sizeof proxy;
  conntrail_emu_service *service = conntrail_emu_add_service(emu, "acme", NULL);
  struct evconnlistener *listener = evconnlistener_new_bind(
      s->base, accepted, s, LEV_OPT_CLOSE_ON_FREE, 8, (struct sockaddr *)&proxy, (int)sizeof proxy);
  struct bufferevent *client = bufferevent_socket_new(s->base, -1, BEV_OPT_CLOSE_ON_FREE);
  int failed = getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&proxy, &size);

  failed |= conntrail_emu_redirect(service, "192.0.2.1 port 80", (struct sockaddr *)&proxy);
  bufferevent_setcb(client, NULL, NULL, connected, s);
  failed |= bufferevent_socket_connect(client, (struct sockaddr *)&wanted, (int)sizeof wanted);
  if (failed == 0) {
    event_base_dispatch(s->base);
  }
  bufferevent_free(client);
  evconnlistener_free(listener);
  return failed;
}

int main(void) {
  conntrail_emu *emu = conntrail_emu_create(NULL);
  scene s = {event_base_new(), CONNTRAIL_UNKNOWN, 0, 2};

  if (emu == NULL) {
    printf("no emulation: %s\n", conntrail_emu_refusal());
    return 2;
  }
  if (connect_through(&s, emu) != 0 || s.remaining != 0 || s.answer != CONNTRAIL_OK ||
      s.size == 0 || conntrail_emu_count(emu, CONNTRAIL_EMU_REDIRECTED) != 1) {
    printf("%d remain, %s: %s\n", s.remaining, conntrail_status_name(s.answer),
           conntrail_emu_refusal());
    return 1;
  }
  printf("conntrail %s\n", CONNTRAIL_VERSION_TEXT);
  conntrail_emu_destroy(emu);
  event_base_free(s.base);
  return 0;
}
