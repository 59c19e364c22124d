/* SPDX-License-Identifier: MIT */

/*
 *   connect_loop MODE COUNT
 *
 * For each byte on standard input: COUNT times socket, connect, accept, close, close, one after
 * the other in one thread; then the nanoseconds of
 * CPU time for one of them, as a double, on standard output.
 * The accepted end closes first, so that the client's ports do not fill up with TIME_WAIT.
 */

#include <stdlib.h>
#include <unistd.h>

#include "connect_calls.h"
#include "connect_world.h"
#include "loopback.h"
#include "measure.h"

static void connect_once(int listener, const struct sockaddr_in *destination) {
  int client = socket(AF_INET, SOCK_STREAM, 0);
  int accepted;
  bench_need(client >= 0, "socket");
  bench_need(
      bench_call_connect(client, (const struct sockaddr *)destination, sizeof *destination) == 0,
      "connect");
  accepted = bench_call_accept(listener);
  bench_need(accepted >= 0, "accept");
  bench_call_close(accepted);
  bench_call_close(client);
}

static double run_batch(int listener, const struct sockaddr_in *destination, long count) {
  double begin = bench_cpu_ns();
  for (long i = 0; i < count; i++) {
    connect_once(listener, destination);
  }
  return (bench_cpu_ns() - begin) / (double)count;
}

int main(int argc, char **argv) {
  struct sockaddr_in listening;
  char order;
  bench_need(argc == 3 && strtol(argv[2], NULL, 10) > 0, "usage: connect_loop MODE COUNT");
  connect_world_begin(argv[1]);
  int listener = bench_listen(&listening);
  struct sockaddr_in destination = connect_world_destination(argv[1], &listening);
  bench_pin();
  while (read(STDIN_FILENO, &order, 1) == 1) {
    double took = run_batch(listener, &destination, strtol(argv[2], NULL, 10));
    bench_need(write(STDOUT_FILENO, &took, sizeof took) == sizeof took, "the answer's pipe");
  }
  return 0;
}
