/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "notice.h"
#include "places.h"
#include "process.h"
#include "state.h"

/* Where programs listen. */

enum { NAME_PORT = 53, MOST_DATAGRAM_PLACES = 64 };

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

/* A client may bind thousands: where it is reached is among its first. */
static bool has_enough(const conntrail__supervisor *supervisor, const char *program,
                       const conntrail__listening *what) {
  unsigned count = 0;
  if (!what->is_datagram || what->address.port == NAME_PORT) {
    return false;
  }
  for (const conntrail__place *p = supervisor->places; p != NULL; p = p->next) {
    count += p->is_datagram && strcmp(p->program, program) == 0 ? 1 : 0;
  }
  return count >= MOST_DATAGRAM_PLACES;
}

bool conntrail__note_place(const conntrail__notice *notice, const conntrail__listening *what) {
  conntrail__supervisor *supervisor = notice->supervisor;
  const conntrail__identity who = conntrail__identify_process(notice);
  if (what->is_proved) {
    forget_same(supervisor, notice->watch->program, &what->address, what->is_datagram);
  }
  if (has_enough(supervisor, notice->watch->program, what)) {
    return true;
  }
  conntrail__place *place = calloc(1, sizeof *place);
  if (place == NULL) {
    return false;
  }
  place->cookie = what->cookie;
  place->inode = what->inode;
  place->address = what->address;
  place->is_datagram = what->is_datagram;
  place->is_ipv6_only = what->is_ipv6_only;
  place->is_proved = what->is_proved;
  place->process = who.process;
  memcpy(place->program, notice->watch->program, sizeof place->program);
  place->next = supervisor->places;
  supervisor->places = place;
  notice->watch->listens |= !what->is_datagram;
  return true;
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

/* ---- Where a program is reached -------------------------------------------------------------- */

/* [D] linux/Documentation/networking/proc_net_tcp.rst: the second word is the own address with its
 * port, the tenth the inode. */
static bool is_line_of(char *line, uint32_t inode, uint16_t port) {
  enum { OWN_ADDRESS = 1, INODE = 9 };
  unsigned long own = 0;
  unsigned long listed = 0;
  char *rest = NULL;
  char *word = strtok_r(line, " \n", &rest);
  for (int i = 0; word != NULL && i <= INODE; i++) {
    const char *colon = strrchr(word, ':');
    own = i == OWN_ADDRESS && colon != NULL ? strtoul(colon + 1, NULL, 16) : own;
    listed = i == INODE ? strtoul(word, NULL, 10) : listed;
    word = strtok_r(NULL, " \n", &rest);
  }
  return own == port && listed == inode;
}

static bool is_in_table(const char *path, uint32_t inode, uint16_t port) {
  char line[512];
  bool is_found = false;
  FILE *table = fopen(path, "re");
  while (table != NULL && !is_found && fgets(line, sizeof line, table) != NULL) {
    is_found = is_line_of(line, inode, port);
  }
  if (table != NULL) {
    fclose(table);
  }
  return is_found;
}

/* A program that could not bind a port is not there; a program outside of the run may be. */
static bool is_bound(const conntrail__place *place) {
  return place->is_proved || is_in_table("/proc/net/udp", place->inode, place->address.port) ||
         is_in_table("/proc/net/udp6", place->inode, place->address.port);
}

static bool is_there_for(const conntrail__place *place, uint8_t family) {
  return family == CONNTRAIL__NO_FAMILY || family == place->address.family ||
         (family == CONNTRAIL__IPV4 && conntrail__address_is_any(&place->address) &&
          !place->is_ipv6_only);
}

bool conntrail__supervisor_listens(const conntrail__supervisor *supervisor, const char *program,
                                   uint8_t family, bool is_datagram, conntrail__address *address) {
  for (const conntrail__place *p = supervisor->places; p != NULL; p = p->next) {
    if (p->is_datagram == is_datagram && strcmp(p->program, program) == 0 &&
        is_there_for(p, family) && is_bound(p)) {
      *address = p->address;
      return true;
    }
  }
  return false;
}

uint32_t conntrail__listener_at(const conntrail__supervisor *supervisor,
                                const conntrail__address *address) {
  for (const conntrail__place *p = supervisor->places; p != NULL; p = p->next) {
    const bool is_asked_about = !p->is_datagram || p->address.port == NAME_PORT;
    const bool is_there =
        p->address.port == address->port &&
        (conntrail__address_is_any(&p->address) || conntrail__address_equal(&p->address, address));
    if (is_asked_about && is_there && is_bound(p)) {
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
