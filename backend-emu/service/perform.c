/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "perform.h"

/* What the service does with each request: the engine's call of the same name. A request that no
 * library sends is malformed, and nothing of it is done. */

enum { ALREADY_CONNECTED = 10056 };

static conntrail__held *find(const conntrail__peer *peer, uint32_t number) {
  conntrail__held *held = NULL;
  HASH_FIND(hh, peer->sockets, &number, sizeof number, held);
  return held;
}

static bool create(conntrail__task *t) {
  uint32_t kind = t->request->argument[0];
  conntrail__socket *socket;
  if (kind >= CONNTRAIL__KIND_LIMIT || t->request->socket == 0 ||
      find(t->peer, t->request->socket) != NULL) {
    return false;
  }
  socket = conntrail__socket_create(t->peer->hub->emu, (conntrail__socket_kind)kind, &t->who, 0);
  if (socket == NULL) {
    return false;
  }
  if (!conntrail__hub_hold(t->peer, t->request->socket, socket)) {
    conntrail__socket_release(socket);
    return false;
  }
  return true;
}

static bool release(conntrail__task *t) {
  HASH_DEL(t->peer->sockets, t->held);
  conntrail__socket_release(t->held->socket);
  free(t->held);
  return true;
}

static bool bound(conntrail__task *t) {
  return conntrail__is_address(&t->request->address) &&
         conntrail__socket_bound(t->socket, &t->request->address);
}

static bool listening(conntrail__task *t) {
  conntrail__hub *hub = t->peer->hub;
  conntrail__listening *place;
  if (!conntrail__is_address(&t->request->address) || t->request->argument[0] > 1 ||
      !conntrail__socket_listening(t->socket, &t->request->address)) {
    return false;
  }
  place = t->peer->program[0] == '\0' ? NULL : malloc(sizeof *place);
  if (place != NULL) {
    place->address = t->request->address;
    place->is_ipv6_only = t->request->argument[0] == 1;
    memcpy(place->program, t->peer->program, sizeof place->program);
    place->next = hub->listening;
    hub->listening = place;
  }
  return true;
}

static bool is_idle(const conntrail__socket *socket) {
  conntrail__socket_state state = conntrail__socket_state_of(socket);
  return state == CONNTRAIL__FRESH || state == CONNTRAIL__BOUND;
}

static bool connecting(conntrail__task *t) {
  conntrail__decision decision;
  if (!conntrail__is_stream(t) || !conntrail__is_address(&t->request->address)) {
    return false;
  }
  if (!is_idle(t->socket)) { /* the other process of a fork was quicker */
    t->reply->native = ALREADY_CONNECTED;
    return true;
  }
  decision = conntrail__socket_connecting(t->socket, &t->request->address, &t->who);
  t->reply->native = decision.native;
  t->reply->address = decision.target;
  t->reply->number =
      decision.native == 0 && t->peer->hub->is_fixed ? conntrail__connecting_repeats(t->socket) : 0;
  return true;
}

/* The process went by a decision that it had from here: this one must be the same. */
static bool repeating(conntrail__task *t) {
  if (!conntrail__is_stream(t) || !conntrail__is_address(&t->request->address)) {
    return false;
  }
  return !is_idle(t->socket) || conntrail__socket_connecting_again(t->socket, &t->request->address,
                                                                   &t->who, &t->request->second);
}

/* A socket that is shared by a fork may be told of by both. */
static bool connected(conntrail__task *t) {
  uint32_t outcome = t->request->argument[0];
  if (!conntrail__is_stream(t) || outcome > CONNTRAIL__REJECTED) {
    return false;
  }
  if (conntrail__socket_state_of(t->socket) == CONNTRAIL__CONNECTING) {
    conntrail__socket_connected(t->socket, (conntrail__outcome)outcome,
                                conntrail__address_or_none(&t->request->address),
                                t->request->argument[1]);
  }
  return true;
}

static bool associated(conntrail__task *t) {
  if (conntrail__is_stream(t)) {
    return false;
  }
  conntrail__socket_associated(t->socket, conntrail__address_or_none(&t->request->address));
  return true;
}

static bool dissolved(conntrail__task *t) {
  if (!conntrail__is_stream(t)) {
    return false;
  }
  conntrail__socket_dissolved(t->socket);
  return true;
}

static bool peer(conntrail__task *t) {
  if (conntrail__socket_peer(t->socket, &t->reply->address)) {
    t->reply->flags = CONNTRAIL__REPLY_YES;
  }
  return true;
}

/* The proxies of one host have one service: it cannot look up where others are. */
static bool locate(intptr_t handle, conntrail__address *local) {
  (void)handle;
  (void)local;
  return false;
}

static bool accepted(conntrail__task *t) {
  uint32_t number = t->request->argument[0];
  conntrail__socket *socket;
  if (!conntrail__is_stream(t) || !conntrail__is_address(&t->request->address) || number == 0 ||
      find(t->peer, number) != NULL) {
    return false;
  }
  if (t->may_wait && conntrail__arrival_is_due(t->socket, &t->request->address)) {
    t->is_held_up = true;
    return true;
  }
  socket = conntrail__socket_accepted(t->socket, &t->request->address, &t->who, 0, locate);
  if (socket != NULL && !conntrail__hub_hold(t->peer, number, socket)) {
    conntrail__socket_release(socket);
    socket = NULL;
  }
  return socket != NULL;
}

static bool read_call(const conntrail__task *t, conntrail__call *call, uint32_t *bytes) {
  const conntrail__request *request = t->request;
  uint32_t gives = request->argument[2];
  if (request->argument[1] > CONNTRAIL__ANSWER_LIMIT) {
    return false;
  }
  if ((gives & CONNTRAIL__GIVES_IN) != 0 && request->payload != request->second.scope) {
    return false; /* larger than any records */
  }
  *call =
      (conntrail__call){.code = request->argument[0],
                        .in = (gives & CONNTRAIL__GIVES_IN) != 0 ? t->payload : NULL,
                        .in_size = request->second.scope,
                        .out = (gives & CONNTRAIL__GIVES_OUT) != 0 ? t->peer->hub->payload : NULL,
                        .capacity = request->argument[1],
                        .bytes = (gives & CONNTRAIL__GIVES_BYTES) != 0 ? bytes : NULL};
  return conntrail__is_redirect_code(call->code);
}

static void hand_over(conntrail__task *t, const conntrail__call *call, uint32_t native,
                      uint32_t bytes) {
  t->reply->native = native;
  t->reply->bytes = bytes;
  if (native == 0 && call->out != NULL) {
    t->reply->payload = bytes < call->capacity ? bytes : call->capacity;
  }
}

static bool ioctl(conntrail__task *t) {
  conntrail__call call;
  uint32_t bytes = 0;
  uint32_t native;
  if (!read_call(t, &call, &bytes)) {
    return false;
  }
  native = conntrail__socket_ioctl(t->socket, &t->who, &call);
  hand_over(t, &call, native, bytes);
  return true;
}

static bool stranger_ioctl(conntrail__task *t) {
  uint32_t bits = t->request->argument[3];
  conntrail__untracked stranger = {.is_socket = (bits & 1) != 0,
                                   .is_internet = (bits & 2) != 0,
                                   .is_stream = (bits & 4) != 0,
                                   .is_datagram = (bits & 8) != 0,
                                   .is_listening = (bits & 16) != 0,
                                   .is_connected = (bits & 32) != 0,
                                   .is_ipv6 = (bits & 64) != 0};
  conntrail__call call;
  uint32_t bytes = 0;
  uint32_t native;
  if (!read_call(t, &call, &bytes)) {
    return false;
  }
  native = conntrail__untracked_ioctl(t->peer->hub->emu, &stranger, &call);
  hand_over(t, &call, native, bytes);
  return true;
}

static bool destination(conntrail__task *t) {
  t->reply->native = conntrail__socket_original_destination(t->socket, &t->who, &t->reply->address);
  return true;
}

static bool misuse(conntrail__task *t) {
  uint32_t which = t->request->argument[0];
  const conntrail__held *held = find(t->peer, t->request->socket);
  if (which < CONNTRAIL_EMU_MISUSE_LISTENER_QUERIED ||
      which > CONNTRAIL_EMU_MISUSE_RECORDS_SENT_LATE || (held == NULL && t->request->socket != 0)) {
    return false;
  }
  if (which == CONNTRAIL_EMU_MISUSE_OUTSIDE && held != NULL) {
    if (is_idle(held->socket)) { /* else the other process of a fork connected it, as it should */
      conntrail__socket_outside(held->socket);
    }
    return true;
  }
  conntrail__note_misuse(t->peer->hub->emu, held == NULL ? NULL : held->socket,
                         (conntrail_emu_misuse)which, t->request->argument[1]);
  return true;
}

static bool claim(conntrail__task *t) {
  const uint32_t *half = t->request->argument;
  conntrail__socket *socket;
  if (t->request->socket == 0 || find(t->peer, t->request->socket) != NULL) {
    return false;
  }
  socket = conntrail__hub_inherit(t->peer->hub, (uint64_t)half[1] << 32 | half[0]);
  if (socket == NULL) {
    return true;
  }
  if (!conntrail__hub_hold(t->peer, t->request->socket, socket)) {
    conntrail__socket_release(socket);
    return false;
  }
  conntrail__socket_adopted(socket, &t->who);
  t->reply->number = conntrail__socket_kind_of(socket);
  t->reply->bytes = conntrail__socket_state_of(socket);
  t->reply->flags =
      CONNTRAIL__REPLY_YES | (conntrail__socket_is_bound(socket) ? CONNTRAIL__REPLY_BOUND : 0u);
  return true;
}

/* What was told before is done by now. */
static bool nothing(conntrail__task *t) {
  (void)t;
  return true;
}

/* ---- All of them ---------------------------------------------------------------------------- */

static const struct {
  bool (*perform)(conntrail__task *t); /* NULL: only as the first of a connection */
  bool takes_socket;
  bool answers;
} operations[CONNTRAIL__OP_END] = {
    [CONNTRAIL__OP_HELLO] = {NULL, false, true},
    [CONNTRAIL__OP_HELLO_FORK] = {NULL, false, true},
    [CONNTRAIL__OP_CREATE] = {create, false, false},
    [CONNTRAIL__OP_RELEASE] = {release, true, false},
    [CONNTRAIL__OP_BOUND] = {bound, true, false},
    [CONNTRAIL__OP_LISTENING] = {listening, true, false},
    [CONNTRAIL__OP_CONNECTING] = {connecting, true, true},
    [CONNTRAIL__OP_CONNECTED] = {connected, true, false},
    [CONNTRAIL__OP_ASSOCIATED] = {associated, true, false},
    [CONNTRAIL__OP_DISSOLVED] = {dissolved, true, false},
    [CONNTRAIL__OP_PEER] = {peer, true, true},
    [CONNTRAIL__OP_ACCEPTED] = {accepted, true, false},
    [CONNTRAIL__OP_IOCTL] = {ioctl, true, true},
    [CONNTRAIL__OP_STRANGER_IOCTL] = {stranger_ioctl, false, true},
    [CONNTRAIL__OP_DESTINATION] = {destination, true, true},
    [CONNTRAIL__OP_MISUSE] = {misuse, false, false},
    [CONNTRAIL__OP_SENDING] = {conntrail__perform_sending, true, true},
    [CONNTRAIL__OP_SEND_CONNECTING] = {conntrail__perform_send_connecting, true, true},
    [CONNTRAIL__OP_SETTLE] = {conntrail__perform_settle, false, true},
    [CONNTRAIL__OP_CARRY] = {conntrail__perform_carry, false, true},
    [CONNTRAIL__OP_ABANDON] = {conntrail__perform_abandon, false, false},
    [CONNTRAIL__OP_RECEIVED] = {conntrail__perform_received, true, true},
    [CONNTRAIL__OP_ENABLE] = {conntrail__perform_enable, true, true},
    [CONNTRAIL__OP_FAULT] = {conntrail__perform_fault, true, true},
    [CONNTRAIL__OP_REPEATING] = {repeating, true, false},
    [CONNTRAIL__OP_WAKE] = {nothing, false, false},
    [CONNTRAIL__OP_SYNC] = {nothing, false, true},
    [CONNTRAIL__OP_BEQUEATH] = {NULL, false, true},
    [CONNTRAIL__OP_NARROW] = {NULL, false, true},
    [CONNTRAIL__OP_CLAIM] = {claim, false, true},
};

bool conntrail__hub_answers(uint32_t operation) {
  return operation < CONNTRAIL__OP_END && operations[operation].answers;
}

/* Threads of different processes are different actors. */
static conntrail__identity identity_of(const conntrail__peer *peer,
                                       const conntrail__request *request) {
  conntrail__identity who = {.actor = (uint64_t)peer->number << 32 | (uint32_t)request->actor,
                             .process = request->process,
                             .user = request->user[0] == '\0' ? NULL : request->user};
  return who;
}

static bool perform(conntrail__task *t) {
  const conntrail__request *request = t->request;
  if (request->operation >= CONNTRAIL__OP_END || operations[request->operation].perform == NULL) {
    return false;
  }
  if (operations[request->operation].takes_socket) {
    t->held = find(t->peer, request->socket);
    if (t->held == NULL) {
      return false;
    }
    t->socket = t->held->socket;
  }
  t->who = identity_of(t->peer, request);
  if (request->process != 0 && request->process != t->peer->process &&
      !conntrail__hub_remember(t->peer, request->process)) {
    return false;
  }
  return operations[request->operation].perform(t);
}

conntrail__performed conntrail__hub_perform(conntrail__peer *from,
                                            const conntrail__request *request,
                                            const unsigned char *payload, bool may_wait,
                                            conntrail__reply *reply) {
  conntrail__task t = {
      .peer = from, .request = request, .payload = payload, .reply = reply, .may_wait = may_wait};
  if (!perform(&t)) {
    return CONNTRAIL__MALFORMED;
  }
  return t.is_held_up ? CONNTRAIL__HELD_UP : CONNTRAIL__DONE;
}
