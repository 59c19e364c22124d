/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "perform.h"

/* The requests that are about UDP. */

/* The engine keeps a carrier by a number of the face's: here an address. */
static conntrail__carrier *carrier_of(intptr_t handle) {
  void *carrier;
  memcpy(&carrier, &handle, sizeof carrier);
  return carrier;
}

static intptr_t handle_of(void *carrier) {
  intptr_t handle;
  memcpy(&handle, &carrier, sizeof handle);
  return handle;
}

static void tell_passage(conntrail__task *t) {
  const conntrail__datagram_decision *passage = &t->peer->passage;
  t->reply->native = passage->native;
  t->reply->address = passage->target;
  if (passage->unsettled != NULL) {
    t->reply->flags |= CONNTRAIL__REPLY_UNSETTLED;
  } else if (passage->relay != CONNTRAIL__NO_RELAY) {
    const conntrail__carrier *carrier = carrier_of(passage->relay);
    const bool is_own = carrier->peer == t->peer;
    t->reply->flags |= CONNTRAIL__REPLY_CARRIER | (is_own ? 0u : CONNTRAIL__REPLY_LENT);
    t->reply->number = (uint32_t)carrier->fd;
    t->peer->lent_fd = is_own ? -1 : carrier->copy;
  }
}

static bool may_send(const conntrail__task *t) {
  return !conntrail__is_stream(t) && t->peer->passage.unsettled == NULL;
}

bool conntrail__perform_sending(conntrail__task *t) {
  const conntrail__address *remote = conntrail__address_or_none(&t->request->address);
  if (!may_send(t) || (remote != NULL && !conntrail__is_address(remote)) ||
      t->request->payload > CONNTRAIL__ANSWER_LIMIT ||
      (t->request->payload > 0 && t->request->argument[0] == 0)) {
    return false;
  }
  t->peer->passage = conntrail__datagram_sending(t->socket, remote,
                                                 t->request->argument[0] != 0 ? t->payload : NULL,
                                                 t->request->payload, &t->who);
  tell_passage(t);
  return true;
}

bool conntrail__perform_send_connecting(conntrail__task *t) {
  if (!may_send(t) || !conntrail__is_address(&t->request->address)) {
    return false;
  }
  t->peer->passage = conntrail__datagram_connecting(t->socket, &t->request->address, &t->who);
  tell_passage(t);
  return true;
}

bool conntrail__perform_settle(conntrail__task *t) {
  conntrail__datagram_decision *passage = &t->peer->passage;
  if (passage->unsettled == NULL || !conntrail__is_address(&t->request->address)) {
    return false;
  }
  if (conntrail__datagram_settle(passage, &t->request->address)) {
    t->reply->flags |= CONNTRAIL__REPLY_YES;
  }
  tell_passage(t);
  return true;
}

/* The engine's flow ended: its process closes the carrier with the next reply. */
static void close_carrier(intptr_t handle) {
  conntrail__carrier *carrier = carrier_of(handle);
  if (carrier->peer != NULL) {
    conntrail__peer *owner = carrier->peer;
    conntrail__carrier **place = &owner->carriers;
    while (*place != carrier) {
      place = &(*place)->next;
    }
    *place = carrier->next;
    if (owner->closing_count < CONNTRAIL__CLOSING_LIMIT) {
      owner->closing[owner->closing_count++] = carrier->fd;
    }
  }
  close(carrier->copy);
  free(carrier);
}

static conntrail__carrier *make_carrier(conntrail__peer *owner, uint32_t number) {
  conntrail__carrier *made = owner->hub->enclosed >= 0 ? malloc(sizeof *made) : NULL;
  if (made != NULL) {
    *made = (conntrail__carrier){.peer = owner,
                                 .fd = (int32_t)number,
                                 .copy = conntrail__mail_take(owner->hub),
                                 .next = owner->carriers};
  }
  return made;
}

bool conntrail__perform_carry(conntrail__task *t) {
  conntrail__datagram_decision *passage = &t->peer->passage;
  conntrail__carrier *carrier;
  intptr_t handle;
  if (passage->unsettled == NULL || !conntrail__is_address(&t->request->address) ||
      !conntrail__is_address(&t->request->second)) {
    return false;
  }
  carrier = make_carrier(t->peer, t->request->argument[0]);
  if (carrier == NULL) {
    return false;
  }
  handle = handle_of(carrier);
  if (conntrail__datagram_carry(passage, &t->request->address, handle, &t->request->second,
                                close_carrier)) {
    t->peer->carriers = carrier;
    t->reply->flags |= CONNTRAIL__REPLY_YES;
  } else {
    close(carrier->copy);
    free(carrier);
  }
  tell_passage(t);
  return true;
}

bool conntrail__perform_abandon(conntrail__task *t) {
  if (t->peer->passage.unsettled == NULL) {
    return false;
  }
  conntrail__datagram_abandon(&t->peer->passage);
  return true;
}

bool conntrail__perform_received(conntrail__task *t) {
  const conntrail__request *request = t->request;
  uint32_t flags = request->argument[0];
  conntrail__received receipt = {
      .from = request->address,
      .is_peek = (flags & CONNTRAIL__IS_PEEK) != 0,
      .is_plain = (flags & CONNTRAIL__IS_PLAIN) != 0,
      .is_ipv6 = (flags & CONNTRAIL__IS_IPV6) != 0,
      .control = (flags & CONNTRAIL__HAS_CONTROL) != 0 ? t->peer->hub->payload : NULL,
      .capacity = request->argument[1],
      .used = request->argument[2]};
  uint32_t before = receipt.used;
  if (conntrail__is_stream(t) || !conntrail__is_address(&request->address) ||
      receipt.capacity > CONNTRAIL__ANSWER_LIMIT || before > receipt.capacity) {
    return false;
  }
  receipt.sender = receipt.from;
  conntrail__datagram_received(t->socket, &t->who, &receipt);
  t->reply->address = receipt.sender;
  t->reply->flags = receipt.is_control_cut ? CONNTRAIL__REPLY_CUT : 0;
  if (receipt.used > before) {
    t->reply->payload = receipt.used - before;
    memmove(t->peer->hub->payload, t->peer->hub->payload + before, t->reply->payload);
  }
  return true;
}

bool conntrail__perform_enable(conntrail__task *t) {
  t->reply->native =
      conntrail__datagram_enable(t->socket, (int)t->request->argument[0],
                                 (int)t->request->argument[1], t->request->argument[2] != 0);
  return true;
}

bool conntrail__perform_fault(conntrail__task *t) {
  uint32_t operation = t->request->argument[0];
  if (operation != CONNTRAIL_EMU_RECEIVE_MESSAGE && operation != CONNTRAIL_EMU_SEND_MESSAGE) {
    return false;
  }
  t->reply->native = conntrail__datagram_fault(t->socket, (conntrail_emu_operation)operation);
  return true;
}
