/* SPDX-License-Identifier: MIT */
/* Walks with UDP, injected faults and every profile: see walk.h. Nothing but the transcript is
 * compared. */
#include <string.h>

#include "cases.h"
#include "walk_datagrams.h"

enum { SEEDS = 24, TURNS = 200, MOST_WAITING = 1000 };

static walk w;
static test_message l;
static struct sockaddr_storage last_peer; /* of what a proxy or the server received last */

/* By a proxy, or the server, with the room that the message has. */
static conntrail_status receive_message_at(conntrail_socket place) {
  conntrail_status status = walk_receive_message(place, &l);
  if (walk_has_datagram(status)) {
    last_peer = l.message.peer;
  }
  if (status == CONNTRAIL_OK && l.message.records_size > 0) {
    walk_keep_records(&w, l.records, l.message.records_size, WALK_NOTHING);
  }
  return status;
}

static net_result receive_plainly(conntrail_socket socket) {
  struct sockaddr_storage from;
  size_t size;
  net_result result = walk_receive(&w, socket, &from, &size);
  if (result == NET_OK) {
    last_peer = from;
  }
  return result;
}

static void receive_all_messages(conntrail_socket place) {
  conntrail_status status = CONNTRAIL_OK;
  for (int most = 0; most < MOST_WAITING && status != CONNTRAIL_WOULD_BLOCK; ++most) {
    message_clear(&l);
    status = receive_message_at(place);
  }
}

static void receive_all_plainly(conntrail_socket client) {
  net_result result = NET_OK;
  for (int most = 0; most < MOST_WAITING && result != NET_WOULD_BLOCK; ++most) {
    result = receive_plainly(client);
  }
}

/* A new socket may get its port, and would be answered. Of another host's address the systems
 * differ whether a socket may be bound to it. */
static void forget_peer_that_is_gone(void) {
  conntrail_socket probe = net_socket(NET_UDP4);
  if (walk_is_loopback(&last_peer) && net_bind(probe, &last_peer) == NET_OK) {
    memset(&last_peer, 0, sizeof last_peer);
  }
  expect_result(net_close(probe), NET_OK);
}

/* After a socket was closed, or a flow ended: what is left of it would be taken for a datagram of
 * the next socket with its port (M9). */
static void receive_leftovers(void) {
  (void)walk_flows(); /* the end is known (E11) */
  for (size_t place = 0; place < 3; ++place) {
    receive_all_messages(w.places[place]);
  }
  for (size_t slot = 0; slot < WALK_SOCKETS; ++slot) {
    if (w.sockets[slot] != CONNTRAIL_INVALID_SOCKET) {
      receive_all_plainly(w.sockets[slot]);
    }
  }
  forget_peer_that_is_gone();
}

static void create(void) {
  conntrail_socket *slot = walk_slot(&w);
  if (*slot == CONNTRAIL_INVALID_SOCKET) {
    *slot = walk_client();
  }
}

static void send_from_client(void) {
  walk_target target = {.destination = walk_below(&w, WALK_DESTINATIONS)};
  target.way = walk_way(&w);
  target.slot = walk_pick(&w);
  (void)walk_send(&w, &target);
}

static void receive_message(void) {
  conntrail_socket place = w.places[walk_below(&w, 3)];
  walk_choose_rooms(&w, &l);
  (void)receive_message_at(place);
}

static void receive_at_client(void) {
  (void)receive_plainly(*walk_slot(&w));
}

static void receive_at_proxy(void) {
  (void)receive_plainly(w.places[walk_below(&w, 2)]);
}

static void send_on(void) {
  walk_target target = {.destination = walk_below(&w, WALK_DESTINATIONS)};
  target.slot = walk_pick(&w);
  (void)walk_send_on(&w, &target);
}

/* To whom was heard last. */
static void reply(void) {
  conntrail_socket socket = w.places[walk_below(&w, 3)];
  if (net_port(&last_peer) != 0) {
    net_result result = net_send_to(socket, "answer", 6, &last_peer, walk_way(&w));
    transcript_line("reply by %s -> %s", transcript_socket(socket), net_result_name(result));
  }
}

static void connect_one(void) {
  bool had_flows = walk_flows() > 0; /* one may end, and the same begin anew */
  walk_target target = {.destination = walk_below(&w, WALK_DESTINATIONS)};
  target.slot = walk_pick(&w);
  (void)walk_connect(&w, &target);
  if (had_flows) {
    receive_leftovers();
  }
}

static void query(void) {
  size_t size = 0;
  (void)t_query(walk_below(&w, 2) == 0 ? QUERY_RECORDS : QUERY_CONTEXT, *walk_slot(&w), l.records,
                sizeof l.records, &size);
}

static void pass_time(void) {
  size_t before = walk_flows();
  conntrail_emu_advance(fixture_emulation(), walk_milliseconds(&w));
  transcript_line("flows %zu", walk_flows());
  if (walk_flows() < before) {
    receive_leftovers();
  }
}

static void close_one(void) {
  int ignored;
  if (walk_close(&w, net_close, "close", &ignored)) {
    receive_leftovers();
  }
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

static void enable(void) {
  (void)t_enable_messages(*walk_slot(&w));
}

/* No faults in messages: on Windows they strike a program's own WSASendMsg as well. */
static void change(void) {
  if (walk_below(&w, 3) == 0) {
    walk_add_fault(&w, (conntrail_emu_operation)(CONNTRAIL_EMU_ACCEPT + walk_below(&w, 2)));
  } else {
    walk_change_world(&w);
  }
}

static void begin(void) {
  memset(&last_peer, 0, sizeof last_peer);
}

void case_walk_udp_faults(void) {
  static const walk_step steps[] = {create,
                                    create,
                                    send_from_client,
                                    send_from_client,
                                    receive_message,
                                    receive_message,
                                    send_on,
                                    send_on,
                                    reply,
                                    receive_at_client,
                                    receive_at_proxy,
                                    receive_message,
                                    query,
                                    connect_one,
                                    close_one,
                                    duplicate,
                                    inspect,
                                    change,
                                    ask_peer,
                                    pass_time,
                                    enable};
  walk_all(&w, &(walk_plan){.kind = NET_UDP4,
                            .place = walk_bind,
                            .steps = steps,
                            .step_count = sizeof steps / sizeof steps[0],
                            .turns = TURNS,
                            .seeds = SEEDS,
                            .begin = begin});
}
