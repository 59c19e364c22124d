/* SPDX-License-Identifier: MIT */
#include "../engine/journeys.h"
#include "../engine/report.h"
#include "control.h"
#include "sockaddr.h"

#include <string.h>

static conntrail_status refuse_memory(const char *call) {
  return conntrail__refuse_call(CONNTRAIL_NO_MEMORY, call,
                                "no memory to follow the connections; give the emulation a smaller "
                                "trail_capacity");
}

/* ---- The counts ------------------------------------------------------------------------------ */

conntrail_status conntrail_emu_summarise(const conntrail_emu *emu, conntrail_emu_summary *summary) {
  static const char call[] = "conntrail_emu_summarise";
  conntrail_emu_summary full = CONNTRAIL_EMU_SUMMARY_INIT;
  if (emu == NULL || summary == NULL) {
    return conntrail__refuse_null(call, emu == NULL ? "emu" : "summary");
  }
  const size_t size = summary->struct_size;
  if (size < offsetof(conntrail_emu_summary, delivered)) {
    return conntrail__refuse_call(CONNTRAIL_INVALID, call,
                                  "summary.struct_size is too small for a count; start from "
                                  "CONNTRAIL_EMU_SUMMARY_INIT");
  }
  conntrail__lock_swept();
  const bool is_counted = conntrail__report_summarise(emu, &full);
  conntrail__native_unlock();
  if (!is_counted) {
    return refuse_memory(call);
  }
  memcpy(summary, &full, size < sizeof full ? size : sizeof full);
  summary->struct_size = size;
  return CONNTRAIL_OK;
}

uint64_t conntrail_emu_service_count(const conntrail_emu_service *service,
                                     conntrail_emu_event_kind kind) {
  if (service == NULL) {
    (void)conntrail__refuse_null("conntrail_emu_service_count", "service");
    return 0;
  }
  conntrail__lock_swept();
  const uint64_t count = conntrail__report_of_service(service, kind);
  conntrail__native_unlock();
  return count;
}

/* ---- What was never delivered ---------------------------------------------------------------- */

/* What it is worth knowing of the index-th. 0 connections: there are not so many. */
typedef struct unreached {
  conntrail__address destination;
  uint64_t connections;
} unreached;

/* False: no memory. */
static bool find_unreached(const conntrail_emu *emu, size_t index, unreached *found) {
  conntrail__journeys journeys;
  *found = (unreached){.connections = 0};
  const bool is_read = conntrail__journeys_read(emu, &journeys);
  size_t at = is_read ? conntrail__journeys_unreached(&journeys, 0) : 0;
  for (; at != 0 && index > 0; index--) {
    at = conntrail__journeys_unreached(&journeys, at);
  }
  if (at != 0) {
    found->destination = journeys.all[at].destination;
    found->connections = conntrail__journeys_lost(&journeys, &found->destination);
  }
  conntrail__journeys_free(&journeys);
  return is_read;
}

bool conntrail_emu_unreached_destination(const conntrail_emu *emu, size_t index,
                                         conntrail_emu_unreached *result) {
  static const char call[] = "conntrail_emu_unreached_destination";
  unreached found;
  if (emu == NULL || result == NULL) {
    (void)conntrail__refuse_null(call, emu == NULL ? "emu" : "unreached");
    return false;
  }
  if (result->struct_size != sizeof *result) {
    (void)conntrail__refuse_call(CONNTRAIL_INVALID, call,
                                 "unreached.struct_size is that of another version; start from "
                                 "CONNTRAIL_EMU_UNREACHED_INIT");
    return false;
  }
  conntrail__lock_swept();
  const bool is_read = find_unreached(emu, index, &found);
  conntrail__native_unlock();
  if (!is_read) {
    (void)refuse_memory(call);
  }
  if (found.connections == 0) {
    return false;
  }
  result->connections = found.connections;
  (void)conntrail__address_to_sockaddr(&found.destination, &result->destination);
  return true;
}

/* False: no memory. */
static bool count_entries(const conntrail_emu *emu, const conntrail__address *destination,
                          const conntrail_emu_service *service, uint64_t *count) {
  conntrail__journeys journeys;
  const bool is_read = conntrail__journeys_read(emu, &journeys);
  if (is_read) {
    *count = conntrail__journeys_entered(emu, &journeys, destination, service);
  }
  conntrail__journeys_free(&journeys);
  return is_read;
}

uint64_t conntrail_emu_entered(const conntrail_emu *emu, const struct sockaddr *destination,
                               const conntrail_emu_service *service) {
  static const char call[] = "conntrail_emu_entered";
  conntrail__address address;
  uint64_t count = 0;
  if (emu == NULL || destination == NULL || service == NULL) {
    (void)conntrail__refuse_null(call, emu == NULL           ? "emu"
                                       : destination == NULL ? "destination"
                                                             : "service");
    return 0;
  }
  if (conntrail__read_sockaddr(call, "destination", destination, &address) != CONNTRAIL_OK) {
    return 0;
  }
  conntrail__lock_swept();
  const bool is_read = count_entries(emu, &address, service, &count);
  conntrail__native_unlock();
  if (!is_read) {
    (void)refuse_memory(call);
  }
  return count;
}

/* ---- For people ------------------------------------------------------------------------------ */

size_t conntrail_emu_summary_text(const conntrail_emu *emu, char *text, size_t capacity) {
  static const char call[] = "conntrail_emu_summary_text";
  size_t length = 0;
  if (text != NULL && capacity > 0) {
    text[0] = '\0';
  }
  if (emu == NULL || (text == NULL && capacity > 0)) {
    (void)conntrail__refuse_null(call, emu == NULL ? "emu" : "text");
    return 0;
  }
  conntrail__lock_swept();
  const bool is_written = conntrail__report_text(emu, text, capacity, &length);
  conntrail__native_unlock();
  if (!is_written) {
    (void)refuse_memory(call);
  }
  return length;
}
