/* SPDX-License-Identifier: MIT */
#include "send.h"

#include "../../src/control_message.h"
#include "../../src/numbers.h"
#include "relay.h"

/* ---- What is sent ---------------------------------------------------------------------------- */

static bool is_records(const conntrail__control_item *item) {
  return conntrail__native_is_records(item->level, item->type);
}

bool conntrail__outgoing_read(conntrail__outgoing *message, const void *control, size_t size) {
  message->records = NULL;
  message->records_size = 0;
  message->heap = NULL;
  message->control = control;
  message->control_size = control == NULL ? 0 : size;
  conntrail__control_reader reader =
      conntrail__control_read(CONNTRAIL__CONTROL_NATIVE, message->control, message->control_size);
  conntrail__control_item item;
  while (conntrail__control_next(&reader, &item)) {
    if (is_records(&item)) {
      message->records = item.data;
      message->records_size = item.size;
    }
  }
  message->is_malformed = reader.is_malformed;
  return !reader.is_malformed;
}

bool conntrail__outgoing_strip(conntrail__outgoing *message, void **control, size_t *size) {
  conntrail__control_reader reader =
      conntrail__control_read(CONNTRAIL__CONTROL_NATIVE, message->control, message->control_size);
  conntrail__control_item item;
  unsigned char *others = (unsigned char *)message->usual;
  if (message->control_size > sizeof message->usual) {
    message->heap = malloc(message->control_size);
    others = message->heap;
  }
  if (others == NULL) {
    return false;
  }
  *size = 0;
  while (conntrail__control_next(&reader, &item)) {
    if (!is_records(&item)) {
      (void)conntrail__control_append(CONNTRAIL__CONTROL_NATIVE, others, message->control_size,
                                      size, &item);
    }
  }
  *control = *size > 0 ? others : NULL;
  return true;
}

/* ---- Where it goes --------------------------------------------------------------------------- */

static void fail(conntrail__send_decision *decision, int error) {
  *decision = (conntrail__send_decision){.error = error, .relay = CONNTRAIL__NO_RELAY};
}

static void address_it(const conntrail__reference *socket,
                       const conntrail__datagram_decision *choice,
                       conntrail__send_decision *decision) {
  bool is_own = choice->relay == CONNTRAIL__NO_RELAY;
  decision->size =
      is_own ? conntrail__address_to_family(&choice->target, socket->family, &decision->address)
             : conntrail__address_to_sockaddr(&choice->target, &decision->address);
  if (decision->size == 0) {
    fail(decision, conntrail__native_error_of(CONNTRAIL__WSAEAFNOSUPPORT));
  }
}

static bool goes_elsewhere(const conntrail__address *remote,
                           const conntrail__datagram_decision *choice) {
  return remote != NULL && !conntrail__address_equal(remote, &choice->target);
}

/* 0, or the system's error, and a new flow never existed. */
static int settle(const conntrail__reference *socket, const conntrail__address *remote,
                  conntrail__datagram_decision *choice) {
  int error = 0;
  if (choice->relay == CONNTRAIL__NO_RELAY && goes_elsewhere(remote, choice)) {
    error = conntrail__native_let_through(socket->handle, socket->family, &choice->target);
  }
  if (choice->unsettled != NULL && error == 0) {
    return conntrail__relay_settle(socket, choice);
  }
  if (choice->unsettled != NULL) {
    conntrail__datagram_abandon(choice);
  }
  return error;
}

void conntrail__send_decide(const conntrail__reference *socket, const conntrail__address *remote,
                            const conntrail__outgoing *message, const conntrail__identity *who,
                            conntrail__send_decision *decision) {
  conntrail__datagram_decision choice = conntrail__datagram_sending(
      socket->socket, remote, message->records, (uint32_t)message->records_size, who);
  if (choice.native != 0) {
    fail(decision, conntrail__native_error_of(choice.native));
    decision->is_of_engine = true;
    decision->native = choice.native;
    return;
  }
  int error = settle(socket, remote, &choice);
  if (error != 0) {
    fail(decision, error);
    return;
  }
  *decision = (conntrail__send_decision){.relay = choice.relay,
                                         .is_elsewhere = goes_elsewhere(remote, &choice)};
  if (remote != NULL || choice.relay != CONNTRAIL__NO_RELAY) {
    address_it(socket, &choice, decision);
  }
}
