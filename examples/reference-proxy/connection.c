/* SPDX-License-Identifier: MIT */
#include "connection.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "address.h"
#include "system.h"

typedef struct side {
  endpoint end; /* the first member: a stream knows it by this */
  struct event *event;
  short awaited; /* EV_READ and EV_WRITE, as the event has them */
} side;

typedef struct connection {
  connections *all;
  side client, server;
  stream up, down; /* from the client, from the server */
  struct sockaddr_storage destination;
  int own_flow;
  long active_at;
  bool is_connecting; /* and in that list */
  bool is_queued;     /* in once_more */
  struct connection *prev, *next;
  struct connection *queue_prev, *queue_next;
} connection;

static void queue(connection *one) {
  static const struct timeval now = {0, 0};
  if (!one->is_queued) {
    one->is_queued = true;
    DL_APPEND2(one->all->once_more, one, queue_prev, queue_next);
    event_add(one->all->again, &now);
  }
}

static void unqueue(connection *one) {
  if (one->is_queued) {
    DL_DELETE2(one->all->once_more, one, queue_prev, queue_next);
    one->is_queued = false;
  }
}

/* ---- Ends ----------------------------------------------------------------------------------- */

static void reset(conntrail_socket socket) {
  const struct linger no_time = {1, 0};
  (void)setsockopt(socket, SOL_SOCKET, SO_LINGER, (const void *)&no_time, sizeof no_time);
  evutil_closesocket((evutil_socket_t)socket);
}

static void close_side(side *closed, bool is_broken) {
  event_del(closed->event);
  closed->awaited = 0;
  if (is_broken) {
    reset(closed->end.socket);
  } else {
    evutil_closesocket((evutil_socket_t)closed->end.socket);
  }
}

/* A broken connection must not look like a proper end: both sides are reset. */
static void end_connection(connection *ended, counter why) {
  connections *all = ended->all;
  const bool is_broken = why != COUNTER_ended;
  count(all->counters, why);
  count_down(all->counters, COUNTER_open);
  if (ended->up.pipe || ended->down.pipe) {
    count(all->counters, COUNTER_spliced);
  }
  unqueue(ended);
  if (ended->is_connecting) {
    DL_DELETE(all->connecting, ended);
  } else {
    DL_DELETE(all->relaying, ended);
  }
  stream_close(&ended->up, &all->tools);
  stream_close(&ended->down, &all->tools);
  close_side(&ended->client, is_broken);
  close_side(&ended->server, is_broken);
  own_flows_remove(all->outgoing, ended->own_flow);
  LL_PREPEND(all->spare, ended);
}

static void say_and_end(connection *ended, counter why, const char *what, const char *reason) {
  char text[ADDRESS_TEXT];
  log_line(ended->all->log, LOG_LEVEL_WARNING, "%s %s: %s", what,
           address_text(&ended->destination, text), reason);
  end_connection(ended, why);
}

static void end_by_system(connection *ended, int error) {
  const bool was_connecting = !ended->server.end.is_connected;
  say_and_end(ended, was_connecting ? COUNTER_connect_failed : COUNTER_broken,
              was_connecting ? "connect" : "relay", evutil_socket_error_to_string(error));
}

/* ---- Waiting -------------------------------------------------------------------------------- */

static void on_ready(evutil_socket_t socket, short what, void *argument);

/* If only changes are reported, what was registered once stays registered: it costs nothing and
 * saves a system call. */
static void await(connection *of, side *at, short wanted) {
  const bool edges = of->all->is_edge_triggered;
  if (edges) {
    wanted = (short)(wanted | at->awaited);
  }
  if (wanted == at->awaited) {
    return;
  }
  event_del(at->event);
  at->awaited = wanted;
  if (wanted != 0) {
    const short kind = edges ? EV_PERSIST | EV_ET | EV_CLOSED : EV_PERSIST;
    event_assign(at->event, of->all->base, (evutil_socket_t)at->end.socket, (short)(wanted | kind),
                 on_ready, of);
    event_add(at->event, NULL);
  }
}

static short wanted_at(const endpoint *at, const stream *out, const stream *in) {
  const bool reads = !out->has_ended && !stream_is_blocked(out) && !at->is_readable;
  const bool writes = !at->is_connected || (stream_is_blocked(in) && !at->is_writable);
  return (short)((reads ? EV_READ : 0) | (writes ? EV_WRITE : 0));
}

static void await_both(connection *of) {
  const bool edges = of->all->is_edge_triggered;
  const short always = edges ? EV_READ : 0;
  await(of, &of->client, (short)(always | wanted_at(&of->client.end, &of->up, &of->down)));
  await(of, &of->server, (short)(always | wanted_at(&of->server.end, &of->down, &of->up)));
}

/* ---- Life ----------------------------------------------------------------------------------- */

static void note_connected(connection *of) {
  if (of->is_connecting && of->server.end.is_connected) {
    of->is_connecting = false;
    count(of->all->counters, COUNTER_connected);
    DL_DELETE(of->all->connecting, of);
    DL_APPEND(of->all->relaying, of);
  }
}

static void note_activity(connection *of, uint64_t up_before, uint64_t down_before) {
  const uint64_t up = of->up.passed - up_before, down = of->down.passed - down_before;
  count_by(of->all->counters, COUNTER_bytes_up, up);
  count_by(of->all->counters, COUNTER_bytes_down, down);
  count_set(of->all->counters, COUNTER_peeked, of->all->tools.peeked);
  if (up + down > 0 && of->active_at != of->all->now && !of->is_connecting) {
    of->active_at = of->all->now;
    DL_DELETE(of->all->relaying, of);
    DL_APPEND(of->all->relaying, of);
  }
}

static void run(connection *of) {
  connections *all = of->all;
  const uint64_t up_before = of->up.passed, down_before = of->down.passed;
  stream_result up = stream_move(&of->up, &all->tools);
  stream_result down = STREAM_WAITS;
  int error = up == STREAM_BROKE ? EVUTIL_SOCKET_ERROR() : 0;
  if (up != STREAM_BROKE && of->server.end.is_connected) {
    down = stream_move(&of->down, &all->tools);
    error = down == STREAM_BROKE ? EVUTIL_SOCKET_ERROR() : 0;
  }
  note_connected(of);
  note_activity(of, up_before, down_before);
  if (up == STREAM_BROKE || down == STREAM_BROKE) {
    end_by_system(of, error);
    return;
  }
  if (of->up.is_finished && of->down.is_finished) {
    end_connection(of, COUNTER_ended);
    return;
  }
  if (up == STREAM_HAS_MORE || down == STREAM_HAS_MORE) {
    queue(of);
  }
  await_both(of);
}

/* False: it ended. */
static bool is_still_alive(connection *of) {
  int error = 0;
  ev_socklen_t size = sizeof error;
  if (getsockopt(of->server.end.socket, SOL_SOCKET, SO_ERROR, (void *)&error, &size) != 0) {
    error = EVUTIL_SOCKET_ERROR();
  }
  if (error != 0) {
    end_by_system(of, error);
    return false;
  }
  return true;
}

static void on_ready(evutil_socket_t socket, short what, void *argument) {
  connection *of = argument;
  side *at = (evutil_socket_t)of->client.end.socket == socket ? &of->client : &of->server;
  if (!at->end.is_connected) {
    if (!is_still_alive(of)) {
      return;
    }
    at->end.is_connected = (what & EV_WRITE) != 0;
  }
  at->end.is_readable |= (what & (EV_READ | EV_CLOSED)) != 0;
  at->end.is_writable |= (what & EV_WRITE) != 0;
  at->end.will_end |= (what & EV_CLOSED) != 0;
  run(of);
}

/* Those that queue themselves again meanwhile are run after the loop's next look at the sockets. */
static void on_again(evutil_socket_t none, short what, void *argument) {
  connections *all = argument;
  connection *due = all->once_more;
  (void)none, (void)what;
  all->once_more = NULL;
  while (due) {
    connection *first = due;
    DL_DELETE2(due, first, queue_prev, queue_next);
    first->is_queued = false;
    run(first); /* it ends no other connection */
  }
}

/* ---- Beginning ------------------------------------------------------------------------------ */

static void free_connection(connection *freed) {
  if (freed->client.event) {
    event_free(freed->client.event);
  }
  if (freed->server.event) {
    event_free(freed->server.event);
  }
  free(freed);
}

static connection *take_memory(connections *all) {
  connection *taken = all->spare;
  if (taken) {
    LL_DELETE(all->spare, taken);
    return taken;
  }
  taken = calloc(1, sizeof *taken);
  if (!taken) {
    return NULL;
  }
  taken->client.event = event_new(all->base, -1, 0, on_ready, taken);
  taken->server.event = event_new(all->base, -1, 0, on_ready, taken);
  if (!taken->client.event || !taken->server.event) {
    free_connection(taken);
    return NULL;
  }
  return taken;
}

static void count_onward(counters *all, const onward *result) {
  const conntrail_status transfer = result->transfer_status;
  if (transfer == CONNTRAIL_OK) {
    count(all, COUNTER_records_transferred);
  } else if (transfer >= 0 && result->destination_status != CONNTRAIL_OK) {
    count(all, COUNTER_not_redirected);
  }
  if (!result->failed_step) {
    return;
  }
  if (result->is_loop) {
    count(all, COUNTER_loops);
  } else if (result->destination.ss_family == 0) {
    count(all, COUNTER_no_destination);
  } else if (transfer < 0 && transfer != CONNTRAIL_PENDING) {
    count(all, COUNTER_records_failed);
  } else {
    count(all, COUNTER_connect_failed);
  }
}

static bool go_on(connections *all, conntrail_socket accepted, const onward_from *from,
                  onward *result) {
  char text[ADDRESS_TEXT];
  onward_begin(accepted, from, result);
  count_onward(all->counters, result);
  if (!result->failed_step) {
    return true;
  }
  log_line(all->log, LOG_LEVEL_WARNING, "%s%s%s: %s", result->failed_step,
           result->destination.ss_family ? " " : "",
           result->destination.ss_family ? address_text(&result->destination, text) : "",
           result->why);
  return false;
}

void connection_begin(connections *all, conntrail_socket accepted, const onward_from *from) {
  onward found;
  connection *begun;
  count(all->counters, COUNTER_accepted);
  if (!go_on(all, accepted, from, &found)) {
    reset(accepted);
    return;
  }
  begun = take_memory(all);
  if (!begun) {
    log_line(all->log, LOG_LEVEL_ERROR, "no memory for a connection");
    reset(accepted);
    evutil_closesocket((evutil_socket_t)found.socket);
    own_flows_remove(all->outgoing, found.own_flow);
    return;
  }
  *begun = (connection){
      .all = all,
      .client = {{accepted, true, true, true, false}, begun->client.event, 0},
      .server = {{found.socket, found.is_connected, false, true, false}, begun->server.event, 0},
      .destination = found.destination,
      .own_flow = found.own_flow,
      .active_at = all->now,
      .is_connecting = true};
  begun->up = (stream){.from = &begun->client.end, .to = &begun->server.end, .back = &begun->down};
  begun->down = (stream){.from = &begun->server.end, .to = &begun->client.end, .back = &begun->up};
  DL_APPEND(all->connecting, begun);
  count(all->counters, COUNTER_open);
  run(begun);
}

/* ---- All ------------------------------------------------------------------------------------ */

bool connections_open(connections *all) {
  const int features = event_base_get_features(all->base);
  all->is_edge_triggered = (features & EV_FEATURE_ET) && (features & EV_FEATURE_EARLY_CLOSE);
  all->tools.scratch = malloc(BUFFER_SIZE);
  all->again = evtimer_new(all->base, on_again, all);
  return all->tools.scratch && all->again;
}

void connections_close(connections *all) {
  while (all->connecting) {
    end_connection(all->connecting, COUNTER_broken);
  }
  while (all->relaying) {
    end_connection(all->relaying, COUNTER_broken);
  }
  while (all->spare) {
    connection *freed = all->spare;
    LL_DELETE(all->spare, freed);
    free_connection(freed);
  }
  if (all->again) {
    event_free(all->again);
  }
  free(all->tools.scratch);
  splice_free(&all->tools.pipes);
  buffers_free(&all->tools.buffers);
}

/* `now` is in whole seconds: the time-out may be up to one second late, never early. */
void connections_expire(connections *all) {
  while (all->connecting && all->now - all->connecting->active_at > all->connect_seconds) {
    say_and_end(all->connecting, COUNTER_connect_timed_out, "connect", "nobody answered in time");
  }
  while (all->relaying && all->now - all->relaying->active_at > all->idle_seconds) {
    say_and_end(all->relaying, COUNTER_idle_timed_out, "relay", "idle for too long");
  }
}
