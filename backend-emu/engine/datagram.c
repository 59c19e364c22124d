/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "../../src/numbers.h"
#include "blob.h"
#include "classify.h"
#include "contract.h"
#include "datagram_flow.h"
#include "emulation.h"
#include "fault.h"
#include "flow.h"
#include "profile.h"
#include "records.h"
#include "service.h"
#include "socket.h"
#include "threads.h"
#include "trail.h"

/* Where a datagram goes: the flow that it belongs to, or the decision about a new one. */

static conntrail__datagram_decision pass(const conntrail__address *target) {
  return (conntrail__datagram_decision){0, NULL, *target, CONNTRAIL__NO_RELAY};
}

static conntrail__datagram_decision refuse(uint32_t native) {
  conntrail__datagram_decision choice;
  memset(&choice, 0, sizeof choice);
  choice.native = native;
  choice.relay = CONNTRAIL__NO_RELAY;
  return choice;
}

static conntrail__datagram_decision follow(const conntrail__datagram_flow *flow) {
  conntrail__datagram_decision choice = {0, NULL, flow->flow->target, flow->relay};
  return choice;
}

/* ---- A flow that exists --------------------------------------------------------------------- */

/* Records that come with a later datagram: they count for the flow that they are of, and the
 * decision about this one stands (M3). */
static void take_late(conntrail__socket *socket, conntrail__datagram_flow *flow,
                      const conntrail__blob *carried) {
  const conntrail__flow *inner =
      conntrail__flow_find(socket->emu, conntrail__records_newest_flow(carried));
  if (inner != NULL && !inner->is_transferred) {
    conntrail__records_taken(socket, carried);
  }
  if (flow != NULL && flow->carried == NULL) {
    (void)conntrail__note_flow_misuse(socket->emu, socket, flow->flow,
                                      CONNTRAIL_EMU_MISUSE_RECORDS_SENT_LATE, carried->size);
  }
}

static uint32_t circle_limit(const conntrail__socket *client) {
  const conntrail_emu *emu = client->emu;
  return conntrail__threads_are_hints(emu, client->process) ? emu->options.loop_entries
                                                            : emu->options.loop_limit;
}

/* The safeguard of M10: its client and its proxy are one process, its records are never sent, and
 * its datagrams arrive and are sent again without an answer. */
static bool circles(conntrail__datagram_flow *flow) {
  const conntrail__flow *inner = flow->flow;
  if (inner->records == NULL || !inner->is_claimed || inner->is_transferred ||
      inner->accepted_process != flow->client->process || !flow->has_arrived) {
    return false;
  }
  flow->has_arrived = false;
  return ++flow->circled >= circle_limit(flow->client);
}

static conntrail__datagram_decision refuse_circle(const conntrail__datagram_flow *flow) {
  conntrail__event *event =
      conntrail__trail_add(flow->client->emu, CONNTRAIL_EMU_LOOP, flow->client);
  event->service = (uint8_t)(flow->flow->service->index + 1);
  event->untransferred_by = event->service;
  event->from = flow->flow->accepted_number;
  event->size = flow->flow->records_queried;
  event->destination = flow->flow->original;
  event->native = CONNTRAIL__WSAEHOSTUNREACH;
  return refuse(CONNTRAIL__WSAEHOSTUNREACH);
}

static conntrail__datagram_decision continue_flow(conntrail__datagram_flow *flow,
                                                  conntrail__blob *carried) {
  if (carried != NULL) {
    take_late(flow->client, flow, carried);
  } else if (circles(flow)) {
    return refuse_circle(flow);
  }
  conntrail__datagram_flow_touch(flow);
  return follow(flow);
}

/* ---- A new flow ----------------------------------------------------------------------------- */

static void tell_delivered(const conntrail__socket *socket, const conntrail__flow *flow,
                           const conntrail__blob *carried) {
  conntrail__event *event = conntrail__trail_add(socket->emu, CONNTRAIL_EMU_DELIVERED, socket);
  event->destination = flow->original;
  event->target = flow->target;
  event->hops = conntrail__records_hops(carried);
}

/* M11: [D] the packets of a connected socket that is redirected to a local proxy are dropped. Its
 * flow gets a relay socket, which is never read, and goes there. */
static void drop_connected(conntrail__datagram_flow *begun) {
  const conntrail__flow *flow = begun->flow;
  conntrail_emu *emu = begun->client->emu;
  if (flow->service == NULL ||
      !conntrail__profile_has(emu, CONNTRAIL_EMU_BEHAVIOUR_CONNECTED_DATAGRAMS)) {
    return;
  }
  begun->is_dropped = true;
  conntrail__event *event = conntrail__trail_add(emu, CONNTRAIL_EMU_DROPPED, begun->client);
  event->service = (uint8_t)(flow->service->index + 1);
  event->destination = flow->original;
  event->target = flow->target;
}

/* Takes over flow. */
static conntrail__datagram_decision open_flow(conntrail__socket *socket, conntrail__flow *flow,
                                              conntrail__blob *carried, bool wants_own,
                                              bool is_traced) {
  conntrail__datagram_flow *begun = conntrail__datagram_flow_begin(socket, flow, carried);
  if (begun == NULL) {
    flow->client = NULL;
    conntrail__flow_release(socket->emu, flow);
    return refuse(CONNTRAIL__WSAENOBUFS);
  }
  if (flow->service == NULL && is_traced) {
    tell_delivered(socket, flow, carried);
  }
  conntrail__datagram_decision choice = follow(begun);
  begun->wants_own = wants_own;
  if (wants_own) {
    drop_connected(begun);
  }
  /* Who goes where it wanted to go is seen as what it is. */
  if (!conntrail__address_equal(&flow->target, &flow->original)) {
    choice.unsettled = begun;
  }
  return choice;
}

static conntrail__datagram_decision begin_flow(conntrail__socket *socket,
                                               const conntrail__address *remote,
                                               conntrail__blob *carried,
                                               const conntrail__identity *who, bool wants_own) {
  conntrail__flow *flow = NULL;
  bool is_traced;
  conntrail__decision decision =
      conntrail__classify(socket, remote, carried, who, &flow, &is_traced);
  if (decision.native != 0) {
    return refuse(decision.native);
  }
  return flow == NULL ? pass(remote) : open_flow(socket, flow, carried, wants_own, is_traced);
}

/* ---- Sending -------------------------------------------------------------------------------- */

/* A datagram to the source of a flow that has a relay socket, from where that flow goes. */
static const conntrail__datagram_flow *find_answered(const conntrail__socket *socket,
                                                     const conntrail__address *remote) {
  conntrail__datagram_flow *flow = conntrail__datagram_by_source(socket, remote);
  if (flow == NULL || flow->relay == CONNTRAIL__NO_RELAY) {
    return NULL;
  }
  conntrail__datagram_flow_touch(flow);
  return flow;
}

static conntrail__datagram_decision answer(const conntrail__datagram_flow *flow) {
  conntrail__datagram_decision choice = {0, NULL, flow->own, flow->relay};
  return choice;
}

static conntrail__datagram_decision send_with(conntrail__socket *socket,
                                              const conntrail__address *remote,
                                              conntrail__blob *carried,
                                              const conntrail__identity *who) {
  const conntrail__datagram_flow *answered = find_answered(socket, remote);
  if (answered != NULL) {
    return answer(answered);
  }
  conntrail__datagram_flow *flow = conntrail__datagram_by_destination(socket, remote);
  if (flow != NULL) {
    return continue_flow(flow, carried);
  }
  if (carried != NULL) {
    conntrail__records_taken(socket, carried);
  }
  return begin_flow(socket, remote, carried, who, false);
}

static conntrail__datagram_decision send_connected(conntrail__socket *socket,
                                                   conntrail__blob *carried) {
  conntrail__address unknown;
  memset(&unknown, 0, sizeof unknown);
  if (socket->state != CONNTRAIL__CONNECTED) {
    return refuse(CONNTRAIL__WSAENOTCONN);
  }
  if (socket->datagram->association != NULL) {
    return continue_flow(socket->datagram->association, carried);
  }
  if (carried != NULL) {
    take_late(socket, NULL, carried);
  }
  return pass(&unknown);
}

/* S4, S6 and Q14 hold for records that are sent as for records that are set. */
static uint32_t accept_records(conntrail__socket *socket, const void *records, uint32_t size,
                               conntrail__blob **carried) {
  bool no_memory;
  *carried = NULL;
  if (size == 0) {
    return 0;
  }
  if (socket->emu->options.windows_7) {
    return CONNTRAIL__WSAEOPNOTSUPP;
  }
  if (socket->emu->options.unprivileged) {
    return conntrail__profile_answer(socket->emu, socket, CONNTRAIL_EMU_SITUATION_SEND_UNPRIVILEGED)
        .native;
  }
  *carried = conntrail__records_accept(socket->emu, records, size, &no_memory);
  if (*carried != NULL) {
    return 0;
  }
  return no_memory
             ? CONNTRAIL__WSAENOBUFS
             : conntrail__profile_answer(socket->emu, socket, CONNTRAIL_EMU_SITUATION_SEND_FOREIGN)
                   .native;
}

conntrail__datagram_decision conntrail__datagram_sending(conntrail__socket *socket,
                                                         const conntrail__address *remote,
                                                         const void *records, uint32_t records_size,
                                                         const conntrail__identity *who) {
  conntrail__blob *carried;
  if (remote != NULL || records_size > 0) { /* else nothing is decided */
    conntrail__socket_appear(socket, who);
  }
  uint32_t native = accept_records(socket, records, records_size, &carried);
  if (native != 0) {
    return refuse(native);
  }
  conntrail__datagram_decision choice =
      remote == NULL ? send_connected(socket, carried) : send_with(socket, remote, carried, who);
  conntrail__blob_release(carried);
  return choice;
}

/* ---- Connecting ----------------------------------------------------------------------------- */

/* A flow with a relay socket cannot be connected: what follows is a flow of its own. */
static conntrail__datagram_decision begin_anew(conntrail__datagram_flow *flow,
                                               const conntrail__identity *who) {
  conntrail__socket *socket = flow->client;
  conntrail__address remote = flow->flow->original;
  conntrail__blob *carried = conntrail__blob_share(flow->carried);
  conntrail__datagram_flow_end(flow);
  conntrail__datagram_decision choice = begin_flow(socket, &remote, carried, who, true);
  conntrail__blob_release(carried);
  return choice;
}

conntrail__datagram_decision conntrail__datagram_connecting(conntrail__socket *socket,
                                                            const conntrail__address *remote,
                                                            const conntrail__identity *who) {
  uint32_t native = 0;
  uint32_t ignored;
  conntrail__socket_appear(socket, who);
  if (conntrail__fault_strikes(socket->emu, CONNTRAIL_EMU_CONNECT, socket, &native, &ignored)) {
    return refuse(native);
  }
  conntrail__datagram_flow *flow = conntrail__datagram_by_destination(socket, remote);
  if (flow == NULL) {
    return begin_flow(socket, remote, NULL, who, true);
  }
  bool is_dropped =
      flow->flow->service != NULL &&
      conntrail__profile_has(socket->emu, CONNTRAIL_EMU_BEHAVIOUR_CONNECTED_DATAGRAMS);
  return flow->relay == CONNTRAIL__NO_RELAY && !is_dropped ? follow(flow) : begin_anew(flow, who);
}

static void dissociate(conntrail__datagram_side *side) {
  if (side->association != NULL) {
    side->association->is_associated = false;
    conntrail__datagram_flow_touch(side->association);
    side->association = NULL;
  }
  memset(&side->peer, 0, sizeof side->peer);
}

void conntrail__socket_associated(conntrail__socket *socket, const conntrail__address *remote) {
  conntrail__datagram_side *side = socket->datagram;
  dissociate(side);
  if (remote == NULL) {
    conntrail__socket_unconnect(socket);
    return;
  }
  socket->state = CONNTRAIL__CONNECTED;
  side->peer = *remote;
  side->association = conntrail__datagram_by_destination(socket, remote);
  if (side->association != NULL) {
    side->association->is_associated = true;
  }
}

/* ---- The source of a flow ------------------------------------------------------------------- */

void conntrail__datagram_abandon(conntrail__datagram_decision *choice) {
  conntrail__datagram_flow_end(choice->unsettled);
  choice->unsettled = NULL;
}

static bool give_up(conntrail__datagram_decision *choice) {
  conntrail__datagram_abandon(choice);
  *choice = refuse(CONNTRAIL__WSAENOBUFS);
  return true;
}

bool conntrail__datagram_settle(conntrail__datagram_decision *choice,
                                const conntrail__address *own) {
  conntrail__datagram_flow *flow = choice->unsettled;
  flow->own = *own;
  if (flow->is_dropped) {
    return false;
  }
  if (flow->wants_own) {
    conntrail__datagram_own_clear(flow);
  } else if (conntrail__datagram_own_is_taken(flow)) {
    return false;
  }
  if (!conntrail__datagram_flow_file(flow, own, &flow->flow->target)) {
    return give_up(choice);
  }
  choice->unsettled = NULL;
  return true;
}

bool conntrail__datagram_carry(conntrail__datagram_decision *choice, const conntrail__address *own,
                               intptr_t relay, const conntrail__address *source,
                               conntrail__close_relay close) {
  conntrail__datagram_flow *flow = choice->unsettled;
  flow->own = *own;
  if (!conntrail__datagram_flow_file(flow, source, source)) {
    (void)give_up(choice);
    return false;
  }
  flow->relay = relay;
  flow->close = close;
  choice->relay = relay;
  if (flow->is_dropped) {
    flow->flow->target = *source;
    choice->target = *source;
  }
  choice->unsettled = NULL;
  return true;
}

/* ---- Options and faults --------------------------------------------------------------------- */

uint32_t conntrail__datagram_fault(conntrail__socket *socket, conntrail_emu_operation operation) {
  uint32_t native = 0;
  uint32_t ignored;
  (void)conntrail__fault_strikes(socket->emu, operation, socket, &native, &ignored);
  return native;
}

bool conntrail__is_message_option(int level, int option) {
  return (level == CONNTRAIL__IP_LEVEL || level == CONNTRAIL__IPV6_LEVEL) &&
         (option == CONNTRAIL__RECORDS_OPTION || option == CONNTRAIL__CONTEXT_OPTION);
}

uint32_t conntrail__datagram_enable(conntrail__socket *socket, int level, int option,
                                    bool is_enabled) {
  uint8_t bit = conntrail__option_bit(level, option);
  (void)conntrail__socket_number(socket);
  if (!conntrail__is_message_option(level, option)) {
    return CONNTRAIL__WSAENOPROTOOPT;
  }
  if (!socket->is_datagram) {
    return conntrail__profile_answer(socket->emu, socket, CONNTRAIL_EMU_SITUATION_ENABLE_STREAM)
        .native;
  }
  uint32_t native = conntrail__datagram_fault(socket, CONNTRAIL_EMU_ENABLE_MESSAGES);
  if (native != 0) {
    return native;
  }
  if (socket->emu->options.windows_7) {
    return CONNTRAIL__WSAENOPROTOOPT;
  }
  socket->datagram->options =
      (uint8_t)(is_enabled ? socket->datagram->options | bit : socket->datagram->options & ~bit);
  return 0;
}
