/* SPDX-License-Identifier: MIT */
/* Walks with TCP: see walk.h. */
#include <string.h>

#include "cases.h"
#include "walk_model.h"
#include "walk_streams.h"

enum { SEEDS = 24, SEEDS_OF_TRANSITIONS = 12, TURNS = 150 };

static walk w;
static walk_model m;
static uint8_t blob[BLOB_ROOM];

/* ---- Sockets --------------------------------------------------------------------------------- */

static void create(void) {
  unsigned slot = walk_pick(&w);
  if (w.modelled[slot] == MODEL_NOTHING) {
    walk_put(&w, slot, scenario_socket(NET_TCP4), model_create(&m));
  }
}

/* One that was not bound, connected or refused before: what the system says to the others is its
 * own. */
static void bind_it(void) {
  unsigned slot = walk_pick(&w);
  const model_socket *s = w.modelled[slot] == MODEL_NOTHING ? NULL : &m.sockets[w.modelled[slot]];
  if (s != NULL && (s->is_bound || s->state != MODEL_FRESH || s->was_refused)) {
    return;
  }
  struct sockaddr_storage any = net_loopback(NET_TCP4, 0);
  net_result result = net_bind(w.sockets[slot], &any);
  transcript_line("bind %s -> %s", transcript_socket(w.sockets[slot]), net_result_name(result));
  walk_judge_result(&w, "bind", result, model_bind(&m, w.modelled[slot]));
}

static void copy_slot(net_result (*copy)(conntrail_socket, conntrail_socket *)) {
  int copied = walk_copy(&w, copy);
  if (copied != MODEL_NOTHING) {
    model_duplicate(&m, copied);
  }
}

static void duplicate(void) {
  copy_slot(net_duplicate);
}

static void pass(void) {
  copy_slot(net_pass);
}

static void close_slot(net_result (*close)(conntrail_socket), const char *how) {
  int model;
  if (walk_close(&w, close, how, &model)) {
    (void)walk_last_event(&w);
    model_close(&m, model);
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
  unsigned slot = walk_pick(&w);
  if (model_hides(&m, w.modelled[slot])) {
    return;
  }
  net_result result = walk_dissolve(w.sockets[slot]);
  walk_judge_result(&w, "dissolve", result,
                    model_dissolve(&m, w.modelled[slot], has_address(w.sockets[slot])));
  (void)walk_last_event(&w);
}

/* ---- Connecting ------------------------------------------------------------------------------ */

static void accept_it(int service, int client, int flow) {
  conntrail_socket accepted = walk_accept(&w, service);
  int model = model_accept(&m, client, flow);
  unsigned slot = walk_pick(&w);
  if (w.modelled[slot] == MODEL_NOTHING) {
    walk_put(&w, slot, accepted, model);
  } else {
    scenario_close(accepted);
    model_close(&m, model);
  }
  (void)walk_last_event(&w);
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
  unsigned slot = walk_pick(&w);
  int flow = MODEL_NOTHING;
  uint64_t since = walk_last_event(&w);
  if (by->actor == MODEL_OTHER_THREAD && model_is_unsettled(&m, it.destination, w.modelled[slot])) {
    return;
  }
  it.socket = w.sockets[slot];
  by->connect(&it);
  transcript_line("%s %s to destination %u -> %s", by->name, transcript_socket(it.socket),
                  it.destination, net_result_name(it.result));
  walk_judge_result(
      &w, by->name, it.result,
      model_connect(&m, w.modelled[slot], it.destination, by->user, by->actor, &flow));
  if (it.result == NET_OK) {
    expect_number(walk_service_of(&w, since), model_service(&m, flow));
    accept_it(model_service(&m, flow), w.modelled[slot], flow);
  }
}

/* ---- The calls of conntrail.h ---------------------------------------------------------------- */

static void query(void) {
  walk_query it = walk_choose_query(&w);
  int model = w.modelled[it.slot];
  size_t size = 0;
  if (model_is_either(&m, model)) {
    return;
  }
  conntrail_status status = t_query(it.kind, w.sockets[it.slot], blob, it.capacity, &size);
  walk_judge_status(&w, "query", status, model_query(&m, model, it.kind, it.capacity, size));
  if (status == CONNTRAIL_OK && it.kind == QUERY_RECORDS) {
    walk_judge(&w, "records",
               model_is_same(&m, model, model_hash(blob, size)) ? "as ever" : "changed", "as ever");
    walk_keep_records(&w, blob, size, model_records_of(&m, model));
  }
}

static void set(void) {
  walk_choice records;
  walk_choose_records(&w, &records);
  unsigned slot = walk_pick(&w);
  walk_judge_status(&w, "set", t_set_records(w.sockets[slot], records.bytes, records.size),
                    model_set(&m, w.modelled[slot],
                              records.is_whole ? w.records_flow : MODEL_NOTHING, records.size));
}

static void transfer(void) {
  unsigned accepted = walk_pick(&w);
  unsigned outbound = walk_pick(&w);
  if (model_is_either(&m, w.modelled[accepted])) {
    return;
  }
  walk_judge_status(&w, "transfer", t_transfer_records(w.sockets[accepted], w.sockets[outbound]),
                    model_transfer(&m, w.modelled[accepted], w.modelled[outbound]));
}

static void ask_destination(void) {
  unsigned slot = walk_pick(&w);
  unsigned predicted = 0;
  struct sockaddr_storage destination;
  if (model_is_either(&m, w.modelled[slot])) {
    return;
  }
  conntrail_status status = t_original_destination(w.sockets[slot], &destination);
  walk_judge_status(&w, "destination", status, model_original(&m, w.modelled[slot], &predicted));
  if (status == CONNTRAIL_OK) {
    expect_address(&destination, &w.destinations[predicted]);
  }
}

static void ask_peer(void) {
  unsigned slot = walk_pick(&w);
  int predicted = MODEL_NOTHING;
  struct sockaddr_storage peer;
  net_result result = walk_ask_peer(w.sockets[slot], &peer);
  walk_judge_result(&w, "peer", result, model_peer(&m, w.modelled[slot], &predicted));
  if (result == NET_OK) {
    walk_judge_address(&w, "peer", &peer, predicted);
  }
}

static void inspect(void) {
  unsigned slot = walk_pick(&w);
  unsigned service = walk_below(&w, 2);
  uint32_t number = 0;
  uint32_t predicted_number = 0;
  conntrail_emu_state state = CONNTRAIL_EMU_NOT_REDIRECTED;
  conntrail_emu_state predicted_state = state;
  conntrail_status status = conntrail_emu_inspect(fixture_emulation(), w.sockets[slot],
                                                  w.services[service], &number, &state);
  transcript_line("inspect %s -> %s number %u state %d", transcript_socket(w.sockets[slot]),
                  conntrail_status_name(status), (unsigned)number, (int)state);
  walk_judge_status(
      &w, "inspect", status,
      model_inspect(&m, w.modelled[slot], (int)service, &predicted_number, &predicted_state));
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
  walk_judge_result(&w, "accept that is interrupted", result, NET_OTHER);
}

/* ---- The walks ------------------------------------------------------------------------------- */

static void begin(void) {
  model_begin(&m);
}

static void judge_events(void) {
  walk_judge_event(&w, "redirected", CONNTRAIL_EMU_REDIRECTED, m.counts.redirected);
  walk_judge_event(&w, "delivered", CONNTRAIL_EMU_DELIVERED, m.counts.delivered);
  walk_judge_event(&w, "refused", CONNTRAIL_EMU_REFUSED, m.counts.refused);
  walk_judge_event(&w, "loops", CONNTRAIL_EMU_LOOP, m.counts.loops);
  walk_judge_event(&w, "accepted", CONNTRAIL_EMU_ACCEPTED, m.counts.accepted);
  walk_judge_event(&w, "records set", CONNTRAIL_EMU_RECORDS_SET, m.counts.records_set);
  walk_judge_event(&w, "closed", CONNTRAIL_EMU_CLOSED, m.counts.closed);
  walk_judge_event(&w, "failed", CONNTRAIL_EMU_FAILED, 0);
  walk_judge_event(&w, "hints", CONNTRAIL_EMU_HINT, 0);
  walk_judge_misuse(&w, "set after connect", CONNTRAIL_EMU_MISUSE_SET_AFTER_CONNECT,
                    m.counts.set_after_connect);
  walk_judge_misuse(&w, "set after bind", CONNTRAIL_EMU_MISUSE_SET_AFTER_BIND,
                    m.counts.set_after_bind);
  walk_judge_misuse(&w, "not transferred", CONNTRAIL_EMU_MISUSE_NOT_TRANSFERRED, 0);
  walk_judge_misuse(&w, "outside", CONNTRAIL_EMU_MISUSE_OUTSIDE, 0);
}

static void judge(void) {
  for (unsigned slot = 0; slot < WALK_SOCKETS; ++slot) {
    if (w.modelled[slot] != MODEL_NOTHING) {
      model_close(&m, w.modelled[slot]);
    }
  }
  judge_events();
}

static void walk_steps(const walk_step *steps, size_t count, uint64_t seeds) {
  walk_all(&w, &(walk_plan){.kind = NET_TCP4,
                            .place = walk_listen,
                            .steps = steps,
                            .step_count = count,
                            .turns = TURNS,
                            .seeds = seeds,
                            .begin = begin,
                            .judge = judge});
}

#define EVERYWHERE                                                                                 \
  create, create, create, connect_one, connect_one, connect_one, query, query, set, transfer,      \
      transfer, close_one, bind_it, ask_destination, ask_peer, inspect, change, duplicate

void case_walk_tcp(void) {
  static const walk_step steps[] = {EVERYWHERE};
  walk_steps(steps, sizeof steps / sizeof steps[0], SEEDS);
}

/* Every transition of a socket's life: it begins anew, and ends unseen. */
void case_walk_tcp_anew(void) {
  static const walk_step steps[] = {EVERYWHERE, dissolve,    dissolve,
                                    dissolve,   connect_one, transfer};
  walk_steps(steps, sizeof steps / sizeof steps[0], SEEDS_OF_TRANSITIONS);
}

void case_walk_tcp_unseen(void) {
  static const walk_step steps[] = {EVERYWHERE, close_unseen, close_unseen, cancel,
                                    interrupt,  dissolve,     create,       connect_one};
  walk_steps(steps, sizeof steps / sizeof steps[0], SEEDS_OF_TRANSITIONS);
}

/* P2: a descriptor in a message is the same socket. */
void case_walk_tcp_passed(void) {
  static const walk_step steps[] = {EVERYWHERE, pass, pass, dissolve, close_unseen};
  walk_steps(steps, sizeof steps / sizeof steps[0], SEEDS_OF_TRANSITIONS);
}
