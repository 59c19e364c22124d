/* SPDX-License-Identifier: MIT */
#include "proxy.h"

#include <event2/util.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "system.h"
#include "worker.h"

enum { WAITING_CONNECTIONS = 1024 };

struct proxy {
  const proxy_config *config;
  const proxy_log *log;
  own_flows *outgoing;
  listening places[CONFIG_MOST_LISTENERS];
  worker *workers[CONFIG_MOST_WORKERS];
};

static bool refused(const proxy *of, const listen_config *at, const char *what, const char *why) {
  char text[ADDRESS_TEXT];
  log_line(of->log, LOG_LEVEL_ERROR, "%s %s: %s", what, address_text(&at->address, text), why);
  return false;
}

static bool failed(const proxy *of, const listen_config *at, const char *what) {
  return refused(of, at, what, evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
}

static bool listen_at(proxy *of, listening *made, const listen_config *at) {
  const listen_options options = config_listen_options(of->config, at);
  ev_socklen_t size = sizeof made->address;
  made->config = at;
  atomic_init(&made->users, 1);
  made->socket = socket(at->address.ss_family, SOCK_STREAM, IPPROTO_TCP);
  if (made->socket == CONNTRAIL_INVALID_SOCKET) {
    return failed(of, at, "socket for");
  }
  evutil_make_socket_nonblocking((evutil_socket_t)made->socket);
  evutil_make_socket_closeonexec((evutil_socket_t)made->socket);
  evutil_make_listen_socket_reuseable((evutil_socket_t)made->socket);
  const char *why = listen_options_apply(&options, made->socket);
  if (why) {
    return refused(of, at, "prepare", why);
  }
  system_send_at_once(made->socket);
  if (bind(made->socket, (const struct sockaddr *)&at->address, address_size(&at->address)) != 0 ||
      listen(made->socket, WAITING_CONNECTIONS) != 0 ||
      getsockname(made->socket, (struct sockaddr *)&made->address, &size) != 0) {
    return failed(of, at, "listen at");
  }
  return true;
}

static bool accept_from(proxy *of, listening *at) {
  for (unsigned i = 0; i < of->config->workers; i++) {
    if (!worker_accept_from(of->workers[i], at)) {
      return false;
    }
  }
  return true;
}

static bool open_place(proxy *of, size_t index) {
  const listen_config *at = &of->config->listen[index];
  listening *made = &of->places[index];
  if (at->is_udp) {
    if (worker_relay_udp(of->workers[index % of->config->workers], at, &made->address)) {
      return true;
    }
    log_line(of->log, LOG_LEVEL_ERROR, "listen[%u].udp: the relay cannot be started",
             (unsigned)index);
    return false;
  }
  bool is_open = listen_at(of, made, at);
  if (made->socket != CONNTRAIL_INVALID_SOCKET) {
    is_open = is_open && accept_from(of, made);
    listening_release(made); /* the workers own it now */
  }
  return is_open;
}

static bool open_all(proxy *of) {
  for (unsigned i = 0; i < of->config->workers; i++) {
    of->workers[i] = worker_new(of->config, of->log, of->outgoing, of->config->workers);
    if (!of->workers[i]) {
      return false;
    }
  }
  for (size_t i = 0; i < of->config->listen_count; i++) {
    if (!open_place(of, i)) {
      return false;
    }
  }
  for (unsigned i = 0; i < of->config->workers; i++) {
    if (!worker_start(of->workers[i])) {
      return false;
    }
  }
  return true;
}

proxy *proxy_start(const proxy_config *config, const proxy_log *log) {
  proxy *started;
  if (config->workers == 0 || config->workers > CONFIG_MOST_WORKERS) {
    log_line(log, LOG_LEVEL_ERROR, "workers: from 1 to %d", CONFIG_MOST_WORKERS);
    return NULL;
  }
  started = calloc(1, sizeof *started);
  if (!started || !(started->outgoing = own_flows_new())) {
    log_line(log, LOG_LEVEL_ERROR, "no memory for a proxy");
    free(started);
    return NULL;
  }
  started->config = config;
  started->log = log;
  if (!open_all(started)) {
    proxy_stop(started, NULL);
    return NULL;
  }
  return started;
}

const struct sockaddr_storage *proxy_address(const proxy *of, size_t index) {
  return &of->places[index].address;
}

void proxy_drain(proxy *of) {
  for (unsigned i = 0; i < of->config->workers; i++) {
    worker_drain(of->workers[i]);
  }
}

void proxy_count(const proxy *of, counters *sum) {
  *sum = (counters){0};
  for (unsigned i = 0; i < of->config->workers && of->workers[i]; i++) {
    counters_add(sum, worker_counters(of->workers[i]));
  }
}

void proxy_stop(proxy *of, counters *last) {
  if (last) {
    proxy_count(of, last);
  }
  for (unsigned i = 0; i < of->config->workers && of->workers[i]; i++) {
    worker_free(of->workers[i]);
  }
  own_flows_free(of->outgoing);
  free(of);
}
