/* SPDX-License-Identifier: MIT */
/* Walks with TCP and injected faults: see walk.h. Nothing but the transcript is compared. */
#include <string.h>

#include "cases.h"
#include "walk.h"

enum { SEEDS = 24, TURNS = 150 };

static walk w;
static uint8_t blob[BLOB_ROOM];

static conntrail_socket listen_somewhere(struct sockaddr_storage *address) {
  return scenario_listener(NET_TCP4, address);
}

static void create(void) {
  conntrail_socket *slot = walk_slot(&w);
  if (*slot == CONNTRAIL_INVALID_SOCKET) {
    *slot = scenario_socket(NET_TCP4);
  }
}

static uint64_t last_event(void) {
  conntrail_emu_event event;
  memset(&event, 0, sizeof event);
  event.struct_size = sizeof event;
  while (conntrail_emu_next_event(fixture_emulation(), event.number, &event)) {
  }
  return event.number;
}

/* Where what connected after this event waits: by the trail at a proxy, otherwise at the server. */
static conntrail_socket listener_of(uint64_t since) {
  conntrail_emu_event event;
  memset(&event, 0, sizeof event);
  event.struct_size = sizeof event;
  event.number = since;
  while (conntrail_emu_next_event(fixture_emulation(), event.number, &event)) {
    if (event.kind == CONNTRAIL_EMU_REDIRECTED) {
      return w.places[event.service == w.services[0] ? 0 : 1];
    }
  }
  return w.places[2];
}

static void accept_from(conntrail_socket listener) {
  conntrail_socket accepted = scenario_accept(listener);
  conntrail_socket *slot = walk_slot(&w);
  transcript_line("accept -> %s", transcript_socket(accepted));
  (void)last_event(); /* a supervisor sees no accept, and learns of it now */
  if (*slot == CONNTRAIL_INVALID_SOCKET) {
    *slot = accepted;
  } else {
    scenario_close(accepted);
  }
  (void)last_event();
}

/* By a client, or by the proxies' own process. */
static void connect_one(void) {
  unsigned destination = walk_below(&w, WALK_DESTINATIONS);
  conntrail_socket socket = *walk_slot(&w);
  uint64_t since = last_event();
  if (walk_below(&w, 2) == 0) {
    fixture_client_begin();
  }
  net_result result = net_connect(socket, &w.destinations[destination]);
  fixture_client_end();
  transcript_line("connect %s to destination %u -> %s", transcript_socket(socket), destination,
                  net_result_name(result));
  if (result == NET_OK) {
    accept_from(listener_of(since));
  }
}

static void query(void) {
  static const size_t capacities[] = {0,  1,  2,   3,   4,   16,   79,
                                      80, 81, 136, 255, 256, 1024, BLOB_ROOM};
  size_t capacity = capacities[walk_below(&w, sizeof capacities / sizeof capacities[0])];
  query_kind kind = walk_below(&w, 3) == 0 ? QUERY_CONTEXT : QUERY_RECORDS;
  size_t size = 0;
  if (t_query(kind, *walk_slot(&w), blob, capacity, &size) == CONNTRAIL_OK &&
      kind == QUERY_RECORDS && size <= sizeof w.records) {
    memcpy(w.records, blob, size);
    w.records_size = size;
  }
}

/* As they were seen, altered, or cut. */
static void set(void) {
  size_t size = w.records_size;
  memcpy(blob, w.records, size);
  if (size > 0 && walk_below(&w, 4) == 0) {
    blob[walk_below(&w, (unsigned)size)] ^= 1;
  } else if (walk_below(&w, 8) == 0) {
    size /= 2;
  }
  (void)t_set_records(*walk_slot(&w), blob, size);
}

static void transfer(void) {
  conntrail_socket accepted = *walk_slot(&w);
  (void)t_transfer_records(accepted, *walk_slot(&w));
}

static void ask_destination(void) {
  struct sockaddr_storage destination;
  (void)t_original_destination(*walk_slot(&w), &destination);
}

static void close_one(void) {
  (void)walk_close_one(&w);
}

static void duplicate(void) {
  walk_duplicate(&w);
}

static void inspect(void) {
  walk_inspect(&w);
}

static void ask_peer(void) {
  walk_ask_peer(&w);
}

static void change(void) {
  if (walk_below(&w, 3) == 0) {
    walk_add_fault(&w, (conntrail_emu_operation)walk_below(&w, CONNTRAIL_EMU_ACCEPT + 1));
  } else {
    walk_change_world(&w);
  }
}

void case_walk_tcp_faults(void) {
  static const walk_step steps[] = {create,   create,    create,          connect_one, connect_one,
                                    query,    query,     connect_one,     set,         transfer,
                                    transfer, close_one, ask_destination, ask_peer,    inspect,
                                    change,   duplicate};
  uint64_t first;
  uint64_t last;
  walk_seeds(SEEDS, &first, &last);
  for (uint64_t seed = first; seed <= last; ++seed) {
    walk_begin(&w, seed, NET_TCP4, listen_somewhere);
    walk_along(&w, TURNS, steps, sizeof steps / sizeof steps[0]);
    walk_tell(&w);
    fixture_close();
  }
}
