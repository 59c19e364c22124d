/* SPDX-License-Identifier: MIT */
/* Walks with TCP and injected faults: see walk.h. Nothing but the transcript is compared. */
#include "cases.h"
#include "walk_streams.h"

enum { SEEDS = 24, TURNS = 150 };

static walk w;
static uint8_t blob[BLOB_ROOM];

static void create(void) {
  conntrail_socket *slot = walk_slot(&w);
  if (*slot == CONNTRAIL_INVALID_SOCKET) {
    *slot = scenario_socket(NET_TCP4);
  }
}

static void accept_from(int service) {
  conntrail_socket accepted = walk_accept(&w, service);
  conntrail_socket *slot = walk_slot(&w);
  if (*slot == CONNTRAIL_INVALID_SOCKET) {
    *slot = accepted;
  } else {
    scenario_close(accepted);
  }
  (void)walk_last_event(&w);
}

/* By a client, or by the proxies' own process. */
static void connect_one(void) {
  unsigned destination = walk_below(&w, WALK_DESTINATIONS);
  conntrail_socket socket = *walk_slot(&w);
  uint64_t since = walk_last_event(&w);
  if (walk_below(&w, 2) == 0) {
    fixture_client_begin();
  }
  net_result result = net_connect(socket, &w.destinations[destination]);
  fixture_client_end();
  transcript_line("connect %s to destination %u -> %s", transcript_socket(socket), destination,
                  net_result_name(result));
  if (result == NET_OK) {
    accept_from(walk_service_of(&w, since));
  }
}

static void query(void) {
  walk_query it = walk_choose_query(&w);
  size_t size = 0;
  if (t_query(it.kind, w.sockets[it.slot], blob, it.capacity, &size) == CONNTRAIL_OK &&
      it.kind == QUERY_RECORDS) {
    walk_keep_records(&w, blob, size, WALK_NOTHING);
  }
}

static void set(void) {
  walk_choice records;
  walk_choose_records(&w, &records);
  (void)t_set_records(*walk_slot(&w), records.bytes, records.size);
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
  int ignored;
  (void)walk_close(&w, net_close, "close", &ignored);
}

static void duplicate(void) {
  (void)walk_copy(&w, net_duplicate);
}

static void inspect(void) {
  walk_inspect(&w);
}

static void ask_peer(void) {
  struct sockaddr_storage peer;
  (void)walk_ask_peer(*walk_slot(&w), &peer);
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
  walk_all(&w, &(walk_plan){.kind = NET_TCP4,
                            .place = walk_listen,
                            .steps = steps,
                            .step_count = sizeof steps / sizeof steps[0],
                            .turns = TURNS,
                            .seeds = SEEDS});
}
