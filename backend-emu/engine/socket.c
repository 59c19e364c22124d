/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "blob.h"
#include "datagram_flow.h"
#include "emulation.h"
#include "flow.h"
#include "link.h"
#include "pending.h"
#include "records.h"
#include "service.h"
#include "socket.h"
#include "trail.h"
#include "user.h"
#include "waiting.h"

static conntrail__socket **list_of(const conntrail__socket *socket) {
  return socket->is_undecided ? &socket->emu->undecided : &socket->emu->sockets;
}

static void link_socket(conntrail__socket *socket) {
  conntrail__socket **first = list_of(socket);
  socket->previous = NULL;
  socket->next = *first;
  if (*first != NULL) {
    (*first)->previous = socket;
  }
  *first = socket;
}

static void unlink_socket(conntrail__socket *socket) {
  if (socket->next != NULL) {
    socket->next->previous = socket->previous;
  }
  if (socket->previous != NULL) {
    socket->previous->next = socket->next;
  } else {
    *list_of(socket) = socket->next;
  }
}

void conntrail__socket_set_undecided(conntrail__socket *socket, bool is_undecided) {
  if (socket->is_undecided != is_undecided) {
    unlink_socket(socket);
    socket->is_undecided = is_undecided;
    link_socket(socket);
  }
}

conntrail__socket *conntrail__socket_room(conntrail_emu *emu, const conntrail__identity *who) {
  uint16_t ignored = 0;
  return conntrail__user_number(emu, who->user, &ignored) ? malloc(sizeof(conntrail__socket))
                                                          : NULL;
}

/* Its user has a number. */
static void begin(conntrail__socket *room, conntrail_emu *emu, conntrail__socket_kind kind,
                  const conntrail__identity *who, intptr_t handle) {
  uint16_t user = 0;
  (void)conntrail__user_number(emu, who->user, &user);
  *room = (conntrail__socket){.emu = emu,
                              .handle = handle,
                              .references = 1,
                              .created = ++emu->created_count,
                              .user = user,
                              .state = CONNTRAIL__FRESH,
                              .is_datagram = ((unsigned)kind & CONNTRAIL__DATAGRAM) != 0,
                              .is_ipv6 = ((unsigned)kind & CONNTRAIL__IPV6_KIND) != 0};
  conntrail__socket_belongs(room, who);
}

void conntrail__socket_fill(conntrail__socket *room, conntrail_emu *emu,
                            const conntrail__identity *who, intptr_t handle) {
  begin(room, emu, CONNTRAIL__STREAM, who, handle);
  link_socket(room);
}

conntrail__socket *conntrail__socket_create(conntrail_emu *emu, conntrail__socket_kind kind,
                                            const conntrail__identity *who, intptr_t handle) {
  conntrail__socket *socket = conntrail__socket_room(emu, who);
  if (socket == NULL) {
    return NULL;
  }
  begin(socket, emu, kind, who, handle);
  if (socket->is_datagram && !conntrail__datagram_side_create(socket)) {
    free(socket);
    return NULL;
  }
  link_socket(socket);
  return socket;
}

void conntrail__socket_retain(conntrail__socket *socket) {
  socket->references++;
}

static void close_accepted(conntrail__socket *socket) {
  conntrail__flow *flow = socket->flow;
  conntrail__note_not_transferred(socket->emu, socket, flow, flow->records_queried);
  if (socket->records_too_small || socket->context_too_small) {
    conntrail__note_misuse(socket->emu, socket, CONNTRAIL_EMU_MISUSE_BUFFER_ASSUMED, 0);
  }
  conntrail__event *event = conntrail__trail_add(socket->emu, CONNTRAIL_EMU_CLOSED, socket);
  event->service = (uint8_t)(flow->service->index + 1);
  event->destination = flow->original;
  conntrail__waiting_remove(socket->emu, flow);
  flow->accepted_number = 0;
  socket->flow = NULL;
  conntrail__flow_release(socket->emu, flow);
}

void conntrail__socket_forget_attempt(conntrail__socket *socket) {
  conntrail__flow *flow = socket->flow;
  conntrail__socket_set_undecided(socket, false);
  conntrail__link_end(socket);
  socket->is_traced = false;
  if (flow != NULL) {
    socket->flow = NULL;
    flow->client = NULL;
    conntrail__flow_release(socket->emu, flow);
  }
}

/* What the socket was connected by is over: it is closed, or begins anew. */
void conntrail__socket_end_connection(conntrail__socket *socket) {
  conntrail__pending_abort(socket);
  if (socket->is_accepted && socket->flow != NULL) {
    close_accepted(socket);
  } else {
    conntrail__socket_forget_attempt(socket);
  }
}

void conntrail__socket_release(conntrail__socket *socket) {
  if (--socket->references > 0) {
    return;
  }
  conntrail__socket_end_connection(socket);
  if (socket->is_datagram) {
    conntrail__datagram_side_destroy(socket);
  } else {
    conntrail__blob_release(socket->carried);
  }
  unlink_socket(socket);
  free(socket);
}

conntrail_emu *conntrail__socket_emulation(const conntrail__socket *socket) {
  return socket->emu;
}

uint32_t conntrail__socket_created(const conntrail__socket *socket) {
  return socket->created;
}

conntrail__socket_kind conntrail__socket_kind_of(const conntrail__socket *socket) {
  return socket->is_datagram ? CONNTRAIL__DATAGRAM : CONNTRAIL__STREAM;
}

conntrail__socket_state conntrail__socket_state_of(const conntrail__socket *socket) {
  return (conntrail__socket_state)socket->state;
}

/* A datagram socket carries what its newest flow began with. */
static const conntrail__blob *records_of(const conntrail__socket *socket) {
  if (socket->is_datagram) {
    return socket->datagram->newest == NULL ? NULL : socket->datagram->newest->carried;
  }
  return socket->is_accepted && socket->flow != NULL ? socket->flow->records : socket->carried;
}

conntrail_emu_state conntrail__socket_redirect_state(const conntrail__socket *socket,
                                                     const conntrail_emu_service *service) {
  return conntrail__redirect_state(records_of(socket), service);
}

void conntrail__socket_bound(conntrail__socket *socket, const conntrail__address *local) {
  socket->local = *local;
  if (socket->state == CONNTRAIL__FRESH) {
    socket->state = CONNTRAIL__BOUND;
  }
}

bool conntrail__socket_is_bound(const conntrail__socket *socket) {
  return conntrail__has_local(socket);
}

void conntrail__socket_adopted(conntrail__socket *socket, const conntrail__identity *who) {
  conntrail__socket_belongs(socket, who);
  socket->has_user = true;
  if (socket->is_datagram) {
    conntrail__datagram_drop_carried(socket);
  }
}

void conntrail__socket_listening(conntrail__socket *socket, const conntrail__address *local) {
  socket->local = *local;
  socket->state = CONNTRAIL__LISTENING;
}

void conntrail__socket_unconnect(conntrail__socket *socket) {
  socket->state = conntrail__has_local(socket) ? CONNTRAIL__BOUND : CONNTRAIL__FRESH;
}

void conntrail__socket_dissolved(conntrail__socket *socket) {
  conntrail__socket_end_connection(socket);
  socket->is_accepted = false;
  socket->records_too_small = false;
  socket->context_too_small = false;
  socket->is_outside = false;
  socket->local = (conntrail__address){.family = CONNTRAIL__NO_FAMILY};
  socket->state = CONNTRAIL__FRESH;
}

bool conntrail__socket_peer(const conntrail__socket *socket, conntrail__address *peer) {
  const conntrail__flow *flow = socket->is_accepted ? NULL : socket->flow;
  if (socket->is_datagram && socket->datagram->association != NULL) {
    flow = socket->datagram->association->flow;
  }
  if (flow != NULL) {
    *peer = flow->original;
  }
  return flow != NULL;
}
