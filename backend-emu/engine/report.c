/* SPDX-License-Identifier: MIT */
#include "report.h"

#include "emulation.h"
#include "journeys.h"
#include "service.h"
#include "trail.h"

static uint64_t delivered(const conntrail__journeys *j) {
  uint64_t count = 0;
  for (size_t i = 1; i <= j->count; i++) {
    count += j->all[i].is_delivered;
  }
  return count;
}

bool conntrail__report_summarise(const conntrail_emu *emu, conntrail_emu_summary *summary) {
  const uint32_t capacity = emu->options.trail_capacity;
  conntrail__journeys j;
  const bool is_read = conntrail__journeys_read(emu, &j);
  if (is_read) {
    const uint64_t reached = delivered(&j);
    *summary = (conntrail_emu_summary){
        .struct_size = sizeof *summary,
        .connections = j.count,
        .delivered = reached,
        .undelivered = j.count - reached,
        .loops = conntrail__trail_count(emu, CONNTRAIL_EMU_LOOP),
        .misuses = conntrail__trail_count(emu, CONNTRAIL_EMU_MISUSE),
        .refused = conntrail__trail_count(emu, CONNTRAIL_EMU_REFUSED),
        .escapes = conntrail__trail_misuse_count(emu, CONNTRAIL_EMU_MISUSE_OUTSIDE),
        .lost_events = emu->event_count > capacity ? emu->event_count - capacity : 0};
  }
  conntrail__journeys_free(&j);
  return is_read;
}

uint64_t conntrail__report_of_service(const conntrail_emu_service *service,
                                      conntrail_emu_event_kind kind) {
  if (service == NULL || (unsigned)kind >= CONNTRAIL__KINDS) {
    return 0;
  }
  const conntrail_emu *emu = service->emu;
  const conntrail__event *event;
  uint64_t count = service->lost_counts[kind];
  for (uint64_t after = 0; (event = conntrail__trail_next(emu, after)) != NULL;
       after = event->number) {
    count += event->kind == kind && conntrail__event_service(emu, event) == service;
  }
  return count;
}
