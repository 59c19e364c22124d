/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "emulation.h"
#include "journeys.h"
#include "report.h"
#include "text.h"

enum { MOST_SHOWN = 10 };

static const char *times(uint64_t count) {
  return count == 1 ? "time" : "times";
}

static const char *connections(uint64_t count) {
  return count == 1 ? "connection" : "connections";
}

static void put_service(conntrail__text *t, const conntrail_emu_service *service) {
  static const struct {
    conntrail_emu_event_kind kind;
    const char *word;
  } decisions[] = {{CONNTRAIL_EMU_REDIRECTED, "redirected"},
                   {CONNTRAIL_EMU_PERMITTED, "permitted"},
                   {CONNTRAIL_EMU_EXEMPTED, "exempted"},
                   {CONNTRAIL_EMU_BLOCKED, "blocked"},
                   {CONNTRAIL_EMU_LOOP, "loops refused"}};
  bool is_any = false;
  for (size_t i = 0; i < sizeof decisions / sizeof *decisions; i++) {
    const uint64_t count = conntrail__report_of_service(service, decisions[i].kind);
    if (count > 0 && !is_any) {
      conntrail__text_put(t, "  %s:", conntrail__service_name(service));
    }
    if (count > 0) {
      conntrail__text_put(t, "%s %s %llu", is_any ? "," : "", decisions[i].word,
                          (unsigned long long)count);
      is_any = true;
    }
  }
  conntrail__text_put(t, "%s", is_any ? "\n" : "");
}

/* A proxy that carries no records begins a journey of its own each time. */
static void put_entries(conntrail__text *t, const conntrail_emu *emu, const conntrail__journeys *j,
                        const conntrail__address *destination) {
  for (uint32_t i = 0; i < emu->service_count; i++) {
    const uint64_t count = conntrail__journeys_entered(emu, j, destination, emu->services[i]);
    if (count > 0) {
      conntrail__text_put(t, "; entered the proxy of %s %llu %s",
                          conntrail__service_name(emu->services[i]), (unsigned long long)count,
                          times(count));
    }
  }
}

static void put_unreached(conntrail__text *t, const conntrail_emu *emu,
                          const conntrail__journeys *j) {
  size_t shown = 0;
  for (size_t i = conntrail__journeys_unreached(j, 0); i != 0;
       i = conntrail__journeys_unreached(j, i)) {
    const conntrail__address *destination = &j->all[i].destination;
    const uint64_t count = conntrail__journeys_lost(j, destination);
    char text[CONNTRAIL__ADDRESS_TEXT];
    if (++shown > MOST_SHOWN) {
      conntrail__text_put(t, "  and to other destinations; the trail has them all\n");
      return;
    }
    conntrail__address_format(destination, text);
    conntrail__text_put(t, "  never delivered to %s: %llu %s", text, (unsigned long long)count,
                        connections(count));
    put_entries(t, emu, j, destination);
    conntrail__text_put(t, "\n");
  }
}

static void put_misuses(conntrail__text *t, const conntrail_emu *emu) {
  for (int i = 1; i < CONNTRAIL__MISUSES; i++) {
    const uint64_t count = conntrail__trail_misuse_count(emu, (conntrail_emu_misuse)i);
    if (count > 0) {
      conntrail__text_put(t, "  misuse, %llu %s: %s\n", (unsigned long long)count, times(count),
                          conntrail__misuse_text((conntrail_emu_misuse)i));
    }
  }
}

static void put_all(conntrail__text *t, const conntrail_emu *emu, const conntrail__journeys *j,
                    const conntrail_emu_summary *summary) {
  conntrail__text_put(t, "%llu TCP %s, %llu delivered\n", (unsigned long long)summary->connections,
                      connections(summary->connections), (unsigned long long)summary->delivered);
  for (uint32_t i = 0; i < emu->service_count; i++) {
    put_service(t, emu->services[i]);
  }
  put_unreached(t, emu, j);
  put_misuses(t, emu);
}

bool conntrail__report_text(const conntrail_emu *emu, char *text, size_t capacity, size_t *length) {
  conntrail__text t = {text, capacity, 0};
  conntrail__journeys j;
  conntrail_emu_summary summary = CONNTRAIL_EMU_SUMMARY_INIT;
  const bool is_read =
      conntrail__journeys_read(emu, &j) && conntrail__report_summarise(emu, &summary);
  if (capacity > 0) {
    text[0] = '\0';
  }
  if (is_read && conntrail__trail_next(emu, 0) != NULL) {
    put_all(&t, emu, &j, &summary);
  }
  conntrail__journeys_free(&j);
  *length = t.length;
  return is_read;
}
