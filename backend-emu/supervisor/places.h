/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_PLACES_H
#define CONNTRAIL_SUPERVISOR_PLACES_H

/* Where programs listen. */

#include "held.h"
#include "notice.h"

typedef struct conntrail__place {
  struct conntrail__place *next;
  uint64_t cookie;
  uint32_t inode;
  conntrail__address address;
  bool is_datagram;
  bool is_ipv6_only;
  bool is_proved;
  uint32_t process;
  char program[CONNTRAIL__NAME];
} conntrail__place;

typedef struct conntrail__listening {
  uint64_t cookie;
  uint32_t inode;
  conntrail__address address;
  bool is_datagram;
  bool is_ipv6_only;
  bool is_proved; /* false: the program is about to bind it, and may fail */
} conntrail__listening;
bool conntrail__note_place(const conntrail__notice *notice, const conntrail__listening *what);
/* The socket of this cookie is gone. */
void conntrail__forget_place(conntrail__supervisor *supervisor, uint64_t cookie);
/* Those whose socket no program has any more. */
void conntrail__forget_closed_places(conntrail__supervisor *supervisor, conntrail__held *held);
/* The process that listens there; 0: none is known. */
uint32_t conntrail__listener_at(const conntrail__supervisor *supervisor,
                                const conntrail__address *address);
void conntrail__forget_places(conntrail__supervisor *supervisor);

#endif
