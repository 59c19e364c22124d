/* SPDX-License-Identifier: MIT */

/*
 *   connect_rate FOLDER
 *
 * Connections per second, one after the other, with an emulation and without: FOLDER holds
 * connect_loop and connect_loop_bare, the same source linked with and without conntrail. Each is
 * a process of its own that waits for its turn, on the same processor as the others.
 */

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"

enum { VARIANTS = 5 };

typedef struct variant {
  const char *program;
  const char *mode;
  bench_series rate;
  int orders;
  int answers;
  pid_t process;
} variant;

static const char count[] = "200";

static void become_loop(const variant *v, const char *folder, const int orders[2],
                        const int answers[2]) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, v->program);
  dup2(orders[0], STDIN_FILENO);
  dup2(answers[1], STDOUT_FILENO);
  /* Held by a sibling, an end would keep this one waiting for orders for ever. */
  closefrom(STDERR_FILENO + 1);
  execl(path, path, v->mode, count, (char *)NULL);
  perror(path);
  _exit(127);
}

static void start(variant *v, const char *folder) {
  int orders[2];
  int answers[2];
  bench_need(pipe(orders) == 0 && pipe(answers) == 0, "pipes");
  v->process = fork();
  bench_need(v->process >= 0, "fork");
  if (v->process == 0) {
    become_loop(v, folder, orders, answers);
  }
  close(orders[0]);
  close(answers[1]);
  v->orders = orders[1];
  v->answers = answers[0];
}

static double run_batch(const variant *v) {
  double took;
  bench_need(write(v->orders, "x", 1) == 1, "an order to connect_loop");
  bench_need(read(v->answers, &took, sizeof took) == sizeof took, "an answer of connect_loop");
  return 1e9 / took;
}

static void stop(const variant *v) {
  close(v->orders);
  close(v->answers);
  (void)waitpid(v->process, NULL, 0);
}

/* The variant that is first in one round is second in the next. */
static void measure(variant *variants, unsigned rounds) {
  for (unsigned i = 0; i < VARIANTS; i++) {
    (void)run_batch(&variants[i]);
  }
  for (unsigned round = 0; round < rounds; round++) {
    for (unsigned i = 0; i < VARIANTS; i++) {
      variant *v = &variants[(i + round) % VARIANTS];
      bench_add(&v->rate, run_batch(v));
    }
  }
}

int main(int argc, char **argv) {
  static variant all[VARIANTS] = {{.program = "connect_loop_bare", .mode = "bare"},
                                  {.program = "connect_loop_bare", .mode = "bare"},
                                  {.program = "connect_loop", .mode = "inactive"},
                                  {.program = "connect_loop", .mode = "unmatched"},
                                  {.program = "connect_loop", .mode = "redirected"}};
  const bench_series *bare = &all[0].rate;
  bench_need(argc == 2, "usage: connect_rate FOLDER");
  bench_heading("Connections: socket, connect, accept, close, close");
  for (unsigned i = 0; i < VARIANTS; i++) {
    start(&all[i], argv[1]);
  }
  measure(all, bench_rounds(201));
  for (unsigned i = 0; i < VARIANTS; i++) {
    stop(&all[i]);
  }
  bench_report("bare loopback", "per second of CPU", bare, bench_no_target());
  bench_report("emulation inactive", "per second of CPU", &all[2].rate, bench_no_target());
  bench_report("emulation active, no filter fits", "per second of CPU", &all[3].rate,
               bench_no_target());
  bench_report("redirected", "per second of CPU", &all[4].rate, bench_no_target());
  bench_report_ratio("noise: bare / bare in a second process", bare, &all[1].rate,
                     bench_no_target());
  bench_report_ratio("inactive / bare", &all[2].rate, bare, bench_at_least(0.99));
  bench_report_ratio("no filter fits / bare", &all[3].rate, bare, bench_no_target());
  bench_report_ratio("redirected / bare", &all[4].rate, bare, bench_at_least(0.9));
  return 0;
}
