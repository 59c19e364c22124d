/* SPDX-License-Identifier: MIT */

/*
 * What a tracked connection takes: the bytes that malloc has given out, before and after 10,000
 * redirected and accepted connections of real sockets, both ends in this process. Everything
 * counts that grows: both ends, the table of descriptors, the lists.
 */

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "conntrail/conntrail.h"
#include "measure.h"
#include "world.h"

enum { WANTED = 10000, OTHER_DESCRIPTORS = 64, DESTINATIONS = 256 };

static double bytes_in_use(void) {
  struct mallinfo2 info = mallinfo2();
  return (double)info.uordblks + (double)info.hblkhd;
}

/* Both ends of a connection are ours. */
static unsigned connections_allowed(void) {
  struct rlimit limit;
  bench_need(getrlimit(RLIMIT_NOFILE, &limit) == 0, "RLIMIT_NOFILE");
  limit.rlim_cur = limit.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &limit);
  rlim_t pairs = (limit.rlim_cur - OTHER_DESCRIPTORS) / 2;
  return pairs < WANTED ? (unsigned)pairs : WANTED;
}

static double bytes_each(bench_pair *pairs, unsigned count, unsigned destinations) {
  unsigned char records[CONNTRAIL_USUAL_BLOB];
  size_t size;
  bench_world world = bench_world_begin();
  double before = bytes_in_use();
  for (unsigned i = 0; i < count; i++) {
    struct sockaddr_in destination = bench_world_destination(i % destinations);
    pairs[i] = bench_world_connect(&world, &destination);
  }
  double after = bytes_in_use();
  for (unsigned i = 0; i < count; i++) {
    bench_need(conntrail_query_records(pairs[i].accepted, records, sizeof records, &size) ==
                   CONNTRAIL_OK,
               "a connection that is tracked");
    close(pairs[i].accepted);
    close(pairs[i].client);
  }
  close(world.listener);
  conntrail_emu_destroy(world.emu);
  return (after - before) / count;
}

int main(void) {
  static bench_series one;
  static bench_series many;
  char title[128];
  unsigned count = connections_allowed();
  bench_pair *pairs = calloc(count, sizeof *pairs);
  bench_need(pairs != NULL, "memory");
  snprintf(title, sizeof title, "Memory: %u connections of real sockets%s", count,
           count < WANTED ? ", all that RLIMIT_NOFILE allows" : "");
  bench_heading(title);
  /* A second time the table of descriptors is there: it never shrinks. */
  bench_add(&one, bytes_each(pairs, count, 1));
  bench_add(&many, bytes_each(pairs, count, DESTINATIONS));
  bench_report("a tracked connection, all to one destination", "bytes", &one, bench_at_most(512));
  bench_report("a tracked connection, 256 destinations, table grown", "bytes", &many,
               bench_at_most(512));
  free(pairs);
  return 0;
}
