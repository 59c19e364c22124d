/* SPDX-License-Identifier: MIT */
#include "relay.h"

#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

#include "conntrail/platform.h"
#include "system.h"

/* SHUT_WR is SD_SEND on Windows, and 1 everywhere. */
enum { LIBEVENT_READS = 4096, AT_ONCE = 65536, MANY_WAITING = 4 * AT_ONCE, SHUT_SENDING = 1 };

typedef struct end {
  struct relay *relay;
  struct end *other;
  struct bufferevent *stream;
  bool connected;
  bool ended; /* it will send no more */
} end;

typedef struct relay {
  relays *all;
  struct relay *next, **link;
  end client, server;
  int own_flow;
} relay;

static void close_relay(relay *over) {
  *over->link = over->next;
  if (over->next) {
    over->next->link = over->link;
  }
  if (over->all->outgoing) {
    own_flows_remove(over->all->outgoing, over->own_flow);
  }
  bufferevent_free(over->client.stream);
  bufferevent_free(over->server.stream);
  free(over);
}

static size_t waiting_for(const end *to) {
  return evbuffer_get_length(bufferevent_get_output(to->stream));
}

static void on_event(struct bufferevent *stream, short what, void *argument);

/* Reads much at once if libevent read as much as it can. False: the connection broke. libevent
 * detects an end. */
static bool read_more(struct bufferevent *stream, struct evbuffer *into) {
  struct evbuffer_iovec room;
  if (evbuffer_reserve_space(into, AT_ONCE, &room, 1) != 1) {
    return true;
  }
  const ev_ssize_t size =
      recv((conntrail_socket)bufferevent_getfd(stream), room.iov_base, AT_ONCE, 0);
  if (size < 0) {
    return system_would_wait();
  }
  room.iov_len = (size_t)size;
  return evbuffer_commit_space(into, &room, 1) == 0;
}

static void on_readable(struct bufferevent *stream, void *argument) {
  const end *from = argument;
  struct evbuffer *passed_on = bufferevent_get_output(from->other->stream);
  const bool is_more_likely = evbuffer_get_length(bufferevent_get_input(stream)) >= LIBEVENT_READS;
  bufferevent_read_buffer(stream, passed_on);
  if (is_more_likely && !read_more(stream, passed_on)) {
    on_event(stream, BEV_EVENT_ERROR, argument);
  } else if (waiting_for(from->other) > MANY_WAITING) {
    bufferevent_disable(stream, EV_READ); /* until on_written */
  }
}

static void on_written(struct bufferevent *stream, void *argument) {
  const end *to = argument, *from = to->other;
  if (!from->ended) {
    bufferevent_enable(from->stream, EV_READ);
  } else if (to->connected && waiting_for(to) == 0) {
    shutdown((conntrail_socket)bufferevent_getfd(stream), SHUT_SENDING);
    if (to->ended && waiting_for(from) == 0) {
      close_relay(to->relay);
    }
  }
}

/* A broken connection must not look like a proper end to the other side: it is reset. */
static void reset_other(const end *broken) {
  const struct linger no_time = {1, 0};
  setsockopt((conntrail_socket)bufferevent_getfd(broken->other->stream), SOL_SOCKET, SO_LINGER,
             (const void *)&no_time, sizeof no_time);
}

static void on_event(struct bufferevent *stream, short what, void *argument) {
  end *here = argument;
  if (what & BEV_EVENT_CONNECTED) {
    here->connected = true;
    bufferevent_enable(stream, EV_READ);
    on_written(stream, here);
  } else if (what & BEV_EVENT_EOF) {
    here->ended = true;
    on_written(here->other->stream, here->other);
  } else {
    const relays *all = here->relay->all;
    all->failed(all->argument, here->connected ? "relay" : "connect",
                evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
    reset_other(here);
    close_relay(here->relay);
  }
}

static void begin(end *here) {
  bufferevent_setcb(here->stream, on_readable, on_written, on_event, here);
  bufferevent_set_max_single_write(here->stream, AT_ONCE);
}

bool relay_begin(relays *all, struct bufferevent *client, struct bufferevent *server,
                 const struct sockaddr_storage *destination) {
  relay *begun = malloc(sizeof *begun);
  if (!begun) {
    return false;
  }
  *begun = (relay){all,
                   all->first,
                   &all->first,
                   {begun, &begun->server, client, true, false},
                   {begun, &begun->client, server, false, false},
                   OWN_FLOWS_NONE};
  if (all->outgoing) {
    begun->own_flow =
        own_flows_add(all->outgoing, (conntrail_socket)bufferevent_getfd(server), destination);
  }
  if (begun->next) {
    begun->next->link = &begun->next;
  }
  all->first = begun;
  begin(&begun->client);
  begin(&begun->server);
  bufferevent_enable(client, EV_READ);
  return true;
}

void relay_end_all(relays *all) {
  while (all->first) {
    close_relay(all->first);
  }
}
