/* SPDX-License-Identifier: MIT */
#include "world.h"

#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#include "measure.h"

enum { CLIENT = 40004711 };

bench_world bench_world_begin(void) {
  conntrail_emu_options options = CONNTRAIL_EMU_OPTIONS_INIT;
  bench_world world;
  conntrail_emu_service *service;
  /* Nothing is transferred here, and thousands of connections wait for it. */
  options.loop_limit = UINT32_MAX;
  world.emu = conntrail_emu_create(&options);
  bench_need(world.emu != NULL, conntrail_emu_refusal());
  world.listener = bench_listen(&world.proxy);
  service = conntrail_emu_add_service(world.emu, "bench", NULL);
  bench_need(service != NULL &&
                 conntrail_emu_redirect(service, "tcp 93.184.216.0/24 port 80",
                                        (struct sockaddr *)&world.proxy) == CONNTRAIL_OK,
             conntrail_emu_refusal());
  return world;
}

struct sockaddr_in bench_world_destination(unsigned n) {
  char host[32];
  snprintf(host, sizeof host, "93.184.216.%u", n % 256);
  return bench_address(host, 80);
}

bench_pair bench_world_connect(const bench_world *world, const struct sockaddr_in *destination) {
  bench_pair pair;
  (void)conntrail_emu_act_as(CLIENT, NULL);
  pair.client = socket(AF_INET, SOCK_STREAM, 0);
  bench_need(pair.client >= 0, "a client's socket");
  bench_need(connect(pair.client, (const struct sockaddr *)destination, sizeof *destination) == 0,
             "a redirected connect");
  (void)conntrail_emu_act_as(0, NULL);
  pair.accepted = accept(world->listener, NULL, NULL);
  bench_need(pair.accepted >= 0, "accept");
  return pair;
}
