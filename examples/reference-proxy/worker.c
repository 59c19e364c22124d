/* SPDX-License-Identifier: MIT */
#include "worker.h"

#include <event2/event.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>

#include "connection.h"
#include "system.h"
#include "thread.h"
#include "udp_relay.h"

/* Of a worker's connections so many may be spliced, each way by a pipe, which is two descriptors.
 */
enum { MOST_PIPES = 256, BUFFERS_A_MIB = (1 << 20) / BUFFER_SIZE };
enum { DRAIN = 'd', QUIT = 'q' };

typedef struct acceptor {
  worker *by;
  listening *at;
  struct evconnlistener *listener;
} acceptor;

struct worker {
  const proxy_config *config;
  const proxy_log *log;
  counters counters;
  connections connections;
  unsigned most_connections;
  bool is_paused;
  acceptor acceptors[CONFIG_MOST_LISTENERS];
  size_t acceptor_count;
  udp_relay *relays[CONFIG_MOST_LISTENERS];
  size_t relay_count;
  struct event_base *base;
  struct event *tick, *orders;
  struct evutil_monotonic_timer *clock;
  evutil_socket_t order[2]; /* one byte each; the first is written to from any thread */
  thread *runs;
};

void listening_release(listening *at) {
  if (atomic_fetch_sub(&at->users, 1) == 1) {
    evutil_closesocket((evutil_socket_t)at->socket);
  }
}

/* ---- Accepting ------------------------------------------------------------------------------ */

static void pause_accepting(worker *of, const char *why) {
  count(&of->counters, COUNTER_accept_pauses);
  log_line(of->log, LOG_LEVEL_WARNING, "no more connections are accepted for now: %s", why);
  of->is_paused = true;
  for (size_t i = 0; i < of->acceptor_count; i++) {
    evconnlistener_disable(of->acceptors[i].listener);
  }
}

static void resume_accepting(worker *of) {
  log_line(of->log, LOG_LEVEL_INFO, "connections are accepted again");
  of->is_paused = false;
  for (size_t i = 0; i < of->acceptor_count; i++) {
    evconnlistener_enable(of->acceptors[i].listener);
  }
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t accepted,
                      struct sockaddr *peer, int size, void *argument) {
  const acceptor *at = argument;
  worker *of = at->by;
  const struct sockaddr_storage *otherwise = &at->at->config->otherwise;
  const onward_from from = {at->at->socket, otherwise->ss_family ? otherwise : NULL,
                            of->config->mark, of->connections.outgoing};
  (void)listener, (void)peer, (void)size;
  connection_begin(&of->connections, (conntrail_socket)accepted, &from);
  if (count_of(&of->counters, COUNTER_open) >= of->most_connections) {
    pause_accepting(of, "limits.connections are open");
  }
}

/* Out of descriptors, mostly. The system keeps those who wait; the next tick tries again. */
static void on_accept_failed(struct evconnlistener *listener, void *argument) {
  const acceptor *at = argument;
  (void)listener;
  pause_accepting(at->by, evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
}

bool worker_accept_from(worker *of, listening *at) {
  acceptor *made = &of->acceptors[of->acceptor_count];
  *made = (acceptor){of, at, NULL};
  made->listener = evconnlistener_new(of->base, on_accept, made, 0, 0, (evutil_socket_t)at->socket);
  if (!made->listener) {
    log_line(of->log, LOG_LEVEL_ERROR, "no memory for a listener");
    return false;
  }
  evconnlistener_set_error_cb(made->listener, on_accept_failed);
  atomic_fetch_add(&at->users, 1);
  of->acceptor_count++;
  return true;
}

/* ---- UDP ------------------------------------------------------------------------------------ */

static void log_relay(const char *line, void *argument) {
  const worker *of = argument;
  log_line(of->log, LOG_LEVEL_WARNING, "udp: %s", line);
}

bool worker_relay_udp(worker *of, const listen_config *at, struct sockaddr_storage *address) {
  const listen_options options = config_listen_options(of->config, at);
  udp_relay *made =
      udp_relay_new(of->base, (const struct sockaddr *)&at->address, &options, log_relay, of);
  if (!made) {
    return false;
  }
  udp_relay_limit(made, of->config->udp_flows, of->config->udp_idle_seconds);
  udp_relay_limit_records(made, (size_t)of->config->udp_records_mib << 20);
  *address = *(const struct sockaddr_storage *)udp_relay_address(made);
  of->relays[of->relay_count++] = made;
  return true;
}

static void count_udp(worker *of) {
  size_t flows = 0, dropped = 0;
  for (size_t i = 0; i < of->relay_count; i++) {
    flows += udp_relay_flows(of->relays[i]);
    dropped += udp_relay_dropped(of->relays[i]);
  }
  count_set(&of->counters, COUNTER_udp_flows, flows);
  count_set(&of->counters, COUNTER_udp_dropped, dropped);
}

/* ---- Time, and orders ----------------------------------------------------------------------- */

static void on_tick(evutil_socket_t none, short what, void *argument) {
  worker *of = argument;
  struct timeval now;
  (void)none, (void)what;
  if (evutil_gettime_monotonic(of->clock, &now) == 0) {
    of->connections.now = (long)now.tv_sec;
  }
  connections_expire(&of->connections);
  count_udp(of);
  if (of->is_paused && count_of(&of->counters, COUNTER_open) < of->most_connections) {
    resume_accepting(of);
  }
}

static void stop_accepting(worker *of) {
  for (size_t i = 0; i < of->acceptor_count; i++) {
    evconnlistener_free(of->acceptors[i].listener);
    listening_release(of->acceptors[i].at);
  }
  of->acceptor_count = 0;
  of->is_paused = false;
  count_udp(of);
  for (size_t i = 0; i < of->relay_count; i++) {
    udp_relay_free(of->relays[i]);
  }
  of->relay_count = 0;
}

static void on_order(evutil_socket_t from, short what, void *argument) {
  worker *of = argument;
  char order = QUIT;
  (void)what;
  if (system_receive((conntrail_socket)from, &order, 1) < 0 && system_would_wait()) {
    return;
  }
  stop_accepting(of);
  if (order == QUIT) {
    event_base_loopbreak(of->base);
  }
}

static void order(const worker *to, char what) {
  (void)system_send((conntrail_socket)to->order[0], &what, 1);
}

void worker_drain(worker *of) {
  order(of, DRAIN);
}

/* ---- Life ----------------------------------------------------------------------------------- */

static struct event_base *make_base(bool is_alone) {
  struct event_config *how = event_config_new();
  struct event_base *made = NULL;
  if (how) {
    event_config_set_flag(how, EVENT_BASE_FLAG_NOLOCK); /* one thread uses it */
    if (is_alone) {
      /* Gives the system several changes at once, and later: beside another worker the descriptor
       * may be that one's by then. */
      event_config_set_flag(how, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
    }
    made = event_base_new_with_config(how);
    event_config_free(how);
  }
  return made;
}

static bool open_order(worker *of) {
  if (evutil_socketpair(AF_UNIX, SOCK_STREAM, 0, of->order) != 0) {
    return false;
  }
  evutil_make_socket_nonblocking(of->order[1]);
  of->orders = event_new(of->base, of->order[1], EV_READ | EV_PERSIST, on_order, of);
  return of->orders && event_add(of->orders, NULL) == 0;
}

static bool open_worker(worker *of) {
  static const struct timeval second = {1, 0};
  of->base = make_base(of->config->workers == 1);
  of->clock = evutil_monotonic_timer_new();
  if (!of->base || !of->clock || !open_order(of) ||
      evutil_configure_monotonic_time(of->clock, 0) != 0) {
    return false;
  }
  of->tick = event_new(of->base, -1, EV_PERSIST, on_tick, of);
  of->connections.base = of->base;
  if (!of->tick || event_add(of->tick, &second) != 0 || !connections_open(&of->connections)) {
    return false;
  }
  on_tick(-1, 0, of);
  return true;
}

static unsigned part(unsigned of, unsigned share) {
  return (of + share - 1) / share;
}

worker *worker_new(const proxy_config *config, const proxy_log *log, own_flows *outgoing,
                   unsigned share) {
  worker *made = calloc(1, sizeof *made);
  if (!made) {
    return NULL;
  }
  made->config = config;
  made->log = log;
  made->most_connections = part(config->connections, share);
  made->order[0] = made->order[1] = -1;
  made->connections.log = log;
  made->connections.outgoing = outgoing;
  made->connections.counters = &made->counters;
  made->connections.connect_seconds = (long)config->connect_seconds;
  made->connections.idle_seconds = (long)config->idle_seconds;
  made->connections.tools.buffers.most = part(config->buffers_mib * BUFFERS_A_MIB, share);
  made->connections.tools.pipes.most = config->splice ? MOST_PIPES : 0;
  if (!open_worker(made)) {
    log_line(log, LOG_LEVEL_ERROR, "a worker cannot be made: %s",
             evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
    worker_free(made);
    return NULL;
  }
  return made;
}

static void run(void *argument) {
  const worker *of = argument;
  event_base_dispatch(of->base);
}

bool worker_start(worker *of) {
  of->runs = thread_start(run, of);
  if (!of->runs) {
    log_line(of->log, LOG_LEVEL_ERROR, "the system gives no thread for a worker");
  }
  return of->runs != NULL;
}

static void free_events(worker *of) {
  if (of->orders) {
    event_free(of->orders);
  }
  if (of->tick) {
    event_free(of->tick);
  }
  for (int i = 0; i < 2; i++) {
    if (of->order[i] != -1) {
      evutil_closesocket(of->order[i]);
    }
  }
}

void worker_free(worker *of) {
  if (of->runs) {
    order(of, QUIT);
    thread_join(of->runs);
  }
  if (of->base) {
    stop_accepting(of);
    connections_close(&of->connections);
  }
  free_events(of);
  if (of->base) {
    event_base_free(of->base);
  }
  if (of->clock) {
    evutil_monotonic_timer_free(of->clock);
  }
  free(of);
}

const counters *worker_counters(const worker *of) {
  return &of->counters;
}
