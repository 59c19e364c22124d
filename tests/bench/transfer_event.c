/* SPDX-License-Identifier: MIT */

/*
 *   transfer_event HOW COUNT
 *
 * COUNT times an accepted, redirected connection is continued, for tests/bench/instructions, which
 * counts what bench_carry() executes:
 *   transfer  conntrail_transfer_records()
 *   query     conntrail_event_query_records(), a turn of the loop, conntrail_set_records()
 *   whole     socket, conntrail_transfer_records(), bufferevent_socket_new(), and its connect
 *   connect   conntrail_event_connect(), and a turn of the loop: the same, asynchronously
 *   plain     socket, conntrail_transfer_records(), connect
 *   socket    conntrail_event_connect_socket(), and a turn of the loop: the same, asynchronously
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/util.h>

#include "conntrail/conntrail.h"
#include "conntrail/event.h"
#include "measure.h"
#include "world.h"

typedef struct carry {
  struct event_base *base;
  int accepted;
  int outbound; /* made before, where only the records are carried */
  struct sockaddr_in destination;
  struct bufferevent *onward;
  int connecting; /* instead of onward, where the socket alone is wanted */
} carry;

void bench_carry(void (*how)(carry *c), carry *c);

static void transfer(carry *c) {
  bench_need(conntrail_transfer_records(c->accepted, c->outbound) == CONNTRAIL_OK, "transfer");
}

static void on_records(conntrail_status status, const void *blob, size_t size, void *argument) {
  const carry *c = argument;
  bench_need(status == CONNTRAIL_OK &&
                 conntrail_set_records(c->outbound, blob, size) == CONNTRAIL_OK,
             "set_records");
}

static void query(carry *c) {
  bench_need(conntrail_event_query_records(c->base, c->accepted, on_records, c, NULL) ==
                     CONNTRAIL_OK &&
                 event_base_loop(c->base, EVLOOP_ONCE) >= 0,
             "event_query_records");
}

static void whole(carry *c) {
  int fd = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
  bench_need(fd >= 0, "an outbound socket");
  evutil_make_socket_nonblocking(fd);
  evutil_make_socket_closeonexec(fd);
  bench_need(conntrail_transfer_records(c->accepted, fd) == CONNTRAIL_OK, "transfer");
  c->onward = bufferevent_socket_new(c->base, fd, BEV_OPT_CLOSE_ON_FREE);
  bench_need(c->onward != NULL &&
                 bufferevent_socket_connect(c->onward, (struct sockaddr *)&c->destination,
                                            sizeof c->destination) == 0,
             "a connection onward");
}

static void on_connecting(conntrail_status status, struct bufferevent *onward, void *argument) {
  carry *c = argument;
  bench_need(status == CONNTRAIL_OK, "event_connect");
  c->onward = onward;
}

static void connect_onward(carry *c) {
  bench_need(conntrail_event_connect(c->base, c->accepted, (struct sockaddr *)&c->destination,
                                     BEV_OPT_CLOSE_ON_FREE, on_connecting, c,
                                     NULL) == CONNTRAIL_OK &&
                 event_base_loop(c->base, EVLOOP_ONCE) >= 0 && c->onward != NULL,
             "event_connect");
}

static void plain(carry *c) {
  c->connecting = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
  bench_need(c->connecting >= 0, "an outbound socket");
  bench_need(conntrail_transfer_records(c->accepted, c->connecting) == CONNTRAIL_OK, "transfer");
  bench_need(connect(c->connecting, (struct sockaddr *)&c->destination, sizeof c->destination) ==
                     0 ||
                 errno == EINPROGRESS,
             "a connection onward");
}

static void on_socket(conntrail_status status, conntrail_socket onward, void *argument) {
  carry *c = argument;
  bench_need(status == CONNTRAIL_OK, "event_connect_socket");
  c->connecting = onward;
}

static void connect_socket(carry *c) {
  bench_need(conntrail_event_connect_socket(c->base, c->accepted,
                                            (struct sockaddr *)&c->destination, on_socket, c,
                                            NULL) == CONNTRAIL_OK &&
                 event_base_loop(c->base, EVLOOP_ONCE) >= 0 && c->connecting >= 0,
             "event_connect_socket");
}

/* Found by its name. */
__attribute__((noinline)) void bench_carry(void (*how)(carry *c), carry *c) {
  how(c);
}

static void close_onward(carry *c) {
  if (c->onward != NULL) {
    bufferevent_free(c->onward);
    (void)event_base_loop(c->base, EVLOOP_NONBLOCK);
  } else {
    close(c->connecting);
  }
}

static void carry_once(const bench_world *world, int server, carry *c, void (*how)(carry *c)) {
  const struct sockaddr_in destination = bench_world_destination(34);
  bench_pair pair = bench_world_connect(world, &destination);
  c->accepted = pair.accepted;
  c->onward = NULL;
  c->connecting = -1;
  c->outbound = socket(AF_INET, SOCK_STREAM, 0);
  bench_carry(how, c);
  if (c->onward != NULL || c->connecting >= 0) {
    int arrived = accept(server, NULL, NULL);
    bench_need(arrived >= 0, "the connection onward");
    close(arrived);
    close_onward(c);
  }
  close(c->outbound);
  close(pair.accepted);
  close(pair.client);
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    void (*how)(carry *c);
  } ways[] = {{"transfer", transfer},      {"query", query}, {"whole", whole},
              {"connect", connect_onward}, {"plain", plain}, {"socket", connect_socket}};
  bench_need(argc == 3, "usage: transfer_event HOW COUNT");
  bench_world world = bench_world_begin();
  carry c = {.base = event_base_new()};
  int server = bench_listen(&c.destination);
  for (size_t way = 0; way < sizeof ways / sizeof ways[0]; way++) {
    for (long i = strtol(argv[2], NULL, 10); i > 0 && strcmp(argv[1], ways[way].name) == 0; i--) {
      carry_once(&world, server, &c, ways[way].how);
    }
  }
  event_base_free(c.base);
  conntrail_emu_destroy(world.emu);
  return 0;
}
