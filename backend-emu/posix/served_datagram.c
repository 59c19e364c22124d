/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "kernel.h"
#include "served.h"

/* The calls of the emulated kernel that are about UDP, by the service. */

/* Stands for the flow that is not settled; the service knows which it is. */
static char unsettled;

/* The carrier of a flow whose client is another process comes along, as that process has it. */
static void take_carrier(conntrail__datagram_decision *passage, const conntrail__reply *reply,
                         int lent) {
  passage->is_lent = (reply->flags & CONNTRAIL__REPLY_LENT) != 0;
  passage->relay = passage->is_lent ? lent : (intptr_t)reply->number;
  if (passage->relay < 0) { /* this process has no descriptor left */
    *passage = (conntrail__datagram_decision){.native = CONNTRAIL__NO_BUFFERS,
                                              .relay = CONNTRAIL__NO_RELAY};
  }
}

static conntrail__datagram_decision ask_passage(conntrail__request *request, const void *payload) {
  conntrail__datagram_decision passage = {.native = CONNTRAIL__NET_DOWN,
                                          .relay = CONNTRAIL__NO_RELAY};
  conntrail__answer answer;
  int lent;
  if (!conntrail__channel_ask_with(request, payload, -1, &lent, &answer)) {
    return passage;
  }
  passage.native = answer.reply.native;
  passage.target = answer.reply.address;
  if ((answer.reply.flags & CONNTRAIL__REPLY_CARRIER) != 0) {
    take_carrier(&passage, &answer.reply, lent);
  }
  if ((answer.reply.flags & CONNTRAIL__REPLY_UNSETTLED) != 0) {
    passage.unsettled = (void *)&unsettled;
  }
  return passage;
}

conntrail__datagram_decision conntrail__served_sending(conntrail__socket *socket,
                                                       const conntrail__address *remote,
                                                       const void *records, uint32_t records_size,
                                                       const conntrail__identity *who) {
  conntrail__request request = conntrail__served_request(CONNTRAIL__OP_SENDING, socket, who);
  if (remote != NULL) {
    request.address = *remote;
  }
  if (records != NULL && records_size > CONNTRAIL__ANSWER_LIMIT) {
    return (conntrail__datagram_decision){.native = CONNTRAIL__NO_BUFFERS,
                                          .relay = CONNTRAIL__NO_RELAY};
  }
  request.argument[0] = records != NULL;
  request.payload = records == NULL ? 0 : records_size;
  return ask_passage(&request, records);
}

conntrail__datagram_decision conntrail__served_send_connecting(conntrail__socket *socket,
                                                               const conntrail__address *remote,
                                                               const conntrail__identity *who) {
  conntrail__request request =
      conntrail__served_request(CONNTRAIL__OP_SEND_CONNECTING, socket, who);
  conntrail__datagram_decision passage;
  request.address = *remote;
  passage = ask_passage(&request, NULL);
  if (passage.is_lent) { /* what is connected sends by itself */
    CONNTRAIL__REAL(close)((int)passage.relay);
    passage.is_lent = false;
    passage.relay = CONNTRAIL__NO_RELAY;
  }
  return passage;
}

static bool go_on(conntrail__datagram_decision *passage, conntrail__request *request,
                  int enclosed) {
  conntrail__answer answer;
  passage->unsettled = NULL;
  if (!conntrail__channel_ask_with(request, NULL, enclosed, NULL, &answer)) {
    passage->native = CONNTRAIL__NET_DOWN;
    return false;
  }
  passage->native = answer.reply.native;
  passage->target = answer.reply.address;
  if ((answer.reply.flags & CONNTRAIL__REPLY_UNSETTLED) != 0) {
    passage->unsettled = (void *)&unsettled;
  }
  if ((answer.reply.flags & CONNTRAIL__REPLY_CARRIER) != 0) {
    passage->relay = (intptr_t)answer.reply.number;
  }
  return (answer.reply.flags & CONNTRAIL__REPLY_YES) != 0;
}

bool conntrail__served_settle(conntrail__datagram_decision *passage,
                              const conntrail__address *own) {
  conntrail__request request = conntrail__served_request(CONNTRAIL__OP_SETTLE, NULL, NULL);
  request.address = *own;
  return go_on(passage, &request, -1);
}

bool conntrail__served_carry(conntrail__datagram_decision *passage, const conntrail__address *own,
                             intptr_t carrier, const conntrail__address *source,
                             conntrail__close_relay close) {
  conntrail__request request = conntrail__served_request(CONNTRAIL__OP_CARRY, NULL, NULL);
  (void)close; /* the service names it in a reply */
  request.address = *own;
  request.second = *source;
  request.argument[0] = (uint32_t)carrier;
  return go_on(passage, &request, (int)carrier);
}

void conntrail__served_abandon(conntrail__datagram_decision *passage) {
  conntrail__request request = conntrail__served_request(CONNTRAIL__OP_ABANDON, NULL, NULL);
  passage->unsettled = NULL;
  conntrail__channel_tell(&request);
}

void conntrail__served_received(conntrail__socket *socket, const conntrail__identity *who,
                                conntrail__received *receipt) {
  conntrail__request request = conntrail__served_request(CONNTRAIL__OP_RECEIVED, socket, who);
  uint32_t capacity =
      receipt->capacity < CONNTRAIL__ANSWER_LIMIT ? receipt->capacity : CONNTRAIL__ANSWER_LIMIT;
  conntrail__answer answer;
  request.address = receipt->from;
  request.argument[0] = (receipt->is_peek ? CONNTRAIL__IS_PEEK : 0u) |
                        (receipt->is_plain ? CONNTRAIL__IS_PLAIN : 0u) |
                        (receipt->is_ipv6 ? CONNTRAIL__IS_IPV6 : 0u) |
                        (receipt->control != NULL ? CONNTRAIL__HAS_CONTROL : 0u);
  request.argument[1] = capacity;
  request.argument[2] = receipt->used;
  if (receipt->used > capacity || !conntrail__channel_ask(&request, NULL, &answer)) {
    return;
  }
  receipt->sender = answer.reply.address;
  receipt->is_control_cut = (answer.reply.flags & CONNTRAIL__REPLY_CUT) != 0;
  if (answer.reply.payload > 0 && receipt->control != NULL &&
      answer.reply.payload <= capacity - receipt->used) {
    memcpy((unsigned char *)receipt->control + receipt->used, answer.payload, answer.reply.payload);
    receipt->used += answer.reply.payload;
  }
}

static uint32_t ask_number(conntrail__request *request) {
  conntrail__answer answer;
  return conntrail__channel_ask(request, NULL, &answer) ? answer.reply.native : CONNTRAIL__NET_DOWN;
}

uint32_t conntrail__served_enable(conntrail__socket *socket, int level, int option,
                                  bool is_enabled) {
  conntrail__request request = conntrail__served_request(CONNTRAIL__OP_ENABLE, socket, NULL);
  request.argument[0] = (uint32_t)level;
  request.argument[1] = (uint32_t)option;
  request.argument[2] = is_enabled;
  return ask_number(&request);
}

uint32_t conntrail__served_datagram_fault(conntrail__socket *socket,
                                          conntrail_emu_operation operation) {
  conntrail__request request = conntrail__served_request(CONNTRAIL__OP_FAULT, socket, NULL);
  request.argument[0] = operation;
  return ask_number(&request);
}
