/* SPDX-License-Identifier: MIT */
#include "route_taken.h"

#include <string.h>

static size_t index_of(const world *of, const conntrail_emu_service *service) {
  size_t i = 0;
  while (i < VENDORS && of->vendors[i].service != service) {
    i++;
  }
  return i;
}

static const vendor *vendor_of(const world *of, const conntrail_emu_service *service) {
  const size_t i = index_of(of, service);
  return i < VENDORS ? &of->vendors[i] : NULL;
}

static hop *add(route_taken *read) {
  return read->count < MOST_HOPS ? &read->hops[read->count++] : NULL;
}

static hop *by_accepted(route_taken *read, uint32_t socket) {
  for (size_t i = 0; i < read->count; i++) {
    if (read->hops[i].accepted == socket) {
      return &read->hops[i];
    }
  }
  return NULL;
}

static hop *by_outbound(route_taken *read, uint32_t socket) {
  for (size_t i = 0; i < read->count; i++) {
    if (read->hops[i].outbound == socket) {
      return &read->hops[i];
    }
  }
  return NULL;
}

static bool read_accepted(route_taken *read, const world *of, const conntrail_emu_event *event) {
  hop *here = add(read);
  if (!here) {
    return false;
  }
  here->owner = vendor_of(of, event->service);
  here->accepted = event->socket;
  return here->owner != NULL;
}

static bool read_context(route_taken *read, const conntrail_emu_event *event) {
  hop *here = by_accepted(read, event->socket);
  if (here) {
    here->context_size = event->size;
  }
  return here != NULL;
}

static bool read_set(route_taken *read, const conntrail_emu_event *event) {
  hop *here = by_accepted(read, event->from);
  if (!here) {
    return false;
  }
  here->outbound = event->socket;
  here->records_size = event->size;
  here->redirects = event->hops;
  return true;
}

/* A socket that carries no records is that of a proxy which has none yet, or of the client. */
static bool read_connecting(route_taken *read, const conntrail_emu_event *event) {
  hop *here = by_outbound(read, event->socket);
  if (!here) {
    here = by_outbound(read, 0);
  }
  if (!here) {
    here = add(read);
  }
  if (!here) {
    return false;
  }
  here->outbound = event->socket;
  here->destination = event->destination;
  return true;
}

static bool read_decision(route_taken *read, const world *of, const conntrail_emu_event *event) {
  const size_t i = index_of(of, event->service);
  hop *here = by_outbound(read, event->socket);
  if (!here || i == VENDORS) {
    return false;
  }
  here->decisions[i] = (decision){true, event->kind, event->state, event->target};
  if (event->kind == CONNTRAIL_EMU_LOOP) {
    read->looped = true;
    read->forgetful = by_accepted(read, event->from);
    read->looped_at = &of->vendors[i];
  }
  return true;
}

static bool read_delivered(route_taken *read, const conntrail_emu_event *event) {
  hop *here = by_outbound(read, event->socket);
  if (!here) {
    return false;
  }
  here->delivered = true;
  here->server = event->target;
  return true;
}

static bool read_event(route_taken *read, const world *of, const conntrail_emu_event *event) {
  switch (event->kind) {
  case CONNTRAIL_EMU_ACCEPTED:
    return read_accepted(read, of, event);
  case CONNTRAIL_EMU_CONTEXT_QUERIED:
    return read_context(read, event);
  case CONNTRAIL_EMU_RECORDS_SET:
    return read_set(read, event);
  case CONNTRAIL_EMU_CONNECTING:
    return read_connecting(read, event);
  case CONNTRAIL_EMU_REDIRECTED:
  case CONNTRAIL_EMU_PERMITTED:
  case CONNTRAIL_EMU_LOOP:
    return read_decision(read, of, event);
  case CONNTRAIL_EMU_DELIVERED:
    return read_delivered(read, event);
  case CONNTRAIL_EMU_RECORDS_QUERIED:
  case CONNTRAIL_EMU_CLOSED: /* of the request before this one, perhaps */
    return true;
  default: /* nothing else belongs to the route of one request */
    return false;
  }
}

bool route_taken_read(route_taken *read, const world *of, uint64_t after) {
  conntrail_emu_event event = {.struct_size = sizeof event};
  memset(read, 0, sizeof *read);
  while (conntrail_emu_next_event(of->emu, after, &event)) {
    if (!read_event(read, of, &event)) {
      return false;
    }
    after = event.number;
  }
  return true;
}
