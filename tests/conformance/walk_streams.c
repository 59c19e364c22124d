/* SPDX-License-Identifier: MIT */
#include "walk_streams.h"

#include <string.h>

conntrail_socket walk_listen(struct sockaddr_storage *address) {
  return scenario_listener(NET_TCP4, address);
}

/* The next one after that; false: there is none yet. */
static bool next_event(uint64_t after, conntrail_emu_event *event) {
  memset(event, 0, sizeof *event);
  event->struct_size = sizeof *event;
  return conntrail_emu_next_event(fixture_emulation(), after, event);
}

uint64_t walk_last_event(walk *w) {
  conntrail_emu_event event;
  while (next_event(w->last_event, &event)) {
    w->last_event = event.number;
  }
  return w->last_event;
}

int walk_service_of(const walk *w, uint64_t since) {
  conntrail_emu_event event;
  for (uint64_t last = since; next_event(last, &event); last = event.number) {
    if (event.kind == CONNTRAIL_EMU_REDIRECTED) {
      return event.service == w->services[0] ? 0 : 1;
    }
  }
  return WALK_NOTHING;
}

conntrail_socket walk_accept(walk *w, int service) {
  conntrail_socket accepted = scenario_accept(w->places[service == WALK_NOTHING ? 2 : service]);
  transcript_line("accept -> %s", transcript_socket(accepted));
  (void)walk_last_event(w); /* a supervisor sees no accept, and learns of it now */
  return accepted;
}

walk_query walk_choose_query(walk *w) {
  static const size_t capacities[] = {0,  1,  2,   3,   4,   16,   79,
                                      80, 81, 136, 255, 256, 1024, BLOB_ROOM};
  walk_query query;
  query.capacity = capacities[walk_below(w, sizeof capacities / sizeof capacities[0])];
  query.kind = walk_below(w, 3) == 0 ? QUERY_CONTEXT : QUERY_RECORDS;
  query.slot = walk_pick(w);
  return query;
}

void walk_choose_records(walk *w, walk_choice *records) {
  records->size = w->records_size;
  records->is_whole = true;
  memcpy(records->bytes, w->records, records->size);
  if (records->size > 0 && walk_below(w, 4) == 0) {
    records->bytes[walk_below(w, (unsigned)records->size)] ^= 1;
    records->is_whole = false;
  } else if (walk_below(w, 8) == 0) {
    records->size /= 2;
    records->is_whole = false;
  }
}
