/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "../../src/numbers.h"
#include "arrival.h"
#include "blob.h"
#include "classify.h"
#include "emulation.h"
#include "fault.h"
#include "filter.h"
#include "flow.h"
#include "records.h"
#include "route.h"
#include "service.h"
#include "socket.h"
#include "threads.h"
#include "trail.h"
#include "waiting.h"

/* One connection attempt while the services decide about it. */
typedef struct attempt {
  conntrail_emu *emu;
  conntrail__socket *socket;
  conntrail__address remote;
  const conntrail__blob *carried;
  conntrail__flow *flow;   /* what comes of it */
  conntrail__flow *parent; /* the accepted connection that it may continue without records */
  const conntrail__filter *taken_by;
  const conntrail__filter *looped_at;
  uint64_t decided;  /* services whose first fitting filter was evaluated, a bit each */
  uint64_t exempted; /* those of them that exempt the socket */
  bool is_blocked;
  bool is_traced;
  bool is_hint; /* a thread of this process proves nothing */
} attempt;

static conntrail__event *note(const attempt *a, conntrail_emu_event_kind kind,
                              const conntrail__filter *filter, conntrail_emu_state state) {
  conntrail__event *event = conntrail__trail_add(a->emu, kind, a->socket);
  event->service = (uint8_t)(filter->service->index + 1);
  event->state = (uint8_t)state;
  event->hops = conntrail__records_hops(a->carried);
  event->destination = a->remote;
  return event;
}

static conntrail__response respond(const conntrail__filter *filter, conntrail_emu_state state) {
  if (filter->action == CONNTRAIL__BLOCK) {
    return CONNTRAIL__RESPOND_BLOCK;
  }
  switch (state) {
  case CONNTRAIL_EMU_NOT_REDIRECTED:
    return CONNTRAIL__RESPOND_REDIRECT;
  case CONNTRAIL_EMU_REDIRECTED_BY_OTHER:
    return (conntrail__response)filter->by_other;
  case CONNTRAIL_EMU_PREVIOUSLY_REDIRECTED_BY_SELF:
    return (conntrail__response)filter->again;
  case CONNTRAIL_EMU_REDIRECTED_BY_SELF:
  default:
    return CONNTRAIL__RESPOND_PERMIT;
  }
}

static uint64_t bit_of(const conntrail_emu_service *service) {
  return UINT64_C(1) << service->index;
}

/* A safeguard for proxies that ask and connect in different threads. A UDP flow is entered by many
 * datagrams (datagram.c), so that its entries count only if there is nothing better. */
static bool are_too_many(const attempt *a, const conntrail__filter *filter) {
  const conntrail_emu_options *options = &a->emu->options;
  return conntrail__waiting_count(a->emu, a->socket, &a->remote) >= options->loop_limit ||
         ((!a->socket->is_datagram || a->is_hint) &&
          conntrail__waiting_entries(a->emu, a->socket, &a->remote, filter->service,
                                     options->loop_entries) >= options->loop_entries);
}

/* R7: the service already inspected the connection that this one continues. */
static bool goes_in_circles(const attempt *a, const conntrail__filter *filter) {
  if (a->carried != NULL) {
    return false;
  }
  return (a->parent != NULL && (a->parent->ancestry & bit_of(filter->service)) != 0) ||
         are_too_many(a, filter);
}

static void hear_redirect(attempt *a, const conntrail__filter *filter, conntrail_emu_state state) {
  if (a->taken_by != NULL || a->looped_at != NULL) {
    note(a, CONNTRAIL_EMU_PERMITTED, filter, state);
  } else if (goes_in_circles(a, filter)) {
    a->looped_at = filter;
  } else {
    a->taken_by = filter;
  }
}

static void evaluate(attempt *a, const conntrail__filter *filter) {
  conntrail_emu_state state = conntrail__redirect_state(a->carried, filter->service);
  if (conntrail__service_exempts(filter->service, a->socket)) {
    note(a, CONNTRAIL_EMU_EXEMPTED, filter, state);
    a->exempted |= bit_of(filter->service);
    return;
  }
  switch (respond(filter, state)) {
  case CONNTRAIL__RESPOND_BLOCK:
    note(a, CONNTRAIL_EMU_BLOCKED, filter, state);
    a->is_blocked = true;
    break;
  case CONNTRAIL__RESPOND_PERMIT:
    note(a, CONNTRAIL_EMU_PERMITTED, filter, state);
    break;
  case CONNTRAIL__RESPOND_REDIRECT:
    hear_redirect(a, filter, state);
    break;
  }
}

/* Each service speaks once, by its filter of highest weight; a later one may still block. */
static void hear_all(attempt *a) {
  const conntrail__filter *filters = a->emu->filters.items;
  for (uint32_t i = 0; i < a->emu->filters.count; i++) {
    const conntrail__filter *filter = &filters[i];
    uint64_t bit = bit_of(filter->service);
    if ((a->decided & bit) == 0 && conntrail__filter_fits(filter, a->socket, &a->remote)) {
      a->decided |= bit;
      evaluate(a, filter);
    }
  }
}

static conntrail__decision fail(uint32_t native) {
  conntrail__decision decision;
  memset(&decision, 0, sizeof decision);
  decision.native = native;
  return decision;
}

static conntrail__decision refuse_loop(const attempt *a) {
  conntrail_emu_state state = conntrail__redirect_state(a->carried, a->looped_at->service);
  conntrail__event *event = note(a, CONNTRAIL_EMU_LOOP, a->looped_at, state);
  if (a->parent != NULL) {
    event->from = a->parent->accepted_number;
    event->untransferred_by = (uint8_t)(a->parent->service->index + 1);
    event->size = a->parent->records_queried;
  }
  /* Datagrams are not refused by the other side (M10). */
  event->native = a->socket->is_datagram ? CONNTRAIL__WSAEHOSTUNREACH : CONNTRAIL__WSAECONNREFUSED;
  return fail(event->native);
}

/* R5: [D] loopback where the local address is ANY, else the local address. */
static conntrail__address target_of(const attempt *a) {
  conntrail__address target = a->taken_by->target;
  if (!conntrail__address_is_any(&target)) {
    return target;
  }
  const conntrail__address *local = &a->socket->local;
  if (local->family != target.family || conntrail__address_is_any(local)) {
    return conntrail__address_loopback(target.family, target.port);
  }
  target = *local;
  target.port = a->taken_by->target.port;
  return target;
}

static uint64_t ancestry_of(const attempt *a) {
  uint64_t services = bit_of(a->taken_by->service);
  services |= conntrail__records_services(a->carried);
  return a->parent == NULL ? services : services | a->parent->ancestry;
}

/* R4: a proxy on another host gets no handle, so no records and no context. */
static bool make_records(attempt *a, conntrail__flow *flow) {
  if (a->taken_by->action == CONNTRAIL__REDIRECT_REMOTE) {
    return true;
  }
  if (!conntrail__flow_enroll(a->emu, flow)) {
    return false;
  }
  flow->layout = (uint8_t)flow->service->layout;
  flow->context = conntrail__blob_share(flow->service->fixed_context);
  flow->records = conntrail__records_extend(a->emu, a->carried, flow);
  return flow->records != NULL;
}

static conntrail__decision redirect(attempt *a) {
  conntrail__decision decision = {0, target_of(a)};
  conntrail__flow *flow = conntrail__flow_create(a->socket, &a->remote, &decision.target);
  if (flow == NULL) {
    return fail(CONNTRAIL__WSAENOBUFS);
  }
  flow->service = a->taken_by->service;
  flow->ancestry = ancestry_of(a);
  if (!conntrail__flow_prepare_arrival(flow) || !make_records(a, flow)) {
    conntrail__flow_release(a->emu, flow);
    return fail(CONNTRAIL__WSAENOBUFS);
  }
  a->flow = flow;
  conntrail_emu_state state = conntrail__redirect_state(a->carried, a->taken_by->service);
  conntrail__event *event = note(a, CONNTRAIL_EMU_REDIRECTED, a->taken_by, state);
  event->hops = conntrail__records_hops(flow->records);
  event->target = decision.target;
  return decision;
}

static bool stays_here(const conntrail__address *remote) {
  return conntrail__address_is_loopback(remote) || conntrail__address_is_any(remote);
}

static conntrail__decision refuse_stray(const attempt *a) {
  conntrail__event *event = conntrail__trail_add(a->emu, CONNTRAIL_EMU_REFUSED, a->socket);
  event->destination = a->remote;
  event->native = CONNTRAIL__WSAENETUNREACH;
  return fail(CONNTRAIL__WSAENETUNREACH);
}

static conntrail__decision deliver(attempt *a, const conntrail__address *route) {
  conntrail__decision decision = {0, route == NULL ? a->remote : *route};
  if (route == NULL && !stays_here(&a->remote) && !a->emu->options.real_network) {
    return refuse_stray(a);
  }
  a->flow = conntrail__flow_create(a->socket, &a->remote, &decision.target);
  return a->flow == NULL ? fail(CONNTRAIL__WSAENOBUFS) : decision;
}

static bool fits_any_filter(const attempt *a) {
  const conntrail__filter *filters = a->emu->filters.items;
  for (uint32_t i = 0; i < a->emu->filters.count; i++) {
    if (conntrail__filter_fits(&filters[i], a->socket, &a->remote)) {
      return true;
    }
  }
  return false;
}

/* A loopback destination without a route or a service is the test's own affair: it goes there
 * and leaves no trace. */
static bool is_of_interest(const attempt *a, const conntrail__address *route) {
  return route != NULL || !stays_here(&a->remote) || fits_any_filter(a);
}

static conntrail__decision decide_traced(attempt *a, const conntrail__address *route) {
  conntrail__event *event = conntrail__trail_add(a->emu, CONNTRAIL_EMU_CONNECTING, a->socket);
  event->destination = a->remote;
  event->hops = conntrail__records_hops(a->carried);
  a->is_traced = true;
  hear_all(a);
  if (a->is_blocked) {
    return fail(CONNTRAIL__WSAEACCES);
  }
  if (a->looped_at != NULL) {
    return refuse_loop(a);
  }
  conntrail__decision decision = a->taken_by != NULL ? redirect(a) : deliver(a, route);
  if (decision.native == 0 && a->parent != NULL) {
    a->parent->outbound_was_made = true;
    a->parent->outbound_was_exempt =
        a->decided == a->exempted && a->decided == bit_of(a->parent->service);
  }
  return decision;
}

static conntrail__decision decide(attempt *a) {
  const conntrail__address *route = conntrail__route_find(a->emu, &a->remote);
  const conntrail__address *names =
      route == NULL ? conntrail__route_name_server(a->emu, &a->remote) : NULL;
  if (names != NULL) {
    return fits_any_filter(a) ? decide_traced(a, names) : deliver(a, names);
  }
  if (is_of_interest(a, route)) {
    return decide_traced(a, route);
  }
  conntrail__decision decision = {0, a->remote};
  return decision;
}

conntrail__decision conntrail__classify(conntrail__socket *socket, const conntrail__address *remote,
                                        const conntrail__blob *carried,
                                        const conntrail__identity *who, conntrail__flow **flow,
                                        bool *is_traced) {
  attempt a = {.emu = socket->emu, .socket = socket, .remote = *remote, .carried = carried};
  *flow = NULL;
  *is_traced = false;
  if (carried == NULL) {
    a.is_hint = conntrail__threads_are_hints(a.emu, socket->process);
    a.parent = a.is_hint ? NULL : conntrail__waiting_parent(a.emu, socket, remote, who->actor);
  } else if (!conntrail__threads_note(socket, carried, who->actor)) {
    return fail(CONNTRAIL__WSAENOBUFS);
  }
  conntrail__decision decision = decide(&a);
  *flow = a.flow;
  *is_traced = a.is_traced;
  return decision;
}

conntrail__decision conntrail__socket_connecting(conntrail__socket *socket,
                                                 const conntrail__address *remote,
                                                 const conntrail__identity *who) {
  uint32_t native = 0;
  uint32_t ignored;
  bool is_traced;
  conntrail__socket_appear(socket, who);
  conntrail__socket_forget_attempt(socket);
  if (conntrail__fault_strikes(socket->emu, CONNTRAIL_EMU_CONNECT, socket, &native, &ignored)) {
    return fail(native);
  }
  conntrail__decision decision =
      conntrail__classify(socket, remote, socket->carried, who, &socket->flow, &is_traced);
  socket->is_traced = is_traced;
  if (decision.native == 0) {
    socket->state = CONNTRAIL__CONNECTING;
    conntrail__socket_set_undecided(socket, true);
  }
  return decision;
}

static void tell_outcome(conntrail__socket *socket, conntrail_emu_event_kind kind,
                         uint32_t native) {
  conntrail__event *event = conntrail__trail_add(socket->emu, kind, socket);
  event->native = native;
  event->hops = conntrail__records_hops(socket->carried);
  if (socket->flow != NULL) {
    event->destination = socket->flow->original;
    event->target = socket->flow->target;
    if (socket->flow->service != NULL) {
      event->service = (uint8_t)(socket->flow->service->index + 1);
    }
  }
}

static void reject(conntrail__socket *socket, uint32_t native) {
  bool was_redirected = socket->flow != NULL && socket->flow->service != NULL;
  if (socket->is_traced) {
    tell_outcome(socket, CONNTRAIL_EMU_FAILED, native);
  }
  if (was_redirected && native == CONNTRAIL__WSAECONNREFUSED) {
    conntrail__note_misuse(socket->emu, socket, CONNTRAIL_EMU_MISUSE_NOBODY_LISTENS, 0);
  }
  if (socket->flow != NULL && socket->flow->arrival != NULL) {
    conntrail__arrival_forget(socket->emu, socket->flow->arrival);
  }
  conntrail__socket_forget_attempt(socket);
  conntrail__socket_unconnect(socket);
}

void conntrail__socket_connected(conntrail__socket *socket, conntrail__outcome outcome,
                                 const conntrail__address *local, uint32_t native) {
  if (outcome == CONNTRAIL__REJECTED) {
    reject(socket, native);
    return;
  }
  conntrail__flow *flow = socket->flow;
  bool was_redirected = flow != NULL && flow->service != NULL;
  if (socket->is_undecided && local != NULL) {
    conntrail__socket_set_undecided(socket, false);
    if (was_redirected && !flow->is_claimed) {
      conntrail__arrival_expect(socket->emu, flow, local);
    }
  }
  if (outcome == CONNTRAIL__ESTABLISHED) {
    if (socket->is_traced && !was_redirected) {
      tell_outcome(socket, CONNTRAIL_EMU_DELIVERED, 0);
      if (flow != NULL) {
        conntrail__waiting_delivered(socket->emu, &flow->original, false);
      }
    }
    socket->is_traced = false;
    socket->state = CONNTRAIL__CONNECTED;
  }
}
