/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "kernel.h"
#include "served.h"
#include "watched.h"

/*
 * The calls of the emulated kernel, by the service. All of them under the lock. What this process
 * must know of a socket without asking is kept here; the rest is the service's.
 */

typedef struct served {
  uint32_t number;
  uint32_t references;
  uint8_t kind;
  uint8_t state;
  bool has_local;
  bool is_accepted;
  bool is_plain; /* no records, and of this process and nobody's name: as any other one */
  uint32_t process;
  int handle;          /* a descriptor of it */
  struct served *next; /* of those whose connect did not return */
} served;

static served *unreturned;

/* Stands for the service's emulation in this process; never looked into. */
static char emulation;

conntrail_emu *conntrail__served_token(void) {
  return (void *)&emulation;
}

/* The face knows sockets by pointers that only the kernel behind it looks into. */
static served *of(const conntrail__socket *socket) {
  return conntrail__readable(socket);
}

static conntrail__socket *handle_of(served *socket) {
  return (void *)socket;
}

conntrail__request conntrail__served_request(uint16_t operation, const conntrail__socket *socket,
                                             const conntrail__identity *who) {
  conntrail__request request;
  memset(&request, 0, sizeof request);
  request.operation = operation;
  request.socket = socket == NULL ? 0 : of(socket)->number;
  if (who != NULL) {
    request.actor = who->actor;
    request.process = who->process;
    if (who->user != NULL) {
      memcpy(request.user, who->user, strnlen(who->user, sizeof request.user - 1));
    }
  }
  return request;
}

static served *make(conntrail__socket_kind kind, conntrail__socket_state state) {
  served *socket = malloc(sizeof *socket);
  if (socket != NULL) {
    *socket = (served){.number = conntrail__channel_next_socket(),
                       .references = 1,
                       .kind = (uint8_t)((unsigned)kind & CONNTRAIL__DATAGRAM),
                       .state = (uint8_t)state};
  }
  return socket;
}

conntrail__socket *conntrail__served_create(conntrail_emu *emu, conntrail__socket_kind kind,
                                            const conntrail__identity *who, intptr_t handle) {
  served *socket = make(kind, CONNTRAIL__FRESH);
  conntrail__request request;
  (void)emu;
  if (socket != NULL) {
    socket->handle = (int)handle;
    request = conntrail__served_request(CONNTRAIL__OP_CREATE, handle_of(socket), who);
    request.argument[0] = kind;
    socket->process = who->process;
    socket->is_plain = who->user == NULL;
    conntrail__channel_tell(&request);
  }
  return handle_of(socket);
}

void conntrail__served_retain(conntrail__socket *socket) {
  of(socket)->references++;
}

static void has_returned(const served *socket) {
  served **place = &unreturned;
  while (*place != NULL && *place != socket) {
    place = &(*place)->next;
  }
  if (*place != NULL) {
    *place = socket->next;
  }
}

void conntrail__served_release(conntrail__socket *socket) {
  served *own = of(socket);
  conntrail__request request;
  if (--own->references > 0) {
    return;
  }
  has_returned(own);
  request = conntrail__served_request(CONNTRAIL__OP_RELEASE, socket, NULL);
  conntrail__channel_tell(&request);
  free(own);
}

conntrail_emu *conntrail__served_emulation(const conntrail__socket *socket) {
  (void)socket;
  return conntrail__served_token();
}

uint32_t conntrail__served_number(const conntrail__socket *socket) {
  return of(socket)->number;
}

conntrail__socket_kind conntrail__served_kind_of(const conntrail__socket *socket) {
  return (conntrail__socket_kind)of(socket)->kind;
}

conntrail__socket_state conntrail__served_state_of(const conntrail__socket *socket) {
  return (conntrail__socket_state)of(socket)->state;
}

static void tell_address(uint16_t operation, const conntrail__socket *socket,
                         const conntrail__address *address) {
  conntrail__request request = conntrail__served_request(operation, socket, NULL);
  if (address != NULL) {
    request.address = *address;
  }
  conntrail__channel_tell(&request);
}

bool conntrail__served_bound(conntrail__socket *socket, const conntrail__address *local) {
  served *own = of(socket);
  own->has_local = true;
  if (own->state == CONNTRAIL__FRESH) {
    own->state = CONNTRAIL__BOUND;
  }
  tell_address(CONNTRAIL__OP_BOUND, socket, local);
  return true;
}

bool conntrail__served_listening(conntrail__socket *socket, const conntrail__address *local,
                                 bool is_ipv6_only) {
  conntrail__request request = conntrail__served_request(CONNTRAIL__OP_LISTENING, socket, NULL);
  of(socket)->has_local = true;
  of(socket)->state = CONNTRAIL__LISTENING;
  request.address = *local;
  request.argument[0] = is_ipv6_only;
  conntrail__channel_tell(&request);
  return true;
}

/* Like any other new socket of this process. */
static bool is_plain(const served *socket, const conntrail__identity *who) {
  return socket->is_plain && !socket->has_local && who->user == NULL &&
         who->process == conntrail__channel_process() && socket->process == who->process;
}

static bool repeat(conntrail__socket *socket, const conntrail__address *remote,
                   const conntrail__identity *who, conntrail__decision *decision) {
  conntrail__request request;
  if (!is_plain(of(socket), who) || !conntrail__decision_repeat(remote, &decision->target) ||
      !conntrail__channel_is_there()) {
    return false;
  }
  request = conntrail__served_request(CONNTRAIL__OP_REPEATING, socket, who);
  request.address = *remote;
  request.second = decision->target;
  conntrail__channel_tell(&request);
  decision->native = 0;
  return true;
}

static void ask(conntrail__socket *socket, const conntrail__address *remote,
                const conntrail__identity *who, conntrail__decision *decision) {
  conntrail__request request = conntrail__served_request(CONNTRAIL__OP_CONNECTING, socket, who);
  conntrail__answer answer;
  request.address = *remote;
  if (!conntrail__channel_ask(&request, NULL, &answer)) {
    return;
  }
  decision->native = answer.reply.native;
  decision->target = answer.reply.address;
  if (answer.reply.number > 0 && is_plain(of(socket), who)) {
    conntrail__decision_keep(remote, &decision->target, answer.reply.number);
  }
}

conntrail__decision conntrail__served_connecting(conntrail__socket *socket,
                                                 const conntrail__address *remote,
                                                 const conntrail__identity *who) {
  conntrail__decision decision = {.native = CONNTRAIL__NET_DOWN};
  if (!repeat(socket, remote, who, &decision)) {
    ask(socket, remote, who, &decision);
  }
  if (decision.native == 0) {
    of(socket)->state = CONNTRAIL__CONNECTING;
    of(socket)->next = unreturned;
    unreturned = of(socket);
  }
  return decision;
}

static void unconnect(served *socket) {
  socket->state = socket->has_local ? CONNTRAIL__BOUND : CONNTRAIL__FRESH;
}

void conntrail__served_connected(conntrail__socket *socket, conntrail__outcome outcome,
                                 const conntrail__address *local, uint32_t native) {
  conntrail__request request = conntrail__served_request(CONNTRAIL__OP_CONNECTED, socket, NULL);
  request.argument[0] = outcome;
  request.argument[1] = native;
  if (local != NULL) {
    request.address = *local;
  }
  has_returned(of(socket));
  if (outcome == CONNTRAIL__REJECTED) {
    unconnect(of(socket));
  } else if (outcome == CONNTRAIL__ESTABLISHED) {
    of(socket)->state = CONNTRAIL__CONNECTED;
  }
  conntrail__channel_tell(&request);
}

void conntrail__served_associated(conntrail__socket *socket, const conntrail__address *remote) {
  if (remote == NULL) {
    unconnect(of(socket));
  } else {
    of(socket)->state = CONNTRAIL__CONNECTED;
  }
  tell_address(CONNTRAIL__OP_ASSOCIATED, socket, remote);
}

void conntrail__served_dissolved(conntrail__socket *socket) {
  of(socket)->has_local = false;
  of(socket)->state = CONNTRAIL__FRESH;
  tell_address(CONNTRAIL__OP_DISSOLVED, socket, NULL);
}

bool conntrail__served_peer(const conntrail__socket *socket, conntrail__address *peer) {
  conntrail__request request = conntrail__served_request(CONNTRAIL__OP_PEER, socket, NULL);
  conntrail__answer answer;
  if (of(socket)->is_accepted || !conntrail__channel_ask(&request, NULL, &answer) ||
      (answer.reply.flags & CONNTRAIL__REPLY_YES) == 0) {
    return false;
  }
  *peer = answer.reply.address;
  return true;
}

/* The client of an accepted connection may be a thread of this process whose connect did not return
 * yet. The service could only learn of it from what is told behind the accept. */
static void tell_own_client(const conntrail__address *peer) {
  for (served *client = unreturned; client != NULL; client = client->next) {
    conntrail__address local;
    if (conntrail__local_address(client->handle, &local) &&
        conntrail__address_equal(&local, peer)) {
      conntrail__served_connected(handle_of(client), CONNTRAIL__UNDERWAY, &local, 0);
      return;
    }
  }
}

conntrail__socket *conntrail__served_accepted(conntrail__socket *listener,
                                              const conntrail__address *peer,
                                              const conntrail__identity *who) {
  conntrail__request request = conntrail__served_request(CONNTRAIL__OP_ACCEPTED, listener, who);
  served *accepted =
      conntrail__channel_is_there() ? make(CONNTRAIL__STREAM, CONNTRAIL__CONNECTED) : NULL;
  if (accepted != NULL) {
    accepted->is_accepted = true;
    request.address = *peer;
    request.argument[0] = accepted->number;
    conntrail__decision_stop();
    tell_own_client(peer);
    conntrail__channel_tell(&request);
  }
  return handle_of(accepted);
}

/* What it decides may depend on a connection that it did not see accepted. */
conntrail__socket *conntrail__served_claim(uint64_t inode, const conntrail__identity *who) {
  served *claimed = make(CONNTRAIL__STREAM, CONNTRAIL__FRESH);
  conntrail__request request;
  conntrail__answer answer;
  if (claimed == NULL) {
    return NULL;
  }
  request = conntrail__served_request(CONNTRAIL__OP_CLAIM, handle_of(claimed), who);
  request.argument[0] = (uint32_t)inode;
  request.argument[1] = (uint32_t)(inode >> 32);
  if (!conntrail__channel_ask(&request, NULL, &answer) ||
      (answer.reply.flags & CONNTRAIL__REPLY_YES) == 0) {
    free(claimed);
    return NULL;
  }
  claimed->kind = (uint8_t)answer.reply.number;
  claimed->state = (uint8_t)answer.reply.bytes;
  claimed->has_local = (answer.reply.flags & CONNTRAIL__REPLY_BOUND) != 0;
  conntrail__decision_stop();
  return handle_of(claimed);
}

/* ---- Control codes -------------------------------------------------------------------------- */

static uint32_t least(uint32_t a, uint32_t b) {
  return a < b ? a : b;
}

static uint32_t ask_call(conntrail__request *request, const conntrail__call *call) {
  conntrail__answer answer;
  request->argument[0] = call->code;
  request->argument[1] = least(call->capacity, CONNTRAIL__ANSWER_LIMIT);
  request->argument[2] = (call->in != NULL ? CONNTRAIL__GIVES_IN : 0u) |
                         (call->out != NULL ? CONNTRAIL__GIVES_OUT : 0u) |
                         (call->bytes != NULL ? CONNTRAIL__GIVES_BYTES : 0u);
  request->second.scope = call->in_size;
  request->payload = call->in == NULL ? 0 : least(call->in_size, CONNTRAIL__ANSWER_LIMIT);
  if (!conntrail__channel_ask(request, call->in, &answer)) {
    return CONNTRAIL__NET_DOWN;
  }
  if (call->out != NULL) {
    memcpy(call->out, answer.payload, least(answer.reply.payload, call->capacity));
  }
  if (call->bytes != NULL) {
    *call->bytes = answer.reply.bytes;
  }
  return answer.reply.native;
}

uint32_t conntrail__served_ioctl(conntrail__socket *socket, const conntrail__identity *who,
                                 const conntrail__call *call) {
  conntrail__request request = conntrail__served_request(CONNTRAIL__OP_IOCTL, socket, who);
  of(socket)->is_plain = false;
  return ask_call(&request, call);
}

uint32_t conntrail__served_untracked_ioctl(conntrail_emu *emu, const conntrail__untracked *stranger,
                                           const conntrail__call *call) {
  conntrail__request request = conntrail__served_request(CONNTRAIL__OP_STRANGER_IOCTL, NULL, NULL);
  const bool bits[CONNTRAIL__STRANGER_BITS] = {
      stranger->is_socket,    stranger->is_internet,  stranger->is_stream, stranger->is_datagram,
      stranger->is_listening, stranger->is_connected, stranger->is_ipv6};
  (void)emu;
  for (unsigned i = 0; i < CONNTRAIL__STRANGER_BITS; i++) {
    request.argument[3] |= (uint32_t)bits[i] << i;
  }
  return ask_call(&request, call);
}

/* Under a service nobody could complete a query that pends: all are answered at once. */
bool conntrail__served_pends(const conntrail__socket *socket, const conntrail__call *call) {
  (void)socket;
  (void)call;
  return false;
}

bool conntrail__served_cancel(conntrail__socket *socket, const conntrail__pending *pending) {
  (void)socket;
  (void)pending;
  return false;
}

uint32_t conntrail__served_original_destination(conntrail__socket *socket,
                                                const conntrail__identity *who,
                                                conntrail__address *destination) {
  conntrail__request request = conntrail__served_request(CONNTRAIL__OP_DESTINATION, socket, who);
  conntrail__answer answer;
  if (!conntrail__channel_ask(&request, NULL, &answer)) {
    return CONNTRAIL__NET_DOWN;
  }
  *destination = answer.reply.address;
  return answer.reply.native;
}

void conntrail__served_note_misuse(conntrail_emu *emu, const conntrail__socket *socket,
                                   conntrail_emu_misuse misuse, uint32_t size) {
  conntrail__request request = conntrail__served_request(CONNTRAIL__OP_MISUSE, socket, NULL);
  (void)emu;
  request.argument[0] = misuse;
  request.argument[1] = size;
  conntrail__channel_tell(&request);
}

bool conntrail__served_may_fault(const conntrail_emu *emu) {
  (void)emu;
  return conntrail__channel_may_fault();
}
