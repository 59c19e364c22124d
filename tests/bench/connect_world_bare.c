/* SPDX-License-Identifier: MIT */
#include "connect_world.h"

#include <string.h>

#include "measure.h"

void connect_world_begin(const char *mode) {
  bench_need(strcmp(mode, "bare") == 0, "this program knows the mode bare alone");
}

struct sockaddr_in connect_world_destination(const char *mode,
                                             const struct sockaddr_in *listening) {
  (void)mode;
  return *listening;
}
