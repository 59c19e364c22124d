/* SPDX-License-Identifier: MIT */
/* Walks with UDP: see walk.h. */
#include <string.h>

#include "cases.h"
#include "datagrams.h"
#include "walk.h"
#include "walk_datagram_model.h"

enum { SEEDS = 12, SEEDS_OF_TRANSITIONS = 6, TURNS = 200 };

static walk w;
static udp_model m;
static test_message l;
static int modelled[WALK_SOCKETS];
static int records_flow;              /* whose records w.records are */
static struct sockaddr_storage heard; /* from whom a place received last */
static udp_source heard_source;       /* ... and what the model knows of it */
static bool is_heard;
static uint64_t udp_lite; /* sockets that were refused */

static unsigned pick(void) {
  return walk_below(&w, WALK_SOCKETS);
}

static net_way pick_way(void) {
  return (net_way)walk_below(&w, NET_WAYS);
}

static void judge_result(const char *step, net_result actual, net_result predicted) {
  walk_judge(&w, step, net_result_name(actual), net_result_name(predicted));
}

static void judge_status(const char *step, conntrail_status actual, conntrail_status predicted) {
  walk_judge(&w, step, conntrail_status_name(actual), conntrail_status_name(predicted));
}

/* ---- Receiving ------------------------------------------------------------------------------- */

static void hear(const struct sockaddr_storage *from, udp_source source) {
  heard = *from;
  heard_source = source;
  is_heard = true;
}

static bool has_datagram(conntrail_status status) {
  return status == CONNTRAIL_OK || status == CONNTRAIL_DATA_TRUNCATED ||
         status == CONNTRAIL_CONTROL_TRUNCATED;
}

static udp_rooms rooms_of_message(void) {
  return (udp_rooms){l.piece.size, l.message.records_capacity, l.message.context_capacity,
                     l.message.flags != 0};
}

static udp_rooms choose_rooms(void) {
  static const size_t rooms[] = {0, 16, 80, 136, sizeof l.records};
  message_clear(&l);
  if (walk_below(&w, 4) == 0) {
    l.message.records_capacity = rooms[walk_below(&w, sizeof rooms / sizeof rooms[0])];
  }
  if (walk_below(&w, 6) == 0) {
    l.message.context_capacity = walk_below(&w, 256);
  }
  if (walk_below(&w, 8) == 0) {
    l.piece.size = 2;
  }
  l.message.flags = walk_below(&w, 5) == 0 ? CONNTRAIL_MESSAGE_PEEK : 0;
  return rooms_of_message();
}

static void tell_message(conntrail_socket socket, conntrail_status status) {
  if (has_datagram(status)) {
    transcript_line("recvmsg %s -> %s size=%zu records=%zu context=%zu lost=%u from %s",
                    transcript_socket(socket), conntrail_status_name(status),
                    l.message.payload_size, l.message.records_size, l.message.context_size,
                    l.message.lost, walk_address_text(&l.message.peer));
  } else {
    transcript_line("recvmsg %s -> %s", transcript_socket(socket), conntrail_status_name(status));
  }
}

/* By a proxy, or the server. */
static void receive_message_at(int place, const udp_rooms *rooms) {
  int flow = UDP_NONE;
  udp_source from;
  conntrail_status status = conntrail_recvmsg(w.places[place], &l.message);
  tell_message(w.places[place], status);
  size_t size = has_datagram(status) ? l.message.records_size : 0;
  judge_status("recvmsg", status, udp_receive_message(&m, place, rooms, size, &flow, &from));
  if (has_datagram(status)) {
    walk_judge(&w, "sender", walk_address_text(&l.message.peer), "loopback");
    hear(&l.message.peer, from);
  }
  if (status == CONNTRAIL_OK) {
    walk_judge_count(&w, "records", size, flow == UDP_NONE ? 0 : m.flows[flow].record_size);
    walk_judge_count(&w, "context", l.message.context_size, flow == UDP_NONE ? 0 : 256);
    if (size > 0) {
      memcpy(w.records, l.records, size);
      w.records_size = size;
      records_flow = flow;
    }
  }
}

static void receive_message(void) {
  int place = (int)walk_below(&w, 3);
  udp_rooms rooms = choose_rooms();
  receive_message_at(place, &rooms);
}

static net_result receive_plainly(conntrail_socket socket, struct sockaddr_storage *from,
                                  size_t *size) {
  char bytes[16];
  net_way way = pick_way();
  *size = 0;
  net_result result = net_receive_from(socket, bytes, sizeof bytes, size, from, way);
  transcript_line("receive %s way %d -> %s size %zu from %s", transcript_socket(socket), (int)way,
                  net_result_name(result), result == NET_OK ? *size : (size_t)0,
                  result == NET_OK ? walk_address_text(from) : "nobody");
  return result;
}

static void receive_at_slot(unsigned slot) {
  struct sockaddr_storage from;
  size_t size;
  size_t predicted_size;
  int destination;
  net_result result = receive_plainly(w.sockets[slot], &from, &size);
  judge_result("receive", result, udp_receive(&m, modelled[slot], &destination, &predicted_size));
  if (result == NET_OK) {
    walk_judge_count(&w, "size", size, predicted_size);
    walk_judge(&w, "sender", walk_address_text(&from),
               destination == UDP_NONE ? "loopback"
                                       : walk_address_text(&w.destinations[destination]));
  }
}

static void receive_at_client(void) {
  receive_at_slot(pick());
}

static void receive_at_proxy(void) {
  unsigned place = walk_below(&w, 2);
  struct sockaddr_storage from;
  size_t size;
  udp_source source;
  net_result result = receive_plainly(w.places[place], &from, &size);
  judge_result("receive at a proxy", result, udp_receive_at_place(&m, (int)place, &source));
  if (result == NET_OK) {
    walk_judge(&w, "sender", walk_address_text(&from), "loopback");
    hear(&from, source);
  }
}

/* Before a port is taken: it may be that of a sender who is gone. */
static void receive_leftovers(void) {
  message_clear(&l);
  udp_rooms rooms = rooms_of_message();
  for (int place = 0; place < UDP_PLACES; ++place) {
    while (udp_place_has_leftovers(&m, place)) {
      message_clear(&l);
      receive_message_at(place, &rooms);
    }
  }
  for (unsigned slot = 0; slot < WALK_SOCKETS; ++slot) {
    while (udp_client_has_leftovers(&m, modelled[slot])) {
      receive_at_slot(slot);
    }
  }
}

/* ---- Sockets --------------------------------------------------------------------------------- */

static conntrail_socket bind_somewhere(struct sockaddr_storage *address) {
  conntrail_socket socket = datagram_bound(NET_UDP4, address);
  expect_status(conntrail_enable_messages(socket), CONNTRAIL_OK);
  expect_result(net_make_nonblocking(socket), NET_OK);
  return socket;
}

static void put(unsigned slot, conntrail_socket socket, int model) {
  w.sockets[slot] = socket;
  modelled[slot] = model;
}

/* Bound: Windows receives nothing at sockets that are not. */
static conntrail_socket bind_anew(void) {
  struct sockaddr_storage address;
  conntrail_socket socket = datagram_bound(NET_UDP4, &address);
  expect_result(net_make_nonblocking(socket), NET_OK);
  return socket;
}

static void create(void) {
  unsigned slot = pick();
  if (modelled[slot] == UDP_NONE) {
    receive_leftovers();
    put(slot, bind_anew(), udp_create(&m));
  }
}

static void duplicate(void) {
  unsigned from = pick();
  unsigned to = pick();
  if (modelled[from] != UDP_NONE && modelled[to] == UDP_NONE) {
    conntrail_socket copy = CONNTRAIL_INVALID_SOCKET;
    expect_result(net_duplicate(w.sockets[from], &copy), NET_OK);
    transcript_line("duplicate %s -> %s", transcript_socket(w.sockets[from]),
                    transcript_socket(copy));
    udp_duplicate(&m, modelled[from]);
    put(to, copy, modelled[from]);
  }
}

static size_t flows(void) {
  return conntrail_emu_datagram_flows(fixture_emulation());
}

/* The flows are counted, so that the end is known everywhere before the next call (E11). */
static void close_slot(net_result (*close)(conntrail_socket), const char *how) {
  unsigned slot = pick();
  if (modelled[slot] != UDP_NONE) {
    transcript_line("%s %s", how, transcript_socket(w.sockets[slot]));
    judge_result(how, close(w.sockets[slot]), NET_OK);
    udp_close(&m, modelled[slot]);
    put(slot, CONNTRAIL_INVALID_SOCKET, UDP_NONE);
    walk_judge_count(&w, "flows", flows(), udp_flow_count(&m));
  }
}

static void close_one(void) {
  close_slot(net_close, "close");
}

static void close_unseen(void) {
  close_slot(net_close_unseen, "close behind the emulation's back");
}

/* ---- Sending --------------------------------------------------------------------------------- */

static void prepare_to_send(unsigned slot, unsigned destination) {
  if (udp_may_take_port(&m, modelled[slot], destination)) {
    receive_leftovers();
  }
}

static void send_from_client(void) {
  unsigned destination = walk_below(&w, WALK_DESTINATIONS);
  net_way way = pick_way();
  unsigned slot = pick();
  prepare_to_send(slot, destination);
  fixture_client_begin();
  net_result result = net_send_to(w.sockets[slot], "ask", 3, &w.destinations[destination], way);
  fixture_client_end();
  transcript_line("send %s to destination %u way %d -> %s", transcript_socket(w.sockets[slot]),
                  destination, (int)way, net_result_name(result));
  judge_result("send", result, udp_send(&m, modelled[slot], destination, 3, UDP_CLIENT, UDP_NONE));
}

/* By a proxy, with the records that were seen last, altered ones, or none. */
static void send_on(void) {
  conntrail_message message = CONNTRAIL_MESSAGE_INIT;
  char bytes[] = "on";
  conntrail_buffer piece = {bytes, 2};
  unsigned destination = walk_below(&w, WALK_DESTINATIONS);
  unsigned slot = pick();
  prepare_to_send(slot, destination);
  message.peer = w.destinations[destination];
  message.payload = &piece;
  message.payload_count = 1;
  message.records = w.records;
  message.records_size = walk_below(&w, 4) == 0 ? 0 : w.records_size;
  bool is_altered = message.records_size > 0 && walk_below(&w, 6) == 0;
  w.records[0] ^= is_altered;
  conntrail_status status = conntrail_sendmsg(w.sockets[slot], &message);
  w.records[0] ^= is_altered;
  transcript_line("sendmsg %s to destination %u records=%zu altered=%d -> %s",
                  transcript_socket(w.sockets[slot]), destination, message.records_size,
                  (int)is_altered, conntrail_status_name(status));
  judge_status("sendmsg", status,
               udp_send_records(&m, modelled[slot], destination, 2, message.records_size > 0,
                                is_altered ? UDP_NONE : records_flow));
}

/* To whom was heard last, if it is still there: else another may have its port by now. */
static void reply(void) {
  unsigned place = walk_below(&w, 3);
  if (is_heard && udp_is_there(&m, &heard_source)) {
    net_result result = net_send_to(w.places[place], "answer", 6, &heard, pick_way());
    transcript_line("reply by %s -> %s", transcript_socket(w.places[place]),
                    net_result_name(result));
    judge_result("reply", result, NET_OK);
    udp_reply(&m, (int)place, &heard_source, 6);
  }
}

/* ---- The association ------------------------------------------------------------------------- */

static void connect_one(void) {
  unsigned destination = walk_below(&w, WALK_DESTINATIONS);
  unsigned slot = pick();
  fixture_client_begin();
  net_result result = net_connect(w.sockets[slot], &w.destinations[destination]);
  fixture_client_end();
  transcript_line("connect %s to destination %u -> %s", transcript_socket(w.sockets[slot]),
                  destination, net_result_name(result));
  judge_result("connect", result, udp_connect(&m, modelled[slot], destination));
}

static void dissolve(void) {
  unsigned slot = pick();
  net_result result = net_dissolve(w.sockets[slot]);
  transcript_line("dissolve %s -> %s", transcript_socket(w.sockets[slot]), net_result_name(result));
  judge_result("dissolve", result, udp_dissolve(&m, modelled[slot]));
}

static void ask_peer(void) {
  unsigned slot = pick();
  int destination = UDP_NONE;
  struct sockaddr_storage peer;
  net_result result = net_peer(w.sockets[slot], &peer);
  const char *text = result == NET_OK ? walk_address_text(&peer) : "";
  transcript_line("peer of %s -> %s %s", transcript_socket(w.sockets[slot]),
                  net_result_name(result), text);
  judge_result("peer", result, udp_peer(&m, modelled[slot], &destination));
  if (result == NET_OK) {
    walk_judge(&w, "peer", text,
               destination == UDP_NONE ? "loopback"
                                       : walk_address_text(&w.destinations[destination]));
  }
}

static void query(void) {
  size_t size = 0;
  unsigned slot = pick();
  query_kind kind = walk_below(&w, 2) == 0 ? QUERY_RECORDS : QUERY_CONTEXT;
  judge_status("query", t_query(kind, w.sockets[slot], l.records, sizeof l.records, &size),
               udp_query(&m, modelled[slot]));
}

static void pass_time(void) {
  static const uint32_t milliseconds[] = {0, 1000, 59999, 60000, 200000};
  uint32_t passed = milliseconds[walk_below(&w, sizeof milliseconds / sizeof milliseconds[0])];
  conntrail_emu_advance(fixture_emulation(), passed);
  udp_advance(&m, passed);
  transcript_line("flows %zu", flows());
  walk_judge_count(&w, "flows", flows(), udp_flow_count(&m));
}

static void enable(void) {
  unsigned slot = pick();
  judge_status("enable", t_enable_messages(w.sockets[slot]),
               modelled[slot] == UDP_NONE ? CONNTRAIL_NOT_SOCKET : CONNTRAIL_OK);
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
  judge_result("receive that is interrupted", result, NET_OTHER);
  expect_result(net_close(own), NET_OK);
}

/* E8. */
static void try_udp_lite(void) {
  net_result result = net_try_udp_lite();
  transcript_line("UDP-Lite -> %s", net_result_name(result));
  judge_result("UDP-Lite", result, NET_NOT_SUPPORTED);
  udp_lite++;
}

/* ---- The walks ------------------------------------------------------------------------------- */

static void begin(uint64_t seed) {
  walk_begin(&w, seed, NET_UDP4, bind_somewhere);
  scenario_usual(CONNTRAIL_EMU_BEHAVIOUR_REPLY_SOURCE);
  scenario_usual(CONNTRAIL_EMU_BEHAVIOUR_CONNECTED_DATAGRAMS);
  udp_begin(&m);
  records_flow = UDP_NONE;
  is_heard = false;
  udp_lite = 0;
  for (unsigned slot = 0; slot < WALK_SOCKETS; ++slot) {
    modelled[slot] = UDP_NONE;
  }
}

static void judge_event(const char *what, conntrail_emu_event_kind kind, uint64_t predicted) {
  walk_judge_count(&w, what, scenario_count(kind), predicted);
}

static void judge_events(void) {
  judge_event("redirected", CONNTRAIL_EMU_REDIRECTED, m.counts.redirected);
  judge_event("delivered", CONNTRAIL_EMU_DELIVERED, m.counts.delivered);
  judge_event("refused", CONNTRAIL_EMU_REFUSED, m.counts.refused + udp_lite);
  judge_event("loops", CONNTRAIL_EMU_LOOP, m.counts.loops);
  judge_event("accepted", CONNTRAIL_EMU_ACCEPTED, m.counts.accepted);
  judge_event("idle", CONNTRAIL_EMU_IDLE, m.counts.idle);
  judge_event("records set", CONNTRAIL_EMU_RECORDS_SET, m.counts.records_set);
  walk_judge_count(&w, "sent late", scenario_misuse(CONNTRAIL_EMU_MISUSE_RECORDS_SENT_LATE),
                   m.counts.sent_late);
  walk_judge_count(&w, "not received", scenario_misuse(CONNTRAIL_EMU_MISUSE_RECORDS_NOT_RECEIVED),
                   m.counts.not_received);
  walk_judge_count(&w, "not transferred", scenario_misuse(CONNTRAIL_EMU_MISUSE_NOT_TRANSFERRED), 0);
}

static void walk_all(const walk_step *steps, size_t count, uint64_t seeds) {
  uint64_t first;
  uint64_t last;
  walk_seeds(seeds, &first, &last);
  for (uint64_t seed = first; seed <= last; ++seed) {
    begin(seed);
    walk_along(&w, TURNS, steps, count);
    walk_tell(&w);
    judge_events();
    fixture_close();
  }
}

#define EVERYWHERE                                                                                 \
  create, create, send_from_client, send_from_client, send_from_client, receive_message,           \
      receive_message, receive_message, send_on, send_on, reply, reply, receive_at_client,         \
      receive_at_client, receive_at_proxy, query, connect_one, close_one, duplicate, change,       \
      ask_peer, pass_time, enable

void case_walk_udp(void) {
  static const walk_step steps[] = {EVERYWHERE};
  walk_all(steps, sizeof steps / sizeof steps[0], SEEDS);
}

void case_walk_udp_unseen(void) {
  static const walk_step steps[] = {EVERYWHERE,   dissolve, dissolve,
                                    close_unseen, cancel,   interrupt};
  walk_all(steps, sizeof steps / sizeof steps[0], SEEDS_OF_TRANSITIONS);
}

/* Under a supervisor such a socket can be made, and reaches nothing. */
void case_walk_udp_lite(void) {
  static const walk_step steps[] = {EVERYWHERE, try_udp_lite};
  walk_all(steps, sizeof steps / sizeof steps[0], SEEDS_OF_TRANSITIONS);
}
