/* SPDX-License-Identifier: MIT */

/* Sending a message: the caller's control messages, and the records as one more behind them. */

#include <string.h>

#include "message.h"

static conntrail_status check(const conntrail_message *message) {
  if (message == NULL) {
    return CONNTRAIL_FAULT;
  }
  conntrail_status common = conntrail__message_check(message);
  if (common != CONNTRAIL_OK) {
    return common;
  }
  if ((message->records == NULL && message->records_size > 0) ||
      (message->control == NULL && message->control_size > 0)) {
    return CONNTRAIL_FAULT;
  }
  if (message->flags != 0) {
    return CONNTRAIL_INVALID;
  }
  return message->records_size > CONNTRAIL_LARGEST_BLOB ||
                 message->control_size > CONNTRAIL_LARGEST_BLOB
             ? CONNTRAIL_LIMIT
             : CONNTRAIL_OK;
}

/* Sound, and without redirect records, which have a place of their own (M6). */
static bool is_sound(const conntrail_message *message) {
  conntrail__control_reader reader =
      conntrail__control_read(CONNTRAIL__CONTROL_NATIVE, message->control, message->control_size);
  conntrail__control_item item;
  while (conntrail__control_next(&reader, &item)) {
    if (conntrail__message_kind_of(&item) == CONNTRAIL__MESSAGE_RECORDS) {
      return false;
    }
  }
  return !reader.is_malformed;
}

static bool is_mapped(const struct sockaddr_storage *peer) {
  struct sockaddr_in6 in6;
  memcpy(&in6, peer, sizeof in6);
  return IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr) != 0;
}

/* The datagram's family, as received records have it (M1). */
static int family_of(conntrail_socket socket, const struct sockaddr_storage *peer) {
  conntrail__socket_facts facts = {.is_internet = false};
  bool is_ipv6 = peer->ss_family == AF_INET6 && !is_mapped(peer);
  if (peer->ss_family == AF_UNSPEC && conntrail__backend_describe(socket, &facts) == 0) {
    is_ipv6 = facts.is_ipv6;
  }
  return is_ipv6 ? CONNTRAIL__MESSAGES_IPV6 : CONNTRAIL__MESSAGES_IPV4;
}

conntrail__verdict conntrail__message_verdict(uint32_t native) {
  conntrail__verdict verdict = conntrail__native_verdict(native);
  if (native == CONNTRAIL__WSAEMSGSIZE) {
    verdict.status = CONNTRAIL_TOO_LARGE;
  } else if (native == CONNTRAIL__WSAEDESTADDRREQ) {
    verdict.status = CONNTRAIL_NOT_CONNECTED;
  }
  return verdict;
}

static conntrail_status send_with(conntrail_socket socket, conntrail_message *message,
                                  void *control, size_t control_size) {
  bool has_peer = message->peer.ss_family != AF_UNSPEC;
  const conntrail__datagram datagram = {.peer = has_peer ? &message->peer : NULL,
                                        .peer_size = message->peer.ss_family == AF_INET
                                                         ? sizeof(struct sockaddr_in)
                                                         : sizeof(struct sockaddr_in6),
                                        .payload = message->payload,
                                        .payload_count = (uint32_t)message->payload_count,
                                        .control = control,
                                        .control_size = (uint32_t)control_size,
                                        .call = conntrail__message_call(message, socket)};
  return conntrail__report(
      conntrail__message_verdict(conntrail__backend_sendmsg(socket, &datagram)));
}

static conntrail_status send_records(conntrail_socket socket, conntrail_message *message) {
  conntrail__control_room room;
  uint32_t native = conntrail__backend_has_records(socket);
  /* A real Linux would send the datagram and drop the records (K4). */
  if (native != 0) {
    return conntrail__report(conntrail__native_verdict(native));
  }
  size_t used = message->control_size;
  size_t wanted = conntrail__control_space(CONNTRAIL__CONTROL_NATIVE, message->records_size) +
                  conntrail__control_space(CONNTRAIL__CONTROL_NATIVE, used);
  if (!conntrail__control_room_take(&room, wanted)) {
    return conntrail__report(conntrail__own_verdict(CONNTRAIL_NO_MEMORY));
  }
  if (used > 0) {
    memcpy(room.bytes, message->control, used);
  }
  const conntrail__message_numbers *numbers =
      &conntrail__backend_messages[family_of(socket, &message->peer)];
  const conntrail__control_item records = {.level = numbers->level,
                                           .type = numbers->records,
                                           .data = message->records,
                                           .size = message->records_size};
  (void)conntrail__control_append(CONNTRAIL__CONTROL_NATIVE, room.bytes, room.size, &used,
                                  &records);
  conntrail_status status = send_with(socket, message, room.bytes, used);
  conntrail__control_room_release(&room);
  return status;
}

conntrail_status conntrail_sendmsg(conntrail_socket socket, conntrail_message *message) {
  conntrail_status status = check(message);
  if (status == CONNTRAIL_OK && !is_sound(message)) {
    status = CONNTRAIL_INVALID_MESSAGE;
  }
  if (status != CONNTRAIL_OK) {
    return conntrail__report(conntrail__own_verdict(status));
  }
  return message->records_size > 0
             ? send_records(socket, message)
             : send_with(socket, message, message->control, message->control_size);
}
