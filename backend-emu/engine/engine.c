/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "arrival.h"
#include "emulation.h"
#include "profile.h"
#include "random.h"
#include "refusal.h"
#include "route.h"
#include "service.h"
#include "socket.h"

enum {
  DEFAULT_TRAIL_CAPACITY = 8192,
  DEFAULT_LOOP_LIMIT = 1000,
  DEFAULT_LOOP_ENTRIES = 10,
  DEFAULT_IDLE_LIMIT = 60000,
  MOST_TRAIL_CAPACITY = 1 << 24
};

static bool check_options(const conntrail_emu_options *options, conntrail__refusal *why) {
  if (options->struct_size != sizeof *options) {
    conntrail__refuse(why, CONNTRAIL_INVALID,
                      "conntrail_emu_options.struct_size is %zu, not %zu: start from "
                      "CONNTRAIL_EMU_OPTIONS_INIT, and compile against the header of the library "
                      "that runs",
                      options->struct_size, sizeof *options);
    return false;
  }
  if ((unsigned)options->profile > CONNTRAIL_EMU_CONTRARY) {
    conntrail__refuse(why, CONNTRAIL_INVALID,
                      "conntrail_emu_options.profile is %d: give CONNTRAIL_EMU_DOCUMENTED, "
                      "CONNTRAIL_EMU_MEASURED or CONNTRAIL_EMU_CONTRARY",
                      (int)options->profile);
    return false;
  }
  if (options->trail_capacity > MOST_TRAIL_CAPACITY) {
    conntrail__refuse(why, CONNTRAIL_INVALID,
                      "conntrail_emu_options.trail_capacity is %u: at most %d events can be kept",
                      options->trail_capacity, (int)MOST_TRAIL_CAPACITY);
    return false;
  }
  return true;
}

static void settle_options(conntrail_emu *emu, const conntrail_emu_options *options,
                           uint64_t instance) {
  emu->options = *options;
  if (emu->options.trail_capacity == 0) {
    emu->options.trail_capacity = DEFAULT_TRAIL_CAPACITY;
  }
  if (emu->options.loop_limit == 0) {
    emu->options.loop_limit = DEFAULT_LOOP_LIMIT;
  }
  if (emu->options.loop_entries == 0) {
    emu->options.loop_entries = DEFAULT_LOOP_ENTRIES;
  }
  if (emu->options.idle_limit == 0) {
    emu->options.idle_limit = DEFAULT_IDLE_LIMIT;
  }
  emu->random = options->seed;
  emu->seal_key[0] = conntrail__random(emu);
  emu->seal_key[1] = conntrail__random(emu) ^ instance;
  emu->random = options->seed;
  emu->table = conntrail__builtin_table(options->profile);
}

conntrail_emu *conntrail__engine_create(const conntrail_emu_options *options, uint64_t instance,
                                        conntrail__refusal *why) {
  static const conntrail_emu_options defaults = CONNTRAIL_EMU_OPTIONS_INIT;
  if (options == NULL) {
    options = &defaults;
  }
  if (!check_options(options, why)) {
    return NULL;
  }
  conntrail_emu *emu = calloc(1, sizeof *emu);
  if (emu == NULL) {
    conntrail__refuse(why, CONNTRAIL_NO_MEMORY, "no memory for an emulation");
    return NULL;
  }
  settle_options(emu, options, instance);
  emu->events = malloc(emu->options.trail_capacity * sizeof *emu->events);
  if (emu->events == NULL) {
    free(emu);
    conntrail__refuse(why, CONNTRAIL_NO_MEMORY, "no memory for a trail of %u events",
                      options->trail_capacity);
    return NULL;
  }
  return emu;
}

static void close_all(conntrail__socket *first) {
  while (first != NULL) {
    conntrail__socket *next = first->next;
    first->references = 1;
    conntrail__socket_release(first);
    first = next;
  }
}

void conntrail__engine_destroy(conntrail_emu *emu) {
  if (emu == NULL) {
    return;
  }
  close_all(emu->undecided);
  close_all(emu->sockets);
  conntrail__arrival_clear(emu);
  conntrail__route_clear(emu);
  for (uint32_t i = 0; i < emu->service_count; i++) {
    conntrail__service_destroy(emu->services[i]);
  }
  free(emu->filters.items);
  free(emu->faults.items);
  free(emu->users.items);
  free(emu->flows.items);
  free(emu->hinting.items);
  free(emu->events);
  conntrail__profile_forget(emu);
  free(emu);
}

bool conntrail__engine_set_profile(conntrail_emu *emu, conntrail_emu_profile profile,
                                   conntrail__refusal *why) {
  conntrail_emu_options options = emu->options;
  options.profile = profile;
  if (!check_options(&options, why)) {
    return false;
  }
  conntrail__profile_forget(emu);
  emu->options.profile = profile;
  emu->table = conntrail__builtin_table(profile);
  return true;
}

void conntrail__engine_set_privileged(conntrail_emu *emu, bool privileged) {
  emu->options.unprivileged = !privileged;
}
