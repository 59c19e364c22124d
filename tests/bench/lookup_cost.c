/* SPDX-License-Identifier: MIT */

/*
 * What a query costs among many: conntrail_query_records() on tracked connections in random order,
 * 100 of them against 10,000 and 100,000. So many real sockets would take 200,000 descriptors, more
 * than most systems allow a process. Here the test reports the connections to the engine, as the
 * Linux front end would, and the descriptors are numbers that were never opened: a query asks the
 * system nothing, so it goes its whole way, from the public call to the engine, all the same.
 */

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "backend-emu/posix/session.h"
#include "conntrail/conntrail.h"
#include "measure.h"

enum { FEW = 100, SOME = 10000, MANY = 100000, PICKS = 1 << 18, CALLS = 1 << 12 };
/* The numbers of their descriptors. */
enum { FEW_FROM = 2000, SOME_FROM = 4000, MANY_FROM = 20000 };
enum { PROXY_PORT = 9000, CLIENT = 4711, PROXY = 4712 };

typedef struct crowd {
  conntrail_emu *emu;
  conntrail__socket *listener;
  int *picks; /* descriptors in random order */
  unsigned next;
} crowd;

static conntrail__address ipv4(unsigned a, unsigned b, unsigned c, unsigned d, unsigned port) {
  conntrail__address address;
  memset(&address, 0, sizeof address);
  address.family = CONNTRAIL__IPV4;
  address.bytes[0] = (uint8_t)a;
  address.bytes[1] = (uint8_t)b;
  address.bytes[2] = (uint8_t)c;
  address.bytes[3] = (uint8_t)d;
  address.port = (uint16_t)port;
  return address;
}

static const conntrail__identity client_identity = {.actor = 1, .process = CLIENT};
static const conntrail__identity proxy_identity = {.actor = 2, .process = PROXY};

static void listen_at(crowd *c, const conntrail__address *proxy) {
  conntrail__refusal why;
  conntrail_emu_service *service = conntrail__service_add(c->emu, "bench", NULL, &why);
  bench_need(service != NULL &&
                 conntrail__filter_add(service, CONNTRAIL__REDIRECT, "tcp 93.0.0.0/8 port 80",
                                       proxy, &why) == CONNTRAIL_OK,
             "a service");
  c->listener = conntrail__socket_create(c->emu, CONNTRAIL__STREAM, &proxy_identity, -1);
  bench_need(c->listener != NULL, "a listener");
  conntrail__socket_listening(c->listener, proxy);
}

static void connect_one(crowd *c, unsigned n, int fd) {
  const conntrail__address remote = ipv4(93, n >> 16 & 255, n >> 8 & 255, n & 255, 80);
  const conntrail__address local = ipv4(127, n >> 16 & 255, n >> 8 & 255, n & 255, 40000);
  conntrail__socket *client =
      conntrail__socket_create(c->emu, CONNTRAIL__STREAM, &client_identity, -1);
  bench_need(client != NULL &&
                 conntrail__socket_connecting(client, &remote, &client_identity).native == 0,
             "connecting");
  conntrail__socket_connected(client, CONNTRAIL__ESTABLISHED, &local, 0);
  conntrail__socket *accepted =
      conntrail__socket_accepted(c->listener, &local, &proxy_identity, fd, NULL, NULL);
  bench_need(accepted != NULL && conntrail__table_put(fd, accepted, AF_INET) == 0, "accepted");
}

static uint64_t next_random(uint64_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

static crowd make_crowd(unsigned count, int first) {
  crowd c = {conntrail_emu_create(NULL), NULL, malloc(PICKS * sizeof *c.picks), 0};
  const conntrail__address proxy = ipv4(127, 0, 0, 1, PROXY_PORT);
  uint64_t state = 88172645463325252;
  bench_need(c.emu != NULL && c.picks != NULL, conntrail_emu_refusal());
  conntrail__native_lock();
  listen_at(&c, &proxy);
  for (unsigned i = 0; i < count; i++) {
    connect_one(&c, i, first + (int)i);
  }
  conntrail__native_unlock();
  for (unsigned i = 0; i < PICKS; i++) {
    c.picks[i] = first + (int)(next_random(&state) % count);
  }
  return c;
}

static double time_of_queries(const int *descriptors) {
  unsigned char records[CONNTRAIL_USUAL_BLOB];
  size_t size;
  double begin = bench_cpu_ns();
  for (unsigned i = 0; i < CALLS; i++) {
    bench_need(conntrail_query_records(descriptors[i], records, sizeof records, &size) ==
                   CONNTRAIL_OK,
               "query_records");
  }
  return (bench_cpu_ns() - begin) / (double)CALLS;
}

static double time_of_next_picks(crowd *c) {
  const int *picks = c->picks + c->next;
  c->next = (c->next + CALLS) % PICKS;
  return time_of_queries(picks);
}

/* One connection again and again: what the number of others costs by itself. */
static double time_of_one(const crowd *c) {
  int same[CALLS];
  for (unsigned i = 0; i < CALLS; i++) {
    same[i] = c->picks[0];
  }
  return time_of_queries(same);
}

static void end_crowd(crowd *c) {
  conntrail_emu_destroy(c->emu);
  free(c->picks);
}

typedef struct costs {
  bench_series few;
  bench_series few_again;
  bench_series some;
  bench_series many;
  bench_series one_of_few;
  bench_series one_of_many;
} costs;

static void report(const costs *c) {
  bench_report("query_records among 100", "ns", &c->few, bench_no_target());
  bench_report("query_records among 10,000", "ns", &c->some, bench_no_target());
  bench_report("query_records among 100,000", "ns", &c->many, bench_no_target());
  bench_report_ratio("noise: among 100 / the same again", &c->few, &c->few_again,
                     bench_no_target());
  bench_report_ratio("among 10,000 / among 100", &c->some, &c->few, bench_no_target());
  bench_report_ratio("among 100,000 / among 100", &c->many, &c->few, bench_at_most(2));
  bench_report_ratio("always the same one: of 100,000 / of 100", &c->one_of_many, &c->one_of_few,
                     bench_no_target());
}

int main(void) {
  static costs c;
  unsigned rounds = bench_rounds(201);
  bench_heading("A query among many tracked connections, in random order");
  bench_pin();
  crowd few = make_crowd(FEW, FEW_FROM);
  crowd some = make_crowd(SOME, SOME_FROM);
  crowd many = make_crowd(MANY, MANY_FROM);
  for (unsigned i = 0; i < rounds; i++) {
    bench_add(&c.few, time_of_next_picks(&few));
    bench_add(&c.some, time_of_next_picks(&some));
    bench_add(&c.many, time_of_next_picks(&many));
    bench_add(&c.few_again, time_of_next_picks(&few));
    bench_add(&c.one_of_many, time_of_one(&many));
    bench_add(&c.one_of_few, time_of_one(&few));
  }
  report(&c);
  end_crowd(&many);
  end_crowd(&some);
  end_crowd(&few);
  return 0;
}
