/* SPDX-License-Identifier: MIT */
#include "walk_datagrams.h"

conntrail_socket walk_bind(struct sockaddr_storage *address) {
  conntrail_socket socket = datagram_bound(NET_UDP4, address);
  expect_status(conntrail_enable_messages(socket), CONNTRAIL_OK);
  expect_result(net_make_nonblocking(socket), NET_OK);
  return socket;
}

conntrail_socket walk_client(void) {
  struct sockaddr_storage ignored;
  conntrail_socket socket = datagram_bound(NET_UDP4, &ignored);
  expect_result(net_make_nonblocking(socket), NET_OK);
  return socket;
}

size_t walk_flows(void) {
  return conntrail_emu_datagram_flows(fixture_emulation());
}

net_way walk_way(walk *w) {
  return (net_way)walk_below(w, NET_WAYS);
}

uint32_t walk_milliseconds(walk *w) {
  static const uint32_t milliseconds[] = {0, 1000, 59999, 60000, 200000};
  return milliseconds[walk_below(w, sizeof milliseconds / sizeof milliseconds[0])];
}

/* ---- Sending --------------------------------------------------------------------------------- */

net_result walk_send(const walk *w, const walk_target *target) {
  conntrail_socket socket = w->sockets[target->slot];
  fixture_client_begin();
  net_result result =
      net_send_to(socket, "ask", 3, &w->destinations[target->destination], target->way);
  fixture_client_end();
  transcript_line("send %s to destination %u way %d -> %s", transcript_socket(socket),
                  target->destination, (int)target->way, net_result_name(result));
  return result;
}

net_result walk_connect(const walk *w, const walk_target *target) {
  conntrail_socket socket = w->sockets[target->slot];
  fixture_client_begin();
  net_result result = net_connect(socket, &w->destinations[target->destination]);
  fixture_client_end();
  transcript_line("connect %s to destination %u -> %s", transcript_socket(socket),
                  target->destination, net_result_name(result));
  return result;
}

walk_sent_on walk_send_on(walk *w, const walk_target *target) {
  conntrail_socket socket = w->sockets[target->slot];
  conntrail_message message = CONNTRAIL_MESSAGE_INIT;
  char bytes[] = "on";
  conntrail_buffer piece = {bytes, 2};
  message.peer = w->destinations[target->destination];
  message.payload = &piece;
  message.payload_count = 1;
  message.records = w->records;
  message.records_size = walk_below(w, 4) == 0 ? 0 : w->records_size;
  walk_sent_on sent = {.has_records = message.records_size > 0};
  sent.is_altered = sent.has_records && walk_below(w, 6) == 0;
  w->records[0] ^= sent.is_altered;
  sent.status = conntrail_sendmsg(socket, &message);
  w->records[0] ^= sent.is_altered;
  transcript_line("sendmsg %s to destination %u records=%zu altered=%d -> %s",
                  transcript_socket(socket), target->destination, message.records_size,
                  (int)sent.is_altered, conntrail_status_name(sent.status));
  return sent;
}

/* ---- Receiving ------------------------------------------------------------------------------- */

void walk_choose_rooms(walk *w, test_message *l) {
  static const size_t rooms[] = {0, 16, 80, 136, sizeof l->records};
  message_clear(l);
  if (walk_below(w, 4) == 0) {
    l->message.records_capacity = rooms[walk_below(w, sizeof rooms / sizeof rooms[0])];
  }
  if (walk_below(w, 6) == 0) {
    l->message.context_capacity = walk_below(w, 256);
  }
  if (walk_below(w, 8) == 0) {
    l->piece.size = 2;
  }
  l->message.flags = walk_below(w, 5) == 0 ? CONNTRAIL_MESSAGE_PEEK : 0;
}

bool walk_has_datagram(conntrail_status status) {
  return status == CONNTRAIL_OK || status == CONNTRAIL_DATA_TRUNCATED ||
         status == CONNTRAIL_CONTROL_TRUNCATED;
}

conntrail_status walk_receive_message(conntrail_socket place, test_message *l) {
  conntrail_status status = conntrail_recvmsg(place, &l->message);
  const char *name = conntrail_status_name(status);
  if (walk_has_datagram(status)) {
    transcript_line("recvmsg %s -> %s size=%zu records=%zu context=%zu lost=%u from %s",
                    transcript_socket(place), name, l->message.payload_size,
                    l->message.records_size, l->message.context_size, l->message.lost,
                    walk_address_text(&l->message.peer));
  } else {
    transcript_line("recvmsg %s -> %s", transcript_socket(place), name);
  }
  return status;
}

net_result walk_receive(walk *w, conntrail_socket socket, struct sockaddr_storage *from,
                        size_t *size) {
  char bytes[16];
  net_way way = walk_way(w);
  *size = 0;
  net_result result = net_receive_from(socket, bytes, sizeof bytes, size, from, way);
  transcript_line("receive %s way %d -> %s size %zu from %s", transcript_socket(socket), (int)way,
                  net_result_name(result), result == NET_OK ? *size : (size_t)0,
                  result == NET_OK ? walk_address_text(from) : "nobody");
  return result;
}
