/* SPDX-License-Identifier: MIT */
#include "trail.h"

/* The sequences of ECMA-48, 8.3.117 (SGR). */
const char *conntrail__event_colour(const conntrail__event *event) {
  switch ((conntrail_emu_event_kind)event->kind) {
  case CONNTRAIL_EMU_REDIRECTED:
  case CONNTRAIL_EMU_ACCEPTED:
    return "\033[33m";
  case CONNTRAIL_EMU_RECORDS_SET:
    return "\033[36m";
  case CONNTRAIL_EMU_DELIVERED:
    return "\033[32m";
  case CONNTRAIL_EMU_LOOP:
  case CONNTRAIL_EMU_MISUSE:
  case CONNTRAIL_EMU_REFUSED:
  case CONNTRAIL_EMU_BLOCKED:
    return "\033[1;31m";
  case CONNTRAIL_EMU_FAULT:
  case CONNTRAIL_EMU_FAILED:
  case CONNTRAIL_EMU_RECORD_LOST:
  case CONNTRAIL_EMU_DROPPED:
    return "\033[35m";
  default:
    return NULL;
  }
}
