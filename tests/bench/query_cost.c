/* SPDX-License-Identifier: MIT */

/*
 * What one query costs the proxy: conntrail_query_records() on an accepted, redirected socket,
 * beside the kernel's own answer for a connection that nft redirected, and beside the emptiest
 * system call. All three in turn, in each round.
 */

#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "conntrail/conntrail.h"
#include "measure.h"
#include "namespace.h"
#include "query_silence.h"
#include "world.h"

enum { CALLS = 5000, KERNEL_SO_ORIGINAL_DST = 80, REDIRECTED_PORT = 9000 };

static const char kernel_metric[] = "query_records / kernel SO_ORIGINAL_DST";

static void query_records(int fd) {
  unsigned char records[CONNTRAIL_USUAL_BLOB];
  size_t size = 0;
  for (int i = 0; i < CALLS; i++) {
    bench_need(conntrail_query_records(fd, records, sizeof records, &size) == CONNTRAIL_OK,
               "query_records");
  }
}

static void query_destination(int fd) {
  struct sockaddr_storage destination;
  for (int i = 0; i < CALLS; i++) {
    bench_need(conntrail_original_destination(fd, &destination) == CONNTRAIL_OK,
               "original_destination");
  }
}

static long ask_kernel_once(int fd, struct sockaddr_in *destination) {
  socklen_t size = sizeof *destination;
  return syscall(SYS_getsockopt, fd, IPPROTO_IP, KERNEL_SO_ORIGINAL_DST, destination, &size);
}

/* By syscall(): our own watched getsockopt is not to be measured here. */
static void ask_kernel(int fd) {
  struct sockaddr_in destination;
  for (int i = 0; i < CALLS; i++) {
    bench_need(ask_kernel_once(fd, &destination) == 0, "SO_ORIGINAL_DST");
  }
}

static void enter_empty_call(int fd) {
  (void)fd;
  for (int i = 0; i < CALLS; i++) {
    (void)syscall(SYS_getppid);
  }
}

static double time_of(void (*calls)(int fd), int fd) {
  double begin = bench_cpu_ns();
  calls(fd);
  return (bench_cpu_ns() - begin) / (double)CALLS;
}

/* A connection that nft redirected, made before any emulation exists; -1 with why. */
static int connect_through_nft(bench_reason *why) {
  struct sockaddr_in proxy;
  struct sockaddr_in asked = bench_address("127.0.0.1", REDIRECTED_PORT);
  struct sockaddr_in answered;
  int listener = bench_listen(&proxy);
  if (!bench_namespace_redirect(REDIRECTED_PORT, ntohs(proxy.sin_port), why)) {
    return -1;
  }
  bench_pair pair = bench_connect(listener, &asked);
  if (ask_kernel_once(pair.accepted, &answered) != 0 || answered.sin_port != asked.sin_port) {
    snprintf(why->text, sizeof why->text, "the kernel does not return the redirected destination");
    return -1;
  }
  return pair.accepted;
}

typedef struct costs {
  bench_series records;
  bench_series destination;
  bench_series kernel;
  bench_series kernel_again;
  bench_series empty;
} costs;

static void measure(costs *c, int accepted, int kernel, unsigned rounds) {
  for (unsigned i = 0; i < rounds; i++) {
    bench_add(&c->records, time_of(query_records, accepted));
    if (kernel >= 0) {
      bench_add(&c->kernel, time_of(ask_kernel, kernel));
    }
    bench_add(&c->empty, time_of(enter_empty_call, -1));
    bench_add(&c->destination, time_of(query_destination, accepted));
    if (kernel >= 0) {
      bench_add(&c->kernel_again, time_of(ask_kernel, kernel));
    }
  }
}

static void report(const costs *c, bool has_kernel, const char *why) {
  bench_report("query_records", "ns", &c->records, bench_no_target());
  bench_report("original_destination", "ns", &c->destination, bench_no_target());
  bench_report("empty system call (getppid)", "ns", &c->empty, bench_no_target());
  if (has_kernel) {
    bench_report("kernel SO_ORIGINAL_DST behind nft redirect", "ns", &c->kernel, bench_no_target());
    bench_report_ratio(kernel_metric, &c->records, &c->kernel, bench_at_most(0.25));
    bench_report_ratio("original_destination / kernel SO_ORIGINAL_DST", &c->destination, &c->kernel,
                       bench_no_target());
    bench_report_ratio("noise: SO_ORIGINAL_DST / the same again", &c->kernel, &c->kernel_again,
                       bench_no_target());
  } else {
    bench_report_missing(kernel_metric, why);
  }
  bench_report_ratio("query_records / empty system call", &c->records, &c->empty,
                     bench_no_target());
}

int main(void) {
  static costs c;
  bench_reason why;
  int kernel = -1;
  bench_heading("A query on an accepted, redirected socket");
  /* In processes of their own, before this one has an emulation or another network. */
  bench_silence_report();
  bench_namespace_prepare();
  if (bench_namespace_enter(&why)) {
    kernel = connect_through_nft(&why);
  }
  bench_pin();
  bench_world world = bench_world_begin();
  struct sockaddr_in destination = bench_world_destination(34);
  bench_pair pair = bench_world_connect(&world, &destination);
  measure(&c, pair.accepted, kernel, bench_rounds(201));
  report(&c, kernel >= 0, why.text);
  conntrail_emu_destroy(world.emu);
  return 0;
}
