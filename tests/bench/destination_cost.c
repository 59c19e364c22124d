/* SPDX-License-Identifier: MIT */

/*
 * What the original destination costs in production: conntrail_original_destination() of a
 * connection that nft redirected, on the real kernel and without an emulation, beside the same
 * sequence of system calls by hand. The sequence is the correct one: a program that asks
 * SO_ORIGINAL_DST alone takes a direct connection's own address, or the client's, for a destination
 * (clauses K6, K7).
 */

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conntrail/conntrail.h"
#include "loopback.h"
#include "measure.h"
#include "namespace.h"

enum { CALLS = 5000, KERNEL_SO_ORIGINAL_DST = 80, REDIRECTED_PORT = 9000 };

static const char ratio_metric[] = "original_destination / the same by hand";

static void by_library(int fd) {
  struct sockaddr_storage destination;
  for (int i = 0; i < CALLS; i++) {
    bench_need(conntrail_original_destination(fd, &destination) == CONNTRAIL_OK,
               "original_destination");
  }
}

static void transfer(int fd) {
  for (int i = 0; i < CALLS; i++) {
    bench_need(conntrail_transfer_records(fd, fd) == CONNTRAIL_OK_NOTHING_TO_TRANSFER, "transfer");
  }
}

static bool is_same(const struct sockaddr_in *a, const struct sockaddr_in *b) {
  return a->sin_port == b->sin_port && a->sin_addr.s_addr == b->sin_addr.s_addr;
}

static bool find_by_hand(int fd, struct sockaddr_in *destination) {
  struct sockaddr_in local;
  struct sockaddr_in peer;
  socklen_t size = sizeof local;
  if (getsockname(fd, (struct sockaddr *)&local, &size) != 0 || local.sin_family != AF_INET) {
    return false;
  }
  size = sizeof *destination;
  if (getsockopt(fd, IPPROTO_IP, KERNEL_SO_ORIGINAL_DST, destination, &size) != 0 ||
      destination->sin_family != AF_INET || is_same(destination, &local)) {
    return false;
  }
  size = sizeof peer;
  return getpeername(fd, (struct sockaddr *)&peer, &size) != 0 || !is_same(destination, &peer);
}

static void by_hand(int fd) {
  struct sockaddr_in destination;
  for (int i = 0; i < CALLS; i++) {
    bench_need(find_by_hand(fd, &destination), "by hand");
  }
}

static void bare(int fd) {
  struct sockaddr_in destination;
  for (int i = 0; i < CALLS; i++) {
    socklen_t size = sizeof destination;
    bench_need(getsockopt(fd, IPPROTO_IP, KERNEL_SO_ORIGINAL_DST, &destination, &size) == 0,
               "SO_ORIGINAL_DST");
  }
}

static double time_of(void (*calls)(int fd), int fd) {
  double begin = bench_cpu_ns();
  calls(fd);
  return (bench_cpu_ns() - begin) / (double)CALLS;
}

/* A connection that nft redirected; -1 with why. */
static int connect_through_nft(bench_reason *why) {
  struct sockaddr_in proxy;
  struct sockaddr_in asked = bench_address("127.0.0.1", REDIRECTED_PORT);
  int listener = bench_listen(&proxy);
  if (!bench_namespace_redirect(REDIRECTED_PORT, ntohs(proxy.sin_port), why)) {
    return -1;
  }
  return bench_connect(listener, &asked).accepted;
}

int main(void) {
  static bench_series library;
  static bench_series hand;
  static bench_series alone;
  static bench_series nothing;
  bench_reason why;
  bench_heading("The original destination in production, behind nft redirect");
  bench_namespace_prepare();
  int accepted = bench_namespace_enter(&why) ? connect_through_nft(&why) : -1;
  if (accepted < 0) {
    bench_report_missing(ratio_metric, why.text);
    return 0;
  }
  bench_pin();
  for (unsigned i = 0; i < bench_rounds(201); i++) {
    bench_add(&library, time_of(by_library, accepted));
    bench_add(&hand, time_of(by_hand, accepted));
    bench_add(&alone, time_of(bare, accepted));
    bench_add(&nothing, time_of(transfer, accepted));
  }
  bench_report("original_destination", "ns", &library, bench_no_target());
  bench_report("getsockname, SO_ORIGINAL_DST, getpeername by hand", "ns", &hand, bench_no_target());
  bench_report_ratio(ratio_metric, &library, &hand, bench_at_most(1.05));
  bench_report_ratio("original_destination / SO_ORIGINAL_DST alone", &library, &alone,
                     bench_no_target());
  bench_report("transfer_records, where there are none", "ns", &nothing, bench_no_target());
  return 0;
}
