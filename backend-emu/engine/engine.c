/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

enum {
  DEFAULT_TRAIL_CAPACITY = 8192,
  DEFAULT_LOOP_LIMIT = 1000,
  DEFAULT_LOOP_ENTRIES = 10,
  DEFAULT_IDLE_LIMIT = 60000,
  MOST_TRAIL_CAPACITY = 1 << 24
};

conntrail_status conntrail__refuse(conntrail__refusal *why, conntrail_status status,
                                   const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(why->text, sizeof why->text, format, arguments);
  va_end(arguments);
  return status;
}

void *conntrail__list_grow(conntrail__list *list, size_t item_size) {
  if (list->count == list->capacity) {
    uint32_t capacity = list->capacity == 0 ? 8 : list->capacity * 2;
    void *items = realloc(list->items, capacity * item_size);
    if (items == NULL) {
      return NULL;
    }
    list->items = items;
    list->capacity = capacity;
  }
  uint8_t *place = (uint8_t *)list->items + list->count * item_size;
  memset(place, 0, item_size);
  list->count++;
  return place;
}

conntrail__blob *conntrail__blob_create(const void *bytes, uint32_t size) {
  conntrail__blob *blob = malloc(sizeof *blob + size);
  if (blob == NULL) {
    return NULL;
  }
  blob->references = 1;
  blob->size = size;
  if (bytes != NULL) {
    memcpy(blob->bytes, bytes, size);
  }
  return blob;
}

conntrail__blob *conntrail__blob_share(conntrail__blob *blob) {
  if (blob != NULL) {
    blob->references++;
  }
  return blob;
}

void conntrail__blob_release(conntrail__blob *blob) {
  if (blob != NULL && --blob->references == 0) {
    free(blob);
  }
}

bool conntrail__user_number(conntrail_emu *emu, const char *user, uint16_t *number) {
  *number = 0;
  if (user == NULL || user[0] == '\0') {
    return true;
  }
  char(*users)[CONNTRAIL__USER_TEXT] = emu->users.items;
  for (uint32_t i = 0; i < emu->users.count; i++) {
    if (strcmp(users[i], user) == 0) {
      *number = (uint16_t)(i + 1);
      return true;
    }
  }
  if (emu->users.count == UINT16_MAX) {
    return false;
  }
  char *place = conntrail__list_grow(&emu->users, CONNTRAIL__USER_TEXT);
  if (place == NULL) {
    return false;
  }
  snprintf(place, CONNTRAIL__USER_TEXT, "%s", user);
  *number = (uint16_t)emu->users.count;
  return true;
}

/* SplitMix64: small, seedable, and good enough to spread faults. */
uint64_t conntrail__random(conntrail_emu *emu) {
  uint64_t z = emu->random += UINT64_C(0x9E3779B97F4A7C15);
  z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
  return z ^ (z >> 31);
}

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

static void destroy_service(conntrail_emu_service *service) {
  conntrail__blob_release(service->fixed_context);
  free(service->exempt_processes.items);
  free(service->exempt_users.items);
  free(service);
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
    destroy_service(emu->services[i]);
  }
  free(emu->filters.items);
  free(emu->faults.items);
  free(emu->users.items);
  free(emu->flows.items);
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
