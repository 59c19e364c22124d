/* SPDX-License-Identifier: MIT */
/*
 * A relay as libevent's bufferevents make it when nothing is tuned, to compare with:
 *   plain_relay PORT     prints where it listens; takes each connection to 127.0.0.1:PORT
 */

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { MANY_WAITING = 1 << 20 };

typedef struct pair {
  struct bufferevent *ends[2];
  int ended;
} pair;

static struct sockaddr_in onward = {.sin_family = AF_INET};

static struct bufferevent *other_of(const pair *of, const struct bufferevent *one) {
  return of->ends[of->ends[0] == one];
}

static void close_pair(pair *of) {
  bufferevent_free(of->ends[0]);
  bufferevent_free(of->ends[1]);
  free(of);
}

static void on_read(struct bufferevent *from, void *argument) {
  struct bufferevent *to = other_of(argument, from);
  bufferevent_write_buffer(to, bufferevent_get_input(from));
  if (evbuffer_get_length(bufferevent_get_output(to)) > MANY_WAITING) {
    bufferevent_disable(from, EV_READ);
  }
}

static void on_write(struct bufferevent *to, void *argument) {
  pair *of = argument;
  bufferevent_enable(other_of(of, to), EV_READ);
  if (of->ended) {
    close_pair(of);
  }
}

static void on_event(struct bufferevent *from, short what, void *argument) {
  pair *of = argument;
  if (what & BEV_EVENT_CONNECTED) {
    return;
  }
  if (evbuffer_get_length(bufferevent_get_output(other_of(of, from))) == 0 || of->ended) {
    close_pair(of);
  } else {
    of->ended = 1;
  }
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t accepted,
                      struct sockaddr *peer, int size, void *argument) {
  struct event_base *base = argument;
  pair *made = calloc(1, sizeof *made);
  (void)listener, (void)peer, (void)size;
  made->ends[0] = bufferevent_socket_new(base, accepted, BEV_OPT_CLOSE_ON_FREE);
  made->ends[1] = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
  for (int i = 0; i < 2; i++) {
    bufferevent_setcb(made->ends[i], on_read, on_write, on_event, made);
    bufferevent_enable(made->ends[i], EV_READ | EV_WRITE);
  }
  bufferevent_socket_connect(made->ends[1], (struct sockaddr *)&onward, sizeof onward);
}

int main(int count, char **words) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof at;
  struct event_base *base = event_base_new();
  struct evconnlistener *listener;
  if (count != 2) {
    (void)fprintf(stderr, "usage: plain_relay PORT\n");
    return EXIT_FAILURE;
  }
  signal(SIGPIPE, SIG_IGN);
  onward.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  onward.sin_port = htons((uint16_t)strtoul(words[1], NULL, 10));
  listener = evconnlistener_new_bind(base, on_accept, base, LEV_OPT_CLOSE_ON_FREE, 1024,
                                     (struct sockaddr *)&at, sizeof at);
  if (!listener || getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&at, &size)) {
    (void)fprintf(stderr, "plain_relay: cannot listen\n");
    return EXIT_FAILURE;
  }
  (void)printf("%u\n", (unsigned)ntohs(at.sin_port));
  (void)fflush(stdout);
  return event_base_dispatch(base);
}
