/* SPDX-License-Identifier: MIT */
/* Walks with UDP, injected faults and every profile: see walk.h. Nothing but the transcript is
 * compared. */
#include <string.h>

#include "cases.h"
#include "datagrams.h"
#include "walk.h"

enum { SEEDS = 24, TURNS = 200, MOST_WAITING = 1000 };

static walk w;
static test_message l;
static struct sockaddr_storage last_peer; /* of what a proxy or the server received last */

static size_t flows(void) {
  return conntrail_emu_datagram_flows(fixture_emulation());
}

static conntrail_socket bind_somewhere(struct sockaddr_storage *address) {
  conntrail_socket socket = datagram_bound(NET_UDP4, address);
  expect_status(conntrail_enable_messages(socket), CONNTRAIL_OK);
  expect_result(net_make_nonblocking(socket), NET_OK);
  return socket;
}

static void tell_received(conntrail_socket socket, conntrail_status status) {
  bool has_datagram = status == CONNTRAIL_OK || status == CONNTRAIL_DATA_TRUNCATED ||
                      status == CONNTRAIL_CONTROL_TRUNCATED;
  if (!has_datagram) {
    transcript_line("recvmsg %s -> %s", transcript_socket(socket), conntrail_status_name(status));
    return;
  }
  transcript_line("recvmsg %s -> %s size=%zu records=%zu context=%zu lost=%u from %s",
                  transcript_socket(socket), conntrail_status_name(status), l.message.payload_size,
                  l.message.records_size, l.message.context_size, l.message.lost,
                  walk_address_text(&l.message.peer));
  last_peer = l.message.peer;
  if (status == CONNTRAIL_OK && l.message.records_size > 0) {
    memcpy(w.records, l.records, l.message.records_size);
    w.records_size = l.message.records_size;
  }
}

static net_result receive_plainly(conntrail_socket socket) {
  char bytes[16];
  struct sockaddr_storage from;
  size_t size = 0;
  net_way way = (net_way)walk_below(&w, NET_WAYS);
  net_result result = net_receive_from(socket, bytes, sizeof bytes, &size, &from, way);
  transcript_line("receive %s way %d -> %s size %zu from %s", transcript_socket(socket), (int)way,
                  net_result_name(result), result == NET_OK ? size : (size_t)0,
                  result == NET_OK ? walk_address_text(&from) : "nobody");
  if (result == NET_OK) {
    last_peer = from;
  }
  return result;
}

/* By a proxy, or the server, with room for everything. */
static void receive_all_messages(conntrail_socket place) {
  conntrail_status status = CONNTRAIL_OK;
  for (int most = 0; most < MOST_WAITING && status != CONNTRAIL_WOULD_BLOCK; ++most) {
    message_clear(&l);
    status = conntrail_recvmsg(place, &l.message);
    tell_received(place, status);
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
  (void)flows(); /* the end is known (E11) */
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

/* Bound: Windows receives nothing at sockets that are not. */
static void create(void) {
  conntrail_socket *slot = walk_slot(&w);
  struct sockaddr_storage ignored;
  if (*slot == CONNTRAIL_INVALID_SOCKET) {
    *slot = datagram_bound(NET_UDP4, &ignored);
    expect_result(net_make_nonblocking(*slot), NET_OK);
  }
}

static void send_from_client(void) {
  unsigned destination = walk_below(&w, WALK_DESTINATIONS);
  net_way way = (net_way)walk_below(&w, NET_WAYS);
  conntrail_socket socket = *walk_slot(&w);
  fixture_client_begin();
  net_result result = net_send_to(socket, "ask", 3, &w.destinations[destination], way);
  fixture_client_end();
  transcript_line("send %s to destination %u way %d -> %s", transcript_socket(socket), destination,
                  (int)way, net_result_name(result));
}

/* By a proxy, or the server. */
static void receive_message(void) {
  static const size_t rooms[] = {0, 16, 80, 136, sizeof l.records};
  conntrail_socket socket = w.places[walk_below(&w, 3)];
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
  tell_received(socket, conntrail_recvmsg(socket, &l.message));
}

static void receive_at_client(void) {
  (void)receive_plainly(*walk_slot(&w));
}

static void receive_at_proxy(void) {
  (void)receive_plainly(w.places[walk_below(&w, 2)]);
}

/* By a proxy, with the records that were seen last, altered ones, or none. */
static void send_on(void) {
  conntrail_message message = CONNTRAIL_MESSAGE_INIT;
  char bytes[] = "on";
  conntrail_buffer piece = {bytes, 2};
  unsigned destination = walk_below(&w, WALK_DESTINATIONS);
  conntrail_socket socket = *walk_slot(&w);
  message.peer = w.destinations[destination];
  message.payload = &piece;
  message.payload_count = 1;
  message.records = w.records;
  message.records_size = walk_below(&w, 4) == 0 ? 0 : w.records_size;
  bool is_altered = message.records_size > 0 && walk_below(&w, 6) == 0;
  w.records[0] ^= is_altered;
  conntrail_status status = conntrail_sendmsg(socket, &message);
  w.records[0] ^= is_altered;
  transcript_line("sendmsg %s to destination %u records=%zu altered=%d -> %s",
                  transcript_socket(socket), destination, message.records_size, (int)is_altered,
                  conntrail_status_name(status));
}

/* To whom was heard last. */
static void reply(void) {
  conntrail_socket socket = w.places[walk_below(&w, 3)];
  if (net_port(&last_peer) != 0) {
    net_result result =
        net_send_to(socket, "answer", 6, &last_peer, (net_way)walk_below(&w, NET_WAYS));
    transcript_line("reply by %s -> %s", transcript_socket(socket), net_result_name(result));
  }
}

static void connect_one(void) {
  bool had_flows = flows() > 0; /* one may end, and the same begin anew */
  unsigned destination = walk_below(&w, WALK_DESTINATIONS);
  conntrail_socket socket = *walk_slot(&w);
  fixture_client_begin();
  net_result result = net_connect(socket, &w.destinations[destination]);
  fixture_client_end();
  transcript_line("connect %s to destination %u -> %s", transcript_socket(socket), destination,
                  net_result_name(result));
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
  static const uint32_t milliseconds[] = {0, 1000, 59999, 60000, 200000};
  size_t before = flows();
  conntrail_emu_advance(fixture_emulation(),
                        milliseconds[walk_below(&w, sizeof milliseconds / sizeof milliseconds[0])]);
  transcript_line("flows %zu", flows());
  if (flows() < before) {
    receive_leftovers();
  }
}

static void close_one(void) {
  if (walk_close_one(&w)) {
    receive_leftovers();
  }
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
  uint64_t first;
  uint64_t last;
  walk_seeds(SEEDS, &first, &last);
  for (uint64_t seed = first; seed <= last; ++seed) {
    memset(&last_peer, 0, sizeof last_peer);
    walk_begin(&w, seed, NET_UDP4, bind_somewhere);
    walk_along(&w, TURNS, steps, sizeof steps / sizeof steps[0]);
    walk_tell(&w);
    fixture_close();
  }
}
