/* SPDX-License-Identifier: MIT */
/* Walks with UDP: see walk.h. */
#include "cases.h"
#include "walk_datagram_model.h"
#include "walk_datagrams.h"

enum { SEEDS = 12, SEEDS_OF_TRANSITIONS = 6, TURNS = 200 };

static walk w;
static udp_model m;
static test_message l;
static struct sockaddr_storage heard; /* from whom a place received last */
static udp_source heard_source;       /* ... and what the model knows of it */
static bool is_heard;
static uint64_t udp_lite; /* sockets that were refused */

/* ---- Receiving ------------------------------------------------------------------------------- */

static void hear(const struct sockaddr_storage *from, udp_source source) {
  heard = *from;
  heard_source = source;
  is_heard = true;
}

static udp_rooms rooms_of_message(void) {
  return (udp_rooms){l.piece.size, l.message.records_capacity, l.message.context_capacity,
                     l.message.flags != 0};
}

/* By a proxy, or the server, with the room that the message has. */
static void receive_message_at(int place) {
  udp_rooms rooms = rooms_of_message();
  int flow = UDP_NONE;
  udp_source from;
  conntrail_status status = walk_receive_message(w.places[place], &l);
  size_t size = walk_has_datagram(status) ? l.message.records_size : 0;
  walk_judge_status(&w, "recvmsg", status,
                    udp_receive_message(&m, place, &rooms, size, &flow, &from));
  if (walk_has_datagram(status)) {
    walk_judge_address(&w, "sender", &l.message.peer, UDP_NONE);
    hear(&l.message.peer, from);
  }
  if (status == CONNTRAIL_OK) {
    walk_judge_count(&w, "records", size, flow == UDP_NONE ? 0 : m.flows[flow].record_size);
    walk_judge_count(&w, "context", l.message.context_size, flow == UDP_NONE ? 0 : 256);
    if (size > 0) {
      walk_keep_records(&w, l.records, size, flow);
    }
  }
}

static void receive_message(void) {
  int place = (int)walk_below(&w, 3);
  walk_choose_rooms(&w, &l);
  receive_message_at(place);
}

static void receive_at_slot(unsigned slot) {
  struct sockaddr_storage from;
  size_t size;
  size_t predicted_size;
  int destination;
  net_result result = walk_receive(&w, w.sockets[slot], &from, &size);
  walk_judge_result(&w, "receive", result,
                    udp_receive(&m, w.modelled[slot], &destination, &predicted_size));
  if (result == NET_OK) {
    walk_judge_count(&w, "size", size, predicted_size);
    walk_judge_address(&w, "sender", &from, destination);
  }
}

static void receive_at_client(void) {
  receive_at_slot(walk_pick(&w));
}

static void receive_at_proxy(void) {
  unsigned place = walk_below(&w, 2);
  struct sockaddr_storage from;
  size_t size;
  udp_source source;
  net_result result = walk_receive(&w, w.places[place], &from, &size);
  walk_judge_result(&w, "receive at a proxy", result,
                    udp_receive_at_place(&m, (int)place, &source));
  if (result == NET_OK) {
    walk_judge_address(&w, "sender", &from, UDP_NONE);
    hear(&from, source);
  }
}

/* Before a port is taken: it may be that of a sender who is gone. */
static void receive_leftovers(void) {
  for (int place = 0; place < UDP_PLACES; ++place) {
    while (udp_place_has_leftovers(&m, place)) {
      message_clear(&l);
      receive_message_at(place);
    }
  }
  for (unsigned slot = 0; slot < WALK_SOCKETS; ++slot) {
    while (udp_client_has_leftovers(&m, w.modelled[slot])) {
      receive_at_slot(slot);
    }
  }
}

/* ---- Sockets --------------------------------------------------------------------------------- */

static void create(void) {
  unsigned slot = walk_pick(&w);
  if (w.modelled[slot] == UDP_NONE) {
    receive_leftovers();
    walk_put(&w, slot, walk_client(), udp_create(&m));
  }
}

static void duplicate(void) {
  int copied = walk_copy(&w, net_duplicate);
  if (copied != UDP_NONE) {
    udp_duplicate(&m, copied);
  }
}

/* The flows are counted, so that the end is known everywhere before the next call (E11). */
static void close_slot(net_result (*close)(conntrail_socket), const char *how) {
  int model;
  if (walk_close(&w, close, how, &model)) {
    udp_close(&m, model);
    walk_judge_count(&w, "flows", walk_flows(), udp_flow_count(&m));
  }
}

static void close_one(void) {
  close_slot(net_close, "close");
}

static void close_unseen(void) {
  close_slot(net_close_unseen, "close behind the emulation's back");
}

/* ---- Sending --------------------------------------------------------------------------------- */

static void prepare_to_send(const walk_target *target) {
  if (udp_may_take_port(&m, w.modelled[target->slot], target->destination)) {
    receive_leftovers();
  }
}

static void send_from_client(void) {
  walk_target target = {.destination = walk_below(&w, WALK_DESTINATIONS)};
  target.way = walk_way(&w);
  target.slot = walk_pick(&w);
  prepare_to_send(&target);
  walk_judge_result(
      &w, "send", walk_send(&w, &target),
      udp_send(&m, w.modelled[target.slot], target.destination, 3, UDP_CLIENT, UDP_NONE));
}

static void send_on(void) {
  walk_target target = {.destination = walk_below(&w, WALK_DESTINATIONS)};
  target.slot = walk_pick(&w);
  prepare_to_send(&target);
  walk_sent_on sent = walk_send_on(&w, &target);
  walk_judge_status(&w, "sendmsg", sent.status,
                    udp_send_records(&m, w.modelled[target.slot], target.destination, 2,
                                     sent.has_records,
                                     sent.is_altered ? UDP_NONE : w.records_flow));
}

/* To whom was heard last, if it is still there: else another may have its port by now. */
static void reply(void) {
  unsigned place = walk_below(&w, 3);
  if (is_heard && udp_is_there(&m, &heard_source)) {
    net_result result = net_send_to(w.places[place], "answer", 6, &heard, walk_way(&w));
    transcript_line("reply by %s -> %s", transcript_socket(w.places[place]),
                    net_result_name(result));
    walk_judge_result(&w, "reply", result, NET_OK);
    udp_reply(&m, (int)place, &heard_source, 6);
  }
}

/* ---- The association ------------------------------------------------------------------------- */

static void connect_one(void) {
  walk_target target = {.destination = walk_below(&w, WALK_DESTINATIONS)};
  target.slot = walk_pick(&w);
  walk_judge_result(&w, "connect", walk_connect(&w, &target),
                    udp_connect(&m, w.modelled[target.slot], target.destination));
}

static void dissolve(void) {
  unsigned slot = walk_pick(&w);
  walk_judge_result(&w, "dissolve", walk_dissolve(w.sockets[slot]),
                    udp_dissolve(&m, w.modelled[slot]));
}

static void ask_peer(void) {
  unsigned slot = walk_pick(&w);
  int destination = UDP_NONE;
  struct sockaddr_storage peer;
  net_result result = walk_ask_peer(w.sockets[slot], &peer);
  walk_judge_result(&w, "peer", result, udp_peer(&m, w.modelled[slot], &destination));
  if (result == NET_OK) {
    walk_judge_address(&w, "peer", &peer, destination);
  }
}

static void query(void) {
  size_t size = 0;
  unsigned slot = walk_pick(&w);
  query_kind kind = walk_below(&w, 2) == 0 ? QUERY_RECORDS : QUERY_CONTEXT;
  walk_judge_status(&w, "query", t_query(kind, w.sockets[slot], l.records, sizeof l.records, &size),
                    udp_query(&m, w.modelled[slot]));
}

static void pass_time(void) {
  uint32_t passed = walk_milliseconds(&w);
  conntrail_emu_advance(fixture_emulation(), passed);
  udp_advance(&m, passed);
  transcript_line("flows %zu", walk_flows());
  walk_judge_count(&w, "flows", walk_flows(), udp_flow_count(&m));
}

static void enable(void) {
  unsigned slot = walk_pick(&w);
  walk_judge_status(&w, "enable", t_enable_messages(w.sockets[slot]),
                    w.modelled[slot] == UDP_NONE ? CONNTRAIL_NOT_SOCKET : CONNTRAIL_OK);
}

static void change(void) {
  m.is_privileged = walk_below(&w, 3) != 0;
  conntrail_emu_set_privileged(fixture_emulation(), m.is_privileged);
}

/* ---- Threads that are cancelled, signals, other transports ----------------------------------- */

static void wait_for_nobody(void *argument) {
  conntrail_socket own = net_socket(NET_UDP4);
  struct sockaddr_storage any = net_loopback(NET_UDP4, 0);
  char bytes[4];
  size_t size;
  (void)net_bind(own, &any);
  *(conntrail_socket *)argument = own;
  (void)net_receive_from(own, bytes, sizeof bytes, &size, &any, NET_GATHERED);
}

/* In a receive that nothing comes to: nothing happens but that a thread ends there. */
static void cancel(void) {
  conntrail_socket own = CONNTRAIL_INVALID_SOCKET;
  fixture_thread_cancel(wait_for_nobody, &own);
  transcript_line("cancelled in a receive");
  if (own != CONNTRAIL_INVALID_SOCKET) {
    (void)net_close(own);
  }
}

/* A signal ends a wait, and changes no answer of what does not wait. */
static void interrupt(void) {
  conntrail_socket own = net_socket(NET_UDP4);
  struct sockaddr_storage any = net_loopback(NET_UDP4, 0);
  char bytes[4];
  size_t size;
  expect_result(net_bind(own, &any), NET_OK);
  fixture_signals_begin(NULL);
  net_result result = net_receive_from(own, bytes, sizeof bytes, &size, &any, NET_GATHERED);
  query();
  fixture_signals_end();
  transcript_line("interrupted in a receive -> %s", net_result_name(result));
  walk_judge_result(&w, "receive that is interrupted", result, NET_OTHER);
  expect_result(net_close(own), NET_OK);
}

/* E8. */
static void try_udp_lite(void) {
  net_result result = net_try_udp_lite();
  transcript_line("UDP-Lite -> %s", net_result_name(result));
  walk_judge_result(&w, "UDP-Lite", result, NET_NOT_SUPPORTED);
  udp_lite++;
}

/* ---- The walks ------------------------------------------------------------------------------- */

static void begin(void) {
  scenario_usual(CONNTRAIL_EMU_BEHAVIOUR_REPLY_SOURCE);
  scenario_usual(CONNTRAIL_EMU_BEHAVIOUR_CONNECTED_DATAGRAMS);
  udp_begin(&m);
  is_heard = false;
  udp_lite = 0;
}

static void judge_events(void) {
  walk_judge_event(&w, "redirected", CONNTRAIL_EMU_REDIRECTED, m.counts.redirected);
  walk_judge_event(&w, "delivered", CONNTRAIL_EMU_DELIVERED, m.counts.delivered);
  walk_judge_event(&w, "refused", CONNTRAIL_EMU_REFUSED, m.counts.refused + udp_lite);
  walk_judge_event(&w, "loops", CONNTRAIL_EMU_LOOP, m.counts.loops);
  walk_judge_event(&w, "accepted", CONNTRAIL_EMU_ACCEPTED, m.counts.accepted);
  walk_judge_event(&w, "idle", CONNTRAIL_EMU_IDLE, m.counts.idle);
  walk_judge_event(&w, "records set", CONNTRAIL_EMU_RECORDS_SET, m.counts.records_set);
  walk_judge_misuse(&w, "sent late", CONNTRAIL_EMU_MISUSE_RECORDS_SENT_LATE, m.counts.sent_late);
  walk_judge_misuse(&w, "not received", CONNTRAIL_EMU_MISUSE_RECORDS_NOT_RECEIVED,
                    m.counts.not_received);
  walk_judge_misuse(&w, "not transferred", CONNTRAIL_EMU_MISUSE_NOT_TRANSFERRED, 0);
}

static void walk_steps(const walk_step *steps, size_t count, uint64_t seeds) {
  walk_all(&w, &(walk_plan){.kind = NET_UDP4,
                            .place = walk_bind,
                            .steps = steps,
                            .step_count = count,
                            .turns = TURNS,
                            .seeds = seeds,
                            .begin = begin,
                            .judge = judge_events});
}

#define EVERYWHERE                                                                                 \
  create, create, send_from_client, send_from_client, send_from_client, receive_message,           \
      receive_message, receive_message, send_on, send_on, reply, reply, receive_at_client,         \
      receive_at_client, receive_at_proxy, query, connect_one, close_one, duplicate, change,       \
      ask_peer, pass_time, enable

void case_walk_udp(void) {
  static const walk_step steps[] = {EVERYWHERE};
  walk_steps(steps, sizeof steps / sizeof steps[0], SEEDS);
}

void case_walk_udp_unseen(void) {
  static const walk_step steps[] = {EVERYWHERE,   dissolve, dissolve,
                                    close_unseen, cancel,   interrupt};
  walk_steps(steps, sizeof steps / sizeof steps[0], SEEDS_OF_TRANSITIONS);
}

/* Under a supervisor such a socket can be made, and reaches nothing. */
void case_walk_udp_lite(void) {
  static const walk_step steps[] = {EVERYWHERE, try_udp_lite};
  walk_steps(steps, sizeof steps / sizeof steps[0], SEEDS_OF_TRANSITIONS);
}
