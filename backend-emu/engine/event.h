/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ENGINE_EVENT_H
#define CONNTRAIL_ENGINE_EVENT_H

/* The part of engine.h, which includes it, that is about the trail (trail.c, trail_text.c). */

#include "engine.h"

/* An event as it is kept; conntrail_emu_event is made of it when asked for. */
typedef struct conntrail__event {
  uint64_t number;
  uint8_t kind;
  uint8_t misuse;
  uint8_t state;
  uint8_t service;          /* index + 1 */
  uint8_t untransferred_by; /* index + 1 */
  uint32_t process;
  uint32_t socket;
  uint32_t from;
  uint32_t hops;
  uint32_t native;
  uint32_t size;
  uint32_t capacity;
  uint8_t protocol; /* 6, 17, or 0 without a socket */
  conntrail__address destination;
  conntrail__address target;
} conntrail__event;

uint64_t conntrail__trail_count(const conntrail_emu *emu, conntrail_emu_event_kind kind);
uint64_t conntrail__trail_misuse_count(const conntrail_emu *emu, conntrail_emu_misuse misuse);
/* The first kept event above after; NULL where there is none. */
const conntrail__event *conntrail__trail_next(const conntrail_emu *emu, uint64_t after);
const conntrail_emu_service *conntrail__event_service(const conntrail_emu *emu,
                                                      const conntrail__event *event);
const conntrail_emu_service *conntrail__event_untransferred_by(const conntrail_emu *emu,
                                                               const conntrail__event *event);
/* words.c: "?" for values that are none. */
const char *conntrail__event_word(conntrail_emu_event_kind kind);
const char *conntrail__misuse_text(conntrail_emu_misuse misuse);
size_t conntrail__trail_text(const conntrail_emu *emu, unsigned flags, char *text, size_t capacity);
/* One of its lines, without the number and the end: its length; ended with 0 where capacity is not
 * 0. */
size_t conntrail__event_text(const conntrail_emu *emu, const conntrail__event *event,
                             unsigned flags, char *text, size_t capacity);

#endif
