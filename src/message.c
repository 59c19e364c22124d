/* SPDX-License-Identifier: MIT */

/* What receiving and sending messages share, and the enabling of them (clauses M). */

#include "message.h"

#include <stdlib.h>

bool conntrail__control_room_take(conntrail__control_room *room, size_t size) {
  room->heap = NULL;
  room->bytes = room->usual;
  room->size = sizeof room->usual;
  if (size <= sizeof room->usual) {
    return true;
  }
  room->heap = malloc(size);
  room->bytes = room->heap;
  room->size = size;
  return room->heap != NULL;
}

void conntrail__control_room_release(conntrail__control_room *room) {
  if (room->heap != NULL) {
    free(room->heap);
  }
}

static bool lacks(const void *bytes, size_t size) {
  return bytes == NULL && size > 0;
}

static bool lacks_a_piece(const conntrail_message *message) {
  for (size_t i = 0; i < message->payload_count; i++) {
    if (lacks(message->payload[i].bytes, message->payload[i].size)) {
      return true;
    }
  }
  return false;
}

conntrail_status conntrail__message_check(const conntrail_message *message) {
  if (message->struct_size != sizeof *message) {
    return CONNTRAIL_INVALID;
  }
  if (lacks(message->payload, message->payload_count)) {
    return CONNTRAIL_FAULT;
  }
  if (message->payload_count > CONNTRAIL_MOST_BUFFERS) {
    return CONNTRAIL_LIMIT;
  }
  return lacks_a_piece(message) ? CONNTRAIL_FAULT : CONNTRAIL_OK;
}

void **conntrail__message_call(conntrail_message *message, conntrail_socket socket) {
  if (message->library_socket != socket) {
    message->library_socket = socket;
    message->library_call = NULL;
  }
  return &message->library_call;
}

/* ---- Enabling ------------------------------------------------------------------------------- */

static uint32_t enable_family(conntrail_socket socket, int family) {
  const conntrail__message_numbers *numbers = &conntrail__backend_messages[family];
  uint32_t native = conntrail__backend_enable(socket, numbers->level, numbers->records);
  return native != 0 ? native : conntrail__backend_enable(socket, numbers->level, numbers->context);
}

static uint32_t enable(conntrail_socket socket, const conntrail__socket_facts *facts) {
  uint32_t native = 0;
  if (facts->is_ipv6) {
    native = enable_family(socket, CONNTRAIL__MESSAGES_IPV6);
  }
  if (native == 0 && (!facts->is_ipv6 || facts->is_dual_stack)) {
    native = enable_family(socket, CONNTRAIL__MESSAGES_IPV4);
  }
  return native;
}

conntrail_status conntrail_enable_messages(conntrail_socket socket) {
  conntrail__socket_facts facts = {.is_internet = false};
  uint32_t native = conntrail__backend_describe(socket, &facts);
  if (native != 0) {
    return conntrail__report(conntrail__native_verdict(native));
  }
  if (!facts.is_internet || !facts.is_datagram) {
    return conntrail__report(conntrail__own_verdict(CONNTRAIL_INVALID));
  }
  native = enable(socket, &facts);
  /* No records can come (K11): what the system itself knows of each datagram comes instead. */
  if (native == CONNTRAIL__NO_RECORDS) {
    native = conntrail__backend_enable_local(socket, &facts);
  }
  conntrail__verdict verdict = conntrail__native_verdict(native);
  /* [S] So answers every system that does not know the option (M12). */
  if (verdict.status == CONNTRAIL_NO_PROTOCOL_OPTION) {
    verdict.status = CONNTRAIL_NOT_SUPPORTED;
  }
  return conntrail__report(verdict);
}
