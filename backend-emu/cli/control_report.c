/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "../engine/emulation.h"
#include "../engine/journeys.h"
#include "../engine/report.h"
#include "conntrail/conntrail.h"
#include "control_client.h"
#include "verdict.h"

/* What there is to read of a run. */

enum { PROTOCOL = 1, MOST_UNREACHED = 10 };

static json_t *number(uint64_t value) {
  return json_integer((json_int_t)value);
}

json_t *conntrail__control_hello(const conntrail__running *r) {
  json_t *programs = json_array();
  for (size_t i = 0; i < conntrail__scenario_programs(r->scenario); i++) {
    json_array_append_new(programs,
                          conntrail__json_text(conntrail__scenario_program(r->scenario, i)));
  }
  return json_pack("{s:b, s:i, s:s, s:o, s:o}", "ok", 1, "control", PROTOCOL, "version",
                   CONNTRAIL_VERSION_TEXT, "socket",
                   r->socket == NULL ? json_null() : conntrail__json_text(r->socket), "programs",
                   programs);
}

/* ---- Counts ---------------------------------------------------------------------------------- */

static json_t *count_events(const conntrail_emu *emu) {
  json_t *counts = json_object();
  for (unsigned i = 1; i < CONNTRAIL__KINDS; i++) {
    const conntrail_emu_event_kind kind = (conntrail_emu_event_kind)i;
    json_object_set_new(counts, conntrail__event_word(kind),
                        number(conntrail__trail_count(emu, kind)));
  }
  return counts;
}

static json_t *count_misuses(const conntrail_emu *emu) {
  json_t *counts = json_object();
#define CONTROL_MISUSE(constant, value, text)                                                      \
  json_object_set_new(                                                                             \
      counts, #constant,                                                                           \
      number(conntrail__trail_misuse_count(emu, CONNTRAIL_EMU_MISUSE_##constant)));
  CONNTRAIL_EMU_MISUSE_MAP(CONTROL_MISUSE)
#undef CONTROL_MISUSE
  return counts;
}

static json_t *count_service(const conntrail_emu_service *service) {
  static const conntrail_emu_event_kind kinds[] = {CONNTRAIL_EMU_REDIRECTED,
                                                   CONNTRAIL_EMU_PERMITTED, CONNTRAIL_EMU_EXEMPTED,
                                                   CONNTRAIL_EMU_BLOCKED, CONNTRAIL_EMU_LOOP};
  json_t *counts = json_object();
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    json_object_set_new(counts, conntrail__event_word(kinds[i]),
                        number(conntrail__report_of_service(service, kinds[i])));
  }
  return counts;
}

static json_t *count_services(const conntrail_emu *emu) {
  json_t *services = json_object();
  for (uint32_t i = 0; i < emu->service_count; i++) {
    json_object_set_new(services, conntrail__service_name(emu->services[i]),
                        count_service(emu->services[i]));
  }
  return services;
}

static json_t *count_entries(const conntrail_emu *emu, const conntrail__journeys *journeys,
                             const conntrail__address *destination) {
  json_t *entered = json_object();
  for (uint32_t i = 0; i < emu->service_count; i++) {
    json_object_set_new(
        entered, conntrail__service_name(emu->services[i]),
        number(conntrail__journeys_entered(emu, journeys, destination, emu->services[i])));
  }
  return entered;
}

/* NULL: no memory. */
static json_t *list_unreached(const conntrail_emu *emu) {
  conntrail__journeys journeys;
  json_t *list = conntrail__journeys_read(emu, &journeys) ? json_array() : NULL;
  size_t at = list == NULL ? 0 : conntrail__journeys_unreached(&journeys, 0);
  for (; at != 0 && json_array_size(list) < MOST_UNREACHED;
       at = conntrail__journeys_unreached(&journeys, at)) {
    const conntrail__address *destination = &journeys.all[at].destination;
    char text[CONNTRAIL__ADDRESS_TEXT];
    conntrail__address_format(destination, text);
    json_array_append_new(list,
                          json_pack("{s:s, s:I, s:o}", "destination", text, "connections",
                                    (json_int_t)conntrail__journeys_lost(&journeys, destination),
                                    "entered", count_entries(emu, &journeys, destination)));
  }
  conntrail__journeys_free(&journeys);
  return list;
}

/* NULL: no memory. */
static json_t *summary_text(const conntrail_emu *emu) {
  size_t length = 0;
  (void)conntrail__report_text(emu, NULL, 0, &length);
  char *text = malloc(length + 1);
  json_t *value = text != NULL && conntrail__report_text(emu, text, length + 1, &length)
                      ? json_string(text)
                      : NULL;
  free(text);
  return value;
}

json_t *conntrail__control_counts(const conntrail__running *r) {
  conntrail_emu_summary s;
  if (!conntrail__report_summarise(r->emu, &s)) {
    return NULL;
  }
  json_t *counts = json_pack("{s:b}", "ok", 1);
  json_object_set_new(counts, "connections", number(s.connections));
  json_object_set_new(counts, "delivered", number(s.delivered));
  json_object_set_new(counts, "undelivered", number(s.undelivered));
  json_object_set_new(counts, "loops", number(s.loops));
  json_object_set_new(counts, "misuses", number(s.misuses));
  json_object_set_new(counts, "refused", number(s.refused));
  json_object_set_new(counts, "escapes", number(s.escapes + r->refusals));
  json_object_set_new(counts, "lost_events", number(s.lost_events));
  json_object_set_new(counts, "events", count_events(r->emu));
  json_object_set_new(counts, "services", count_services(r->emu));
  json_object_set_new(counts, "misuse", count_misuses(r->emu));
  json_object_set_new(counts, "unreached", list_unreached(r->emu));
  json_object_set_new(counts, "summary", summary_text(r->emu));
  return counts;
}

/* ---- The trail ------------------------------------------------------------------------------- */

json_t *conntrail__control_trail(const conntrail__running *r, uint64_t after, size_t most) {
  const conntrail__event *event = conntrail__trail_next(r->emu, after);
  json_t *events = json_array();
  for (; event != NULL && json_array_size(events) < most;
       event = conntrail__trail_next(r->emu, after)) {
    json_array_append_new(events, conntrail__trail_describe(r->emu, r->supervisor, event));
    after = event->number;
  }
  return json_pack("{s:b, s:o, s:b}", "ok", 1, "events", events, "more", event != NULL);
}

/* ---- Expectations ---------------------------------------------------------------------------- */

json_t *conntrail__control_expect(const conntrail__running *r, const conntrail__document *request) {
  conntrail__verdict *verdict = malloc(sizeof *verdict);
  json_t *failed = json_array();
  if (verdict == NULL || !conntrail__verdict_expect(verdict, request, r->emu)) {
    free(verdict);
    json_decref(failed);
    return NULL;
  }
  for (size_t i = 0; i < verdict->count; i++) {
    const conntrail__check *one = &verdict->checks[i];
    if (!one->is_met) {
      json_array_append_new(failed,
                            json_pack("{s:o, s:s, s:s}", "name", conntrail__json_text(one->name),
                                      "wanted", one->wanted, "got", one->got));
    }
  }
  json_t *answer = json_pack("{s:b, s:b, s:o}", "ok", 1, "met", verdict->is_met, "failed", failed);
  free(verdict);
  return answer;
}
