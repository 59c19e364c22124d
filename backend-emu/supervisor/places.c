/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "notice.h"
#include "places.h"
#include "process.h"
#include "state.h"

/* Where programs listen. */

static void forget_same(conntrail__supervisor *supervisor, const char *program,
                        const conntrail__address *address, bool is_datagram) {
  conntrail__place **at = &supervisor->places;
  while (*at != NULL) {
    conntrail__place *place = *at;
    if (place->is_datagram == is_datagram && strcmp(place->program, program) == 0 &&
        conntrail__address_equal(&place->address, address)) {
      *at = place->next;
      free(place);
    } else {
      at = &place->next;
    }
  }
}

void conntrail__note_place(const conntrail__notice *notice, const conntrail__listening *what) {
  conntrail__supervisor *supervisor = notice->supervisor;
  const conntrail__identity who = conntrail__identify_process(notice);
  forget_same(supervisor, notice->watch->program, &what->address, what->is_datagram);
  conntrail__place *place = calloc(1, sizeof *place);
  if (place == NULL) {
    return;
  }
  place->cookie = what->cookie;
  place->inode = what->inode;
  place->address = what->address;
  place->is_datagram = what->is_datagram;
  place->is_ipv6_only = what->is_ipv6_only;
  place->process = who.process;
  memcpy(place->program, notice->watch->program, sizeof place->program);
  place->next = supervisor->places;
  supervisor->places = place;
  notice->watch->listens |= !what->is_datagram;
}

void conntrail__forget_place(conntrail__supervisor *supervisor, uint64_t cookie) {
  conntrail__place **at = &supervisor->places;
  while (*at != NULL && (*at)->cookie != cookie) {
    at = &(*at)->next;
  }
  if (*at != NULL) {
    conntrail__place *place = *at;
    *at = place->next;
    free(place);
  }
}

void conntrail__forget_closed_places(conntrail__supervisor *supervisor, conntrail__held *held) {
  conntrail__place **at = &supervisor->places;
  while (*at != NULL) {
    conntrail__place *place = *at;
    if (conntrail__is_held(held, place->inode)) {
      at = &place->next;
    } else {
      *at = place->next;
      free(place);
    }
  }
}

static bool is_there_for(const conntrail__place *place, uint8_t family) {
  return family == CONNTRAIL__NO_FAMILY || family == place->address.family ||
         (family == CONNTRAIL__IPV4 && conntrail__address_is_any(&place->address) &&
          !place->is_ipv6_only);
}

bool conntrail__supervisor_listens(const conntrail__supervisor *supervisor, const char *program,
                                   uint8_t family, conntrail__address *address) {
  for (const conntrail__place *p = supervisor->places; p != NULL; p = p->next) {
    if (!p->is_datagram && strcmp(p->program, program) == 0 && is_there_for(p, family)) {
      *address = p->address;
      return true;
    }
  }
  return false;
}

uint32_t conntrail__listener_at(const conntrail__supervisor *supervisor,
                                const conntrail__address *address) {
  for (const conntrail__place *p = supervisor->places; p != NULL; p = p->next) {
    if (p->address.port == address->port && (conntrail__address_is_any(&p->address) ||
                                             conntrail__address_equal(&p->address, address))) {
      return p->process;
    }
  }
  return 0;
}

void conntrail__forget_places(conntrail__supervisor *supervisor) {
  while (supervisor->places != NULL) {
    conntrail__place *first = supervisor->places;
    supervisor->places = first->next;
    free(first);
  }
}
