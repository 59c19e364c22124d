/* SPDX-License-Identifier: MIT */
/*
 * What the engine computes for one redirected connection, and what its trail is of that: connect,
 * accept and close of both ends, without any system call. Linked with -Wl,--wrap of
 * conntrail__trail_add.
 */
#include <stdio.h>
#include <stdlib.h>

#include "backend-emu/engine/engine.h"
#include "measure.h"

enum { CONNECTIONS = 2000 };

conntrail__event *__real_conntrail__trail_add(conntrail_emu *emu, conntrail_emu_event_kind kind,
                                              const conntrail__socket *socket);
conntrail__event *__wrap_conntrail__trail_add(conntrail_emu *emu, conntrail_emu_event_kind kind,
                                              const conntrail__socket *socket);

static bool has_trail;
static conntrail__event ignored;

conntrail__event *__wrap_conntrail__trail_add(conntrail_emu *emu, conntrail_emu_event_kind kind,
                                              const conntrail__socket *socket) {
  return has_trail ? __real_conntrail__trail_add(emu, kind, socket) : &ignored;
}

typedef struct world {
  conntrail_emu *emu;
  conntrail__socket *listener;
  conntrail__address proxy;
  conntrail__address remote;
  conntrail__identity client;
  conntrail__identity server;
} world;

static void need(bool is_so, const char *what) {
  if (!is_so) {
    fprintf(stderr, "engine_cost: %s\n", what);
    exit(EXIT_FAILURE);
  }
}

static conntrail__address at(const char *text) {
  conntrail__address address;
  conntrail__refusal why;
  need(conntrail__address_parse(text, &address, &why), text);
  return address;
}

static world begin(void) {
  conntrail__refusal why;
  world begun = {.emu = conntrail__engine_create(NULL, 1, &why),
                 .proxy = at("127.0.0.1:9000"),
                 .remote = at("93.184.216.34:80"),
                 .client = {.actor = 1, .process = 1},
                 .server = {.actor = 2, .process = 2}};
  need(begun.emu != NULL, "no engine");
  conntrail_emu_service *service = conntrail__service_add(begun.emu, "acme", NULL, &why);
  need(service != NULL &&
           conntrail__filter_add(service, CONNTRAIL__REDIRECT, "tcp 93.184.216.34 port 80",
                                 &begun.proxy, &why) == CONNTRAIL_OK,
       "no service");
  begun.listener = conntrail__socket_create(begun.emu, CONNTRAIL__STREAM, &begun.server, 0);
  need(begun.listener != NULL, "no listener");
  conntrail__socket_listening(begun.listener, &begun.proxy);
  return begun;
}

static bool locate(intptr_t handle, conntrail__address *local) {
  (void)handle;
  (void)local;
  return false;
}

static void connect_once(world *w, unsigned i) {
  conntrail__address local = at("127.0.0.1:1");
  local.port = (uint16_t)(20000 + i);
  conntrail__socket *client = conntrail__socket_create(w->emu, CONNTRAIL__STREAM, &w->client, 0);
  conntrail__decision decision = conntrail__socket_connecting(client, &w->remote, &w->client);
  need(decision.native == 0, "a connect was refused");
  conntrail__socket_connected(client, CONNTRAIL__ESTABLISHED, &local, 0);
  conntrail__socket *accepted =
      conntrail__socket_accepted(w->listener, &local, &w->server, 0, locate, NULL);
  need(accepted != NULL, "an accept was refused");
  conntrail__socket_release(accepted);
  conntrail__socket_release(client);
}

static double time_of(bool is_written) {
  world w = begin();
  has_trail = is_written;
  double start = bench_cpu_ns();
  for (unsigned i = 0; i < CONNECTIONS; i++) {
    connect_once(&w, i);
  }
  double spent = bench_cpu_ns() - start;
  conntrail__socket_release(w.listener);
  conntrail__engine_destroy(w.emu);
  return spent / (double)CONNECTIONS / 1000;
}

int main(void) {
  static bench_series with;
  static bench_series without;
  static bench_series trail;
  unsigned rounds = bench_rounds(101);
  bench_heading("The engine's part of a redirected connection: connect, accept, two closes");
  bench_pin();
  for (unsigned i = 0; i < rounds; i++) {
    double all = time_of(true);
    double rest = time_of(false);
    bench_add(&with, all);
    bench_add(&without, rest);
    bench_add(&trail, all - rest);
  }
  bench_report("engine, its trail included", "us", &with, bench_no_target());
  bench_report("engine without its trail", "us", &without, bench_no_target());
  bench_report("trail, by the difference", "us", &trail, bench_no_target());
  return 0;
}
