/* SPDX-License-Identifier: MIT */
/* For accept4 and SO_PEERCRED. */
#define _GNU_SOURCE
#include "control.h"

#include <errno.h>
#include <event2/buffer.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../supervisor/own_socket.h"
#include "control_client.h"

/*
 * Clients of the control socket. Each has one request at a time: the next line is not looked at
 * before the answer is written. So a client that reads nothing costs one answer, and one that sends
 * without end as much as the longest line.
 */

enum {
  MOST_CLIENTS = 64,
  BACKLOG = 64,
  LONGEST_LINE = 1 << 18, /* bytes */
  MICROSECONDS_FULL = 50000
};

struct conntrail__control {
  conntrail__running *run;
  conntrail__own_socket socket;
  struct event *readable;
  struct event *full; /* accepts again once there may be a descriptor */
  conntrail__control_client *clients;
  unsigned count;
};

/* ---- Answers --------------------------------------------------------------------------------- */

void conntrail__control_answer(conntrail__control_client *client, json_t *object) {
  static const char no_memory[] = "{\"ok\":false,\"error\":\"no memory for an answer\"}";
  struct evbuffer *out = bufferevent_get_output(client->stream);
  if (object != NULL && client->id != NULL) {
    json_object_set(object, "id", client->id);
  }
  char *text = object == NULL
                   ? NULL
                   : json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_ENSURE_ASCII);
  (void)evbuffer_add_printf(out, "%s\n", text == NULL ? no_memory : text);
  free(text);
  json_decref(object);
  json_decref(client->id);
  client->id = NULL;
}

void conntrail__control_refuse(conntrail__control_client *client, const char *why) {
  conntrail__control_answer(client,
                            json_pack("{s:b, s:o}", "ok", 0, "error", conntrail__json_text(why)));
}

void conntrail__control_end_waits(conntrail__control *control, const char *why) {
  for (conntrail__control_client *c = control->clients; c != NULL; c = c->next) {
    if (c->wait.is_on) {
      c->wait.is_on = false;
      (void)event_del(c->limit);
      conntrail__control_refuse(c, why);
    }
  }
}

/* ---- A client -------------------------------------------------------------------------------- */

static void end_run(conntrail__running *r) {
  r->caught = SIGTERM;
  r->caught_at = time(NULL);
  if (r->main > 0 && !r->is_main_over) {
    (void)kill(r->main, SIGTERM);
  }
  (void)event_base_loopbreak(r->base);
}

static void free_client(conntrail__control_client *client) {
  if (client->limit != NULL) {
    event_free(client->limit);
  }
  bufferevent_free(client->stream);
  free(client);
}

static void forget(conntrail__control_client *client) {
  conntrail__control_client **place = &client->control->clients;
  while (*place != client) {
    place = &(*place)->next;
  }
  *place = client->next;
  client->control->count--;
  if (client->has_quit) {
    end_run(client->run);
  }
  json_decref(client->id);
  free_client(client);
}

static bool is_busy(const conntrail__control_client *client) {
  return client->wait.is_on || client->is_ending ||
         evbuffer_get_length(bufferevent_get_output(client->stream)) > 0;
}

static void refuse_and_end(conntrail__control_client *client, const char *why) {
  conntrail__control_refuse(client, why);
  client->is_ending = true;
}

/* False: there is no whole line. */
static bool take_line(conntrail__control_client *client) {
  struct evbuffer *in = bufferevent_get_input(client->stream);
  size_t size = 0;
  char *line = evbuffer_readln(in, &size, EVBUFFER_EOL_LF);
  if (line != NULL) {
    conntrail__control_take(client, line, size);
    free(line);
    return true;
  }
  if (evbuffer_get_length(in) > LONGEST_LINE) {
    refuse_and_end(client, "a line is longer than 262144 bytes, which no request is");
  }
  return false;
}

static void on_line(struct bufferevent *stream, void *arg) {
  conntrail__control_client *client = arg;
  (void)stream;
  while (!is_busy(client) && take_line(client)) {
  }
}

/* It sends nothing any more: what it sent was answered, or is no whole line. */
static void end_closed(conntrail__control_client *client) {
  if (is_busy(client)) {
    return;
  }
  if (evbuffer_get_length(bufferevent_get_input(client->stream)) > 0) {
    refuse_and_end(client, "the last line has no end: a request is one line, ended by a newline");
  } else {
    forget(client);
  }
}

/* Its answer is with the system. */
static void on_written(struct bufferevent *stream, void *arg) {
  conntrail__control_client *client = arg;
  if (client->is_ending) {
    forget(client);
    return;
  }
  on_line(stream, client);
  if (client->is_closed) {
    end_closed(client);
  }
}

/* A client may close its sending end, and read on. */
static bool is_gone(const conntrail__control_client *client) {
  struct pollfd asked = {.fd = bufferevent_getfd(client->stream)};
  return poll(&asked, 1, 0) != 0 && (asked.revents & (POLLHUP | POLLERR)) != 0;
}

static void on_end(struct bufferevent *stream, short what, void *arg) {
  conntrail__control_client *client = arg;
  if ((what & BEV_EVENT_EOF) == 0 || is_gone(client)) {
    forget(client);
    return;
  }
  client->is_closed = true;
  (void)bufferevent_disable(stream, EV_READ);
  end_closed(client);
}

static void on_limit(evutil_socket_t fd, short what, void *arg) {
  conntrail__control_client *client = arg;
  char text[300];
  (void)fd;
  (void)what;
  client->wait.is_on = false;
  conntrail__wait_explain(&client->wait, text, sizeof text);
  conntrail__control_refuse(client, text);
}

/* ---- Who comes ------------------------------------------------------------------------------- */

static bool is_same_user(int fd) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
}

/* Takes fd over. NULL: no memory. */
static conntrail__control_client *create_client(conntrail__control *control, int fd) {
  struct event_base *base = control->run->base;
  conntrail__control_client *client = calloc(1, sizeof *client);
  struct bufferevent *stream = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
  if (client == NULL || stream == NULL) {
    free(client);
    stream == NULL ? (void)close(fd) : bufferevent_free(stream);
    return NULL;
  }
  *client = (conntrail__control_client){.control = control, .run = control->run, .stream = stream};
  client->limit = event_new(base, -1, 0, on_limit, client);
  bufferevent_setcb(stream, on_line, on_written, on_end, client);
  bufferevent_setwatermark(stream, EV_READ, 0, LONGEST_LINE + 1);
  if (client->limit == NULL || bufferevent_enable(stream, EV_READ | EV_WRITE) != 0) {
    free_client(client);
    return NULL;
  }
  return client;
}

/* Who cannot be served learns why. It fits into an empty socket. */
static void turn_away(int fd, const char *why) {
  char line[200];
  const int size = snprintf(line, sizeof line, "{\"ok\":false,\"error\":\"%s\"}\n", why);
  (void)send(fd, line, (size_t)size, MSG_NOSIGNAL | MSG_DONTWAIT);
  close(fd);
}

static void take_in(conntrail__control *control, int fd) {
  if (!is_same_user(fd)) {
    turn_away(fd, "the supervisor is of another user");
    return;
  }
  if (control->count >= MOST_CLIENTS) {
    turn_away(fd, "64 clients are connected, and no more can be; close one");
    return;
  }
  conntrail__control_client *client = create_client(control, fd);
  if (client != NULL) {
    client->next = control->clients;
    control->clients = client;
    control->count++;
  }
}

static void on_connection(evutil_socket_t fd, short what, void *arg) {
  static const struct timeval later = {.tv_usec = MICROSECONDS_FULL};
  conntrail__control *control = arg;
  (void)what;
  int own = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (own >= 0) {
    take_in(control, own);
  } else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) { /* EMFILE */
    (void)event_del(control->readable);
    (void)event_add(control->full, &later);
  }
}

static void on_later(evutil_socket_t fd, short what, void *arg) {
  const conntrail__control *control = arg;
  (void)fd;
  (void)what;
  (void)event_add(control->readable, NULL);
}

/* ---- The whole ------------------------------------------------------------------------------- */

static bool watch(conntrail__control *control) {
  struct event_base *base = control->run->base;
  control->readable =
      event_new(base, control->socket.fd, EV_READ | EV_PERSIST, on_connection, control);
  control->full = event_new(base, -1, 0, on_later, control);
  return control->readable != NULL && control->full != NULL &&
         event_add(control->readable, NULL) == 0;
}

conntrail__control *conntrail__control_open(conntrail__running *r, const char *path,
                                            conntrail__refusal *why) {
  conntrail__control *control = calloc(1, sizeof *control);
  if (control == NULL) {
    snprintf(why->text, sizeof why->text, "no memory for a control socket");
    return NULL;
  }
  control->run = r;
  if (conntrail__own_socket_open(&control->socket, path, SOCK_STREAM, BACKLOG, why)) {
    if (watch(control)) {
      return control;
    }
    snprintf(why->text, sizeof why->text, "libevent does not watch the control socket");
  }
  conntrail__control_close(control);
  return NULL;
}

void conntrail__control_close(conntrail__control *control) {
  if (control == NULL) {
    return;
  }
  while (control->clients != NULL) {
    forget(control->clients);
  }
  if (control->readable != NULL) {
    event_free(control->readable);
  }
  if (control->full != NULL) {
    event_free(control->full);
  }
  conntrail__own_socket_close(&control->socket);
  free(control);
}

void conntrail__control_changed(conntrail__control *control) {
  for (conntrail__control_client *c = control == NULL ? NULL : control->clients; c != NULL;
       c = c->next) {
    json_t *event = c->wait.is_on ? conntrail__wait_look(&c->wait, c->run) : NULL;
    if (event != NULL) {
      c->wait.is_on = false;
      (void)event_del(c->limit);
      conntrail__control_answer(c, json_pack("{s:b, s:o}", "ok", 1, "event", event));
    }
  }
}
