/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "emulation.h"
#include "flow.h"
#include "service.h"
#include "socket.h"
#include "trail.h"

/* A ring of events: the oldest give way when it is full, the counts never do. */

/* What a service is asked for counts on (report.c). */
static void give_up(const conntrail_emu *emu, const conntrail__event *oldest) {
  if (oldest->service != 0) {
    emu->services[oldest->service - 1]->lost_counts[oldest->kind]++;
  }
}

conntrail__event *conntrail__trail_add(conntrail_emu *emu, conntrail_emu_event_kind kind,
                                       const conntrail__socket *socket) {
  conntrail__event *event = &emu->events[emu->event_place];
  if (emu->event_count >= emu->options.trail_capacity) {
    give_up(emu, event);
  }
  emu->event_place++;
  if (emu->event_place == emu->options.trail_capacity) {
    emu->event_place = 0;
  }
  memset(event, 0, sizeof *event);
  event->number = ++emu->event_count;
  event->kind = (uint8_t)kind;
  if (socket != NULL) {
    event->socket = socket->number;
    event->process = socket->process;
    event->protocol = socket->is_datagram ? CONNTRAIL__UDP : CONNTRAIL__TCP;
  }
  emu->counts[kind]++;
  return event;
}

conntrail__event *conntrail__note_flow_misuse(conntrail_emu *emu, const conntrail__socket *socket,
                                              const conntrail__flow *flow,
                                              conntrail_emu_misuse misuse, uint32_t size) {
  conntrail__event *event = conntrail__trail_add(emu, CONNTRAIL_EMU_MISUSE, socket);
  event->misuse = (uint8_t)misuse;
  event->size = size;
  if (flow != NULL) {
    event->destination = flow->original;
    if (flow->service != NULL) {
      event->service = (uint8_t)(flow->service->index + 1);
    }
  }
  emu->misuse_counts[misuse]++;
  return event;
}

void conntrail__note_misuse(conntrail_emu *emu, const conntrail__socket *socket,
                            conntrail_emu_misuse misuse, uint32_t size) {
  (void)conntrail__note_flow_misuse(emu, socket, socket == NULL ? NULL : socket->flow, misuse,
                                    size);
}

static void give_hint(conntrail_emu *emu, const conntrail__socket *socket,
                      const conntrail__flow *flow) {
  if (flow->service->hint_was_given) {
    return;
  }
  flow->service->hint_was_given = true;
  conntrail__event *event = conntrail__trail_add(emu, CONNTRAIL_EMU_HINT, socket);
  event->service = (uint8_t)(flow->service->index + 1);
  event->destination = flow->original;
}

void conntrail__note_not_transferred(conntrail_emu *emu, const conntrail__socket *socket,
                                     const conntrail__flow *flow, uint32_t size) {
  if (!flow->outbound_was_made || flow->is_transferred) {
    return;
  }
  if (flow->outbound_was_exempt) {
    give_hint(emu, socket, flow);
  } else {
    (void)conntrail__note_flow_misuse(emu, socket, flow, CONNTRAIL_EMU_MISUSE_NOT_TRANSFERRED,
                                      size);
  }
}

void conntrail__note_bypass(conntrail_emu *emu, const conntrail__socket *socket,
                            conntrail__bypass bypass, uint32_t native) {
  conntrail__event *event = conntrail__trail_add(emu, CONNTRAIL_EMU_REFUSED, socket);
  event->state = (uint8_t)bypass;
  event->native = native;
}

void conntrail__socket_outside(conntrail__socket *socket) {
  if (!socket->is_outside) {
    socket->is_outside = true;
    (void)conntrail__socket_number(socket);
    conntrail__note_misuse(socket->emu, socket, CONNTRAIL_EMU_MISUSE_OUTSIDE, 0);
  }
}

uint64_t conntrail__trail_count(const conntrail_emu *emu, conntrail_emu_event_kind kind) {
  return (unsigned)kind < CONNTRAIL__KINDS ? emu->counts[kind] : 0;
}

uint64_t conntrail__trail_misuse_count(const conntrail_emu *emu, conntrail_emu_misuse misuse) {
  return (unsigned)misuse < CONNTRAIL__MISUSES ? emu->misuse_counts[misuse] : 0;
}

const conntrail__event *conntrail__trail_next(const conntrail_emu *emu, uint64_t after) {
  uint32_t capacity = emu->options.trail_capacity;
  uint64_t oldest = emu->event_count > capacity ? emu->event_count - capacity : 0;
  uint64_t index = after > oldest ? after : oldest;
  return index < emu->event_count ? &emu->events[index % capacity] : NULL;
}

const conntrail_emu_service *conntrail__event_service(const conntrail_emu *emu,
                                                      const conntrail__event *event) {
  return event->service == 0 ? NULL : emu->services[event->service - 1];
}

const conntrail_emu_service *conntrail__event_untransferred_by(const conntrail_emu *emu,
                                                               const conntrail__event *event) {
  return event->untransferred_by == 0 ? NULL : emu->services[event->untransferred_by - 1];
}
