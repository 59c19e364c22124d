/* SPDX-License-Identifier: MIT */

/*
 * What isolation costs a test: a whole emulation with one service, made and destroyed, beside the
 * cheapest namespace fixture: a process that enters a network of its own, raises loopback, adds
 * one nft rule and ends.
 */

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conntrail/emu.h"
#include "loopback.h"
#include "measure.h"
#include "namespace.h"

enum { EMULATIONS = 200, FIXTURES = 10 };

static void make_emulation(const struct sockaddr_in *proxy) {
  conntrail_emu *emu = conntrail_emu_create(NULL);
  conntrail_emu_service *service = conntrail_emu_add_service(emu, "bench", NULL);
  bench_need(conntrail_emu_redirect(service, "tcp 93.184.216.0/24 port 80",
                                    (const struct sockaddr *)proxy) == CONNTRAIL_OK,
             conntrail_emu_refusal());
  conntrail_emu_destroy(emu);
}

static double time_of_emulation(const struct sockaddr_in *proxy) {
  double begin = bench_wall_ns();
  for (int i = 0; i < EMULATIONS; i++) {
    make_emulation(proxy);
  }
  return (bench_wall_ns() - begin) / (double)EMULATIONS / 1000;
}

static void be_fixture(void) {
  bench_reason why;
  bool is_made = bench_namespace_enter(&why) && bench_namespace_redirect(80, 9000, &why);
  if (!is_made) {
    fprintf(stderr, "%s\n", why.text);
  }
  _exit(is_made ? 0 : 1);
}

static bool make_fixture(void) {
  int status;
  pid_t child = fork();
  bench_need(child >= 0, "fork");
  if (child == 0) {
    be_fixture();
  }
  bench_need(waitpid(child, &status, 0) == child, "waitpid");
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static double time_of_fixture(void) {
  double begin = bench_wall_ns();
  for (int i = 0; i < FIXTURES; i++) {
    bench_need(make_fixture(), "a namespace that worked before");
  }
  return (bench_wall_ns() - begin) / (double)FIXTURES / 1000;
}

int main(void) {
  static bench_series emulation;
  static bench_series fixture;
  char name[64];
  const struct sockaddr_in proxy = bench_address("127.0.0.1", 9000);
  unsigned rounds = bench_rounds(21);
  bench_heading("A world of its own for each test");
  bench_namespace_prepare();
  bool has_fixture = make_fixture();
  bench_pin();
  (void)time_of_emulation(&proxy);
  for (unsigned i = 0; i < rounds; i++) {
    bench_add(&emulation, time_of_emulation(&proxy));
    if (has_fixture) {
      bench_add(&fixture, time_of_fixture());
    }
  }
  bench_report("emulation with one service, made and destroyed", "us", &emulation,
               bench_no_target());
  if (!has_fixture) {
    bench_report_missing("emulation / namespace with one nft rule", "see above");
    return 0;
  }
  snprintf(name, sizeof name, "namespace with one nft rule, by %s", bench_namespace_means());
  bench_report(name, "us", &fixture, bench_no_target());
  bench_report_ratio("emulation / namespace with one nft rule", &emulation, &fixture,
                     bench_at_most(0.01));
  return 0;
}
