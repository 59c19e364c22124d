/* SPDX-License-Identifier: MIT */
#include "connect_world.h"

#include <stddef.h>
#include <string.h>

#include "conntrail/emu.h"
#include "loopback.h"
#include "measure.h"

static conntrail_emu *emu;

static bool is_mode(const char *mode, const char *name) {
  return strcmp(mode, name) == 0;
}

void connect_world_begin(const char *mode) {
  bench_need(is_mode(mode, "inactive") || is_mode(mode, "unmatched") || is_mode(mode, "redirected"),
             "the mode is inactive, unmatched or redirected");
  emu = conntrail_emu_create(NULL);
  bench_need(emu != NULL, conntrail_emu_refusal());
  if (is_mode(mode, "inactive")) {
    /* There was one, and it is gone. */
    conntrail_emu_destroy(emu);
    emu = NULL;
  }
}

struct sockaddr_in connect_world_destination(const char *mode,
                                             const struct sockaddr_in *listening) {
  conntrail_emu_service *service;
  if (emu == NULL) {
    return *listening;
  }
  service = conntrail_emu_add_service(emu, "bench", NULL);
  bench_need(service != NULL &&
                 conntrail_emu_redirect(service, "tcp 93.184.216.0/24 port 80",
                                        (const struct sockaddr *)listening) == CONNTRAIL_OK,
             conntrail_emu_refusal());
  return is_mode(mode, "redirected") ? bench_address("93.184.216.34", 80) : *listening;
}
