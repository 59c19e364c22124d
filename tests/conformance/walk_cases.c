/* SPDX-License-Identifier: MIT */
/* Walks with TCP: see walk.h. */
#include <stdio.h>
#include <string.h>

#include "cases.h"
#include "walk.h"
#include "walk_model.h"

enum { SEEDS = 24, SEEDS_OF_TRANSITIONS = 12, TURNS = 150 };

static walk w;
static walk_model m;
static int modelled[WALK_SOCKETS]; /* which socket of the model each slot has */
static int records_flow;           /* whose records w.records are */
static uint8_t blob[BLOB_ROOM];

static unsigned pick(void) {
  return walk_below(&w, WALK_SOCKETS);
}

static conntrail_socket listen_somewhere(struct sockaddr_storage *address) {
  return scenario_listener(NET_TCP4, address);
}

static void judge_result(const char *step, net_result actual, net_result predicted) {
  walk_judge(&w, step, net_result_name(actual), net_result_name(predicted));
}

static void judge_status(const char *step, conntrail_status actual, conntrail_status predicted) {
  walk_judge(&w, step, conntrail_status_name(actual), conntrail_status_name(predicted));
}

/* ---- Sockets --------------------------------------------------------------------------------- */

static void put(unsigned slot, conntrail_socket socket, int model) {
  w.sockets[slot] = socket;
  modelled[slot] = model;
}

static void create(void) {
  unsigned slot = pick();
  if (modelled[slot] == MODEL_NOTHING) {
    put(slot, scenario_socket(NET_TCP4), model_create(&m));
  }
}

/* One that was not bound, connected or refused before: what the system says to the others is its
 * own. */
static void bind_it(void) {
  unsigned slot = pick();
  const model_socket *s = modelled[slot] == MODEL_NOTHING ? NULL : &m.sockets[modelled[slot]];
  if (s != NULL && (s->is_bound || s->state != MODEL_FRESH || s->was_refused)) {
    return;
  }
  struct sockaddr_storage any = net_loopback(NET_TCP4, 0);
  net_result result = net_bind(w.sockets[slot], &any);
  transcript_line("bind %s -> %s", transcript_socket(w.sockets[slot]), net_result_name(result));
  judge_result("bind", result, model_bind(&m, modelled[slot]));
}

static void copy_slot(net_result (*copy_it)(conntrail_socket, conntrail_socket *)) {
  unsigned from = pick();
  unsigned to = pick();
  if (modelled[from] != MODEL_NOTHING && modelled[to] == MODEL_NOTHING) {
    conntrail_socket copy = CONNTRAIL_INVALID_SOCKET;
    expect_result(copy_it(w.sockets[from], &copy), NET_OK);
    transcript_line("duplicate %s -> %s", transcript_socket(w.sockets[from]),
                    transcript_socket(copy));
    model_duplicate(&m, modelled[from]);
    put(to, copy, modelled[from]);
  }
}

static void duplicate(void) {
  copy_slot(net_duplicate);
}

static void pass(void) {
  copy_slot(net_pass);
}

static uint64_t last_event(void) {
  conntrail_emu_event event;
  memset(&event, 0, sizeof event);
  event.struct_size = sizeof event;
  while (conntrail_emu_next_event(fixture_emulation(), event.number, &event)) {
  }
  return event.number;
}

/* The trail is read, so that the end is known everywhere before the next call (E11). */
static void close_slot(net_result (*close)(conntrail_socket), const char *how) {
  unsigned slot = pick();
  if (modelled[slot] != MODEL_NOTHING) {
    transcript_line("%s %s", how, transcript_socket(w.sockets[slot]));
    judge_result(how, close(w.sockets[slot]), NET_OK);
    (void)last_event();
    model_close(&m, modelled[slot]);
    put(slot, CONNTRAIL_INVALID_SOCKET, MODEL_NOTHING);
  }
}

static void close_one(void) {
  close_slot(net_close, "close");
}

static void close_unseen(void) {
  close_slot(net_close_unseen, "close behind the emulation's back");
}

/* The system's word: it keeps what it was bound to, or not. */
static bool has_address(conntrail_socket socket) {
  struct sockaddr_storage local;
  return net_local(socket, &local) == NET_OK && net_port(&local) != 0;
}

static void dissolve(void) {
  unsigned slot = pick();
  if (model_hides(&m, modelled[slot])) {
    return;
  }
  net_result result = net_dissolve(w.sockets[slot]);
  transcript_line("dissolve %s -> %s", transcript_socket(w.sockets[slot]), net_result_name(result));
  judge_result("dissolve", result,
               model_dissolve(&m, modelled[slot], has_address(w.sockets[slot])));
  (void)last_event();
}

/* ---- Connecting ------------------------------------------------------------------------------ */

/* Where what connected after this event waits: by the trail at a proxy, otherwise at the server. */
static int service_of(uint64_t since) {
  conntrail_emu_event event;
  memset(&event, 0, sizeof event);
  event.struct_size = sizeof event;
  event.number = since;
  while (conntrail_emu_next_event(fixture_emulation(), event.number, &event)) {
    if (event.kind == CONNTRAIL_EMU_REDIRECTED) {
      return event.service == w.services[0] ? 0 : 1;
    }
  }
  return MODEL_NOTHING;
}

static void accept_it(int service, int client, int flow) {
  conntrail_socket accepted = scenario_accept(w.places[service == MODEL_NOTHING ? 2 : service]);
  int model = model_accept(&m, client, flow);
  unsigned slot = pick();
  transcript_line("accept -> %s", transcript_socket(accepted));
  (void)last_event(); /* a supervisor sees no accept, and learns of it now */
  if (modelled[slot] == MODEL_NOTHING) {
    put(slot, accepted, model);
  } else {
    scenario_close(accepted);
    model_close(&m, model);
  }
  (void)last_event();
}

typedef struct attempt {
  conntrail_socket socket;
  unsigned destination;
  net_result result;
} attempt;

static void connect_it(void *argument) {
  attempt *it = argument;
  it->result = net_connect(it->socket, &w.destinations[it->destination]);
}

static void connect_by_client(void *argument) {
  fixture_client_begin();
  connect_it(argument);
  fixture_client_end();
}

static void connect_in_thread(void *argument) {
  fixture_thread_start(connect_it, argument);
  fixture_thread_join();
}

typedef struct connector {
  void (*connect)(void *attempt);
  model_user user;
  model_actor actor;
  const char *name;
} connector;

/* By a client, or by the proxies' own process. */
static void connect_one(void) {
  static const connector connectors[] = {
      {connect_it, MODEL_OWN, MODEL_THIS_THREAD, "connect"},
      {connect_by_client, MODEL_CLIENT, MODEL_THIS_THREAD, "connect of a client"},
      {connect_in_thread, MODEL_OWN, MODEL_OTHER_THREAD, "connect in a thread"}};
  const connector *by = &connectors[(walk_below(&w, 5) + 1) / 2 % 3];
  attempt it = {.destination = walk_below(&w, WALK_DESTINATIONS)};
  unsigned slot = pick();
  int flow = MODEL_NOTHING;
  uint64_t since = last_event();
  if (by->actor == MODEL_OTHER_THREAD && model_is_unsettled(&m, it.destination, modelled[slot])) {
    return;
  }
  it.socket = w.sockets[slot];
  by->connect(&it);
  transcript_line("%s %s to destination %u -> %s", by->name, transcript_socket(it.socket),
                  it.destination, net_result_name(it.result));
  judge_result(by->name, it.result,
               model_connect(&m, modelled[slot], it.destination, by->user, by->actor, &flow));
  if (it.result == NET_OK) {
    expect_number(service_of(since), model_service(&m, flow));
    accept_it(model_service(&m, flow), modelled[slot], flow);
  }
}

/* ---- The calls of conntrail.h ---------------------------------------------------------------- */

static void keep_records(int socket, size_t size) {
  if (size <= sizeof w.records) {
    memcpy(w.records, blob, size);
    w.records_size = size;
    records_flow = model_records_of(&m, socket);
  }
}

static void query(void) {
  static const size_t capacities[] = {0,  1,  2,   3,   4,   16,   79,
                                      80, 81, 136, 255, 256, 1024, BLOB_ROOM};
  size_t capacity = capacities[walk_below(&w, sizeof capacities / sizeof capacities[0])];
  query_kind kind = walk_below(&w, 3) == 0 ? QUERY_CONTEXT : QUERY_RECORDS;
  unsigned slot = pick();
  size_t size = 0;
  if (model_is_either(&m, modelled[slot])) {
    return;
  }
  conntrail_status status = t_query(kind, w.sockets[slot], blob, capacity, &size);
  judge_status("query", status, model_query(&m, modelled[slot], kind, capacity, size));
  if (status == CONNTRAIL_OK && kind == QUERY_RECORDS) {
    walk_judge(&w, "records",
               model_is_same(&m, modelled[slot], model_hash(blob, size)) ? "as ever" : "changed",
               "as ever");
    keep_records(modelled[slot], size);
  }
}

/* As they were seen, altered, or cut. */
static void set(void) {
  size_t size = w.records_size;
  int flow = records_flow;
  memcpy(blob, w.records, size);
  if (size > 0 && walk_below(&w, 4) == 0) {
    blob[walk_below(&w, (unsigned)size)] ^= 1;
    flow = MODEL_NOTHING;
  } else if (walk_below(&w, 8) == 0) {
    size /= 2;
    flow = MODEL_NOTHING;
  }
  unsigned slot = pick();
  judge_status("set", t_set_records(w.sockets[slot], blob, size),
               model_set(&m, modelled[slot], flow, size));
}

static void transfer(void) {
  unsigned accepted = pick();
  unsigned outbound = pick();
  if (model_is_either(&m, modelled[accepted])) {
    return;
  }
  judge_status("transfer", t_transfer_records(w.sockets[accepted], w.sockets[outbound]),
               model_transfer(&m, modelled[accepted], modelled[outbound]));
}

static void ask_destination(void) {
  unsigned slot = pick();
  unsigned predicted = 0;
  struct sockaddr_storage destination;
  if (model_is_either(&m, modelled[slot])) {
    return;
  }
  conntrail_status status = t_original_destination(w.sockets[slot], &destination);
  judge_status("destination", status, model_original(&m, modelled[slot], &predicted));
  if (status == CONNTRAIL_OK) {
    expect_address(&destination, &w.destinations[predicted]);
  }
}

static void ask_peer(void) {
  unsigned slot = pick();
  int predicted = MODEL_NOTHING;
  struct sockaddr_storage peer;
  net_result result = net_peer(w.sockets[slot], &peer);
  judge_result("peer", result, model_peer(&m, modelled[slot], &predicted));
  const char *text = result == NET_OK ? walk_address_text(&peer) : "";
  transcript_line("peer of %s -> %s %s", transcript_socket(w.sockets[slot]),
                  net_result_name(result), text);
  if (result == NET_OK) {
    walk_judge(&w, "peer", text,
               predicted == MODEL_NOTHING ? "loopback"
                                          : walk_address_text(&w.destinations[predicted]));
  }
}

static void inspect(void) {
  unsigned slot = pick();
  unsigned service = walk_below(&w, 2);
  uint32_t number = 0;
  uint32_t predicted_number = 0;
  conntrail_emu_state state = CONNTRAIL_EMU_NOT_REDIRECTED;
  conntrail_emu_state predicted_state = state;
  conntrail_status status = conntrail_emu_inspect(fixture_emulation(), w.sockets[slot],
                                                  w.services[service], &number, &state);
  transcript_line("inspect %s -> %s number %u state %d", transcript_socket(w.sockets[slot]),
                  conntrail_status_name(status), (unsigned)number, (int)state);
  judge_status(
      "inspect", status,
      model_inspect(&m, modelled[slot], (int)service, &predicted_number, &predicted_state));
  walk_judge_count(&w, "number", number, predicted_number);
  walk_judge_count(&w, "state", (uint64_t)state, (uint64_t)predicted_state);
}

static void change(void) {
  m.is_privileged = walk_below(&w, 3) != 0;
  conntrail_emu_set_privileged(fixture_emulation(), m.is_privileged);
}

/* ---- Threads that are cancelled, and signals ------------------------------------------------- */

static void wait_for_nobody(void *argument) {
  conntrail_socket accepted = CONNTRAIL_INVALID_SOCKET;
  const conntrail_socket *listener = argument;
  (void)net_accept(*listener, &accepted, NULL);
}

/* Nobody connects: nothing happens but that a thread ends there. */
static void cancel(void) {
  conntrail_socket listener = w.places[walk_below(&w, 3)];
  fixture_thread_cancel(wait_for_nobody, &listener);
  transcript_line("cancelled in accept of %s", transcript_socket(listener));
}

/* A signal ends a wait, and changes no other answer. */
static void interrupt(void) {
  conntrail_socket accepted = CONNTRAIL_INVALID_SOCKET;
  conntrail_socket listener = w.places[walk_below(&w, 3)];
  fixture_signals_begin(NULL);
  net_result result = net_accept(listener, &accepted, NULL);
  query();
  transfer();
  set();
  ask_destination();
  fixture_signals_end();
  transcript_line("interrupted in accept of %s -> %s", transcript_socket(listener),
                  net_result_name(result));
  judge_result("accept that is interrupted", result, NET_OTHER);
}

/* ---- The walks ------------------------------------------------------------------------------- */

static void begin(uint64_t seed) {
  walk_begin(&w, seed, NET_TCP4, listen_somewhere);
  model_begin(&m);
  records_flow = MODEL_NOTHING;
  for (unsigned slot = 0; slot < WALK_SOCKETS; ++slot) {
    modelled[slot] = MODEL_NOTHING;
  }
}

static void judge_event(const char *what, conntrail_emu_event_kind kind, uint64_t predicted) {
  walk_judge_count(&w, what, scenario_count(kind), predicted);
}

static void judge_events(void) {
  judge_event("redirected", CONNTRAIL_EMU_REDIRECTED, m.counts.redirected);
  judge_event("delivered", CONNTRAIL_EMU_DELIVERED, m.counts.delivered);
  judge_event("refused", CONNTRAIL_EMU_REFUSED, m.counts.refused);
  judge_event("loops", CONNTRAIL_EMU_LOOP, m.counts.loops);
  judge_event("accepted", CONNTRAIL_EMU_ACCEPTED, m.counts.accepted);
  judge_event("records set", CONNTRAIL_EMU_RECORDS_SET, m.counts.records_set);
  judge_event("closed", CONNTRAIL_EMU_CLOSED, m.counts.closed);
  judge_event("failed", CONNTRAIL_EMU_FAILED, 0);
  judge_event("hints", CONNTRAIL_EMU_HINT, 0);
  walk_judge_count(&w, "set after connect", scenario_misuse(CONNTRAIL_EMU_MISUSE_SET_AFTER_CONNECT),
                   m.counts.set_after_connect);
  walk_judge_count(&w, "set after bind", scenario_misuse(CONNTRAIL_EMU_MISUSE_SET_AFTER_BIND),
                   m.counts.set_after_bind);
  walk_judge_count(&w, "not transferred", scenario_misuse(CONNTRAIL_EMU_MISUSE_NOT_TRANSFERRED), 0);
  walk_judge_count(&w, "outside", scenario_misuse(CONNTRAIL_EMU_MISUSE_OUTSIDE), 0);
}

static void close_all(void) {
  for (unsigned slot = 0; slot < WALK_SOCKETS; ++slot) {
    if (modelled[slot] != MODEL_NOTHING) {
      scenario_close(w.sockets[slot]);
      model_close(&m, modelled[slot]);
      put(slot, CONNTRAIL_INVALID_SOCKET, MODEL_NOTHING);
    }
  }
}

static void walk_all(const walk_step *steps, size_t count, uint64_t seeds) {
  uint64_t first;
  uint64_t last;
  walk_seeds(seeds, &first, &last);
  for (uint64_t seed = first; seed <= last; ++seed) {
    begin(seed);
    walk_along(&w, TURNS, steps, count);
    close_all();
    walk_tell(&w);
    judge_events();
    fixture_close();
  }
}

#define EVERYWHERE                                                                                 \
  create, create, create, connect_one, connect_one, connect_one, query, query, set, transfer,      \
      transfer, close_one, bind_it, ask_destination, ask_peer, inspect, change, duplicate

void case_walk_tcp(void) {
  static const walk_step steps[] = {EVERYWHERE};
  walk_all(steps, sizeof steps / sizeof steps[0], SEEDS);
}

/* Every transition of a socket's life: it begins anew, and ends unseen. */
void case_walk_tcp_anew(void) {
  static const walk_step steps[] = {EVERYWHERE, dissolve,    dissolve,
                                    dissolve,   connect_one, transfer};
  walk_all(steps, sizeof steps / sizeof steps[0], SEEDS_OF_TRANSITIONS);
}

void case_walk_tcp_unseen(void) {
  static const walk_step steps[] = {EVERYWHERE, close_unseen, close_unseen, cancel,
                                    interrupt,  dissolve,     create,       connect_one};
  walk_all(steps, sizeof steps / sizeof steps[0], SEEDS_OF_TRANSITIONS);
}

/* P2: a descriptor in a message is the same socket. */
void case_walk_tcp_passed(void) {
  static const walk_step steps[] = {EVERYWHERE, pass, pass, dissolve, close_unseen};
  walk_all(steps, sizeof steps / sizeof steps[0], SEEDS_OF_TRANSITIONS);
}
