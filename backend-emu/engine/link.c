/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "emulation.h"
#include "flow.h"
#include "link.h"
#include "socket.h"

enum { MOST_BETWEEN = 2 };

static conntrail__link *find(const conntrail_emu *emu, const conntrail__link_key *key) {
  conntrail__link *link = NULL;
  HASH_FIND(hh, emu->links, key, sizeof *key, link);
  return link;
}

static conntrail__link *add(conntrail_emu *emu, const conntrail__link_key *key) {
  conntrail__link *link = calloc(1, sizeof *link);
  if (link == NULL) {
    return NULL;
  }
  link->key = *key;
  HASH_ADD(hh, emu->links, key, sizeof link->key, link);
  if (link->hh.tbl == NULL) {
    free(link);
    return NULL;
  }
  return link;
}

/* Without memory the link stays unknown: options.loop_limit ends a loop all the same. */
void conntrail__socket_leads_to(conntrail__socket *socket, uint32_t family) {
  const conntrail__link_key key = {socket->family, family};
  bool is_redirected = socket->flow != NULL && socket->flow->service != NULL;
  conntrail__link_end(socket);
  if (is_redirected || key.from == key.to) {
    return;
  }
  socket->link = find(socket->emu, &key);
  if (socket->link == NULL) {
    socket->link = add(socket->emu, &key);
  }
  if (socket->link != NULL) {
    socket->link->count++;
  }
}

void conntrail__link_end(conntrail__socket *socket) {
  conntrail__link *link = socket->link;
  socket->link = NULL;
  if (link != NULL && --link->count == 0) {
    HASH_DEL(socket->emu->links, link);
    free(link);
  }
}

static uint32_t least(uint32_t one, uint32_t other) {
  return one < other ? one : other;
}

static void reach_through(const conntrail_emu *emu, conntrail__link *link) {
  for (const conntrail__link *next = emu->links; next != NULL; next = next->hh.next) {
    uint32_t reach = next->key.from == link->key.to ? least(link->count, next->reach) : 0;
    if (reach > link->reach) {
      link->reach = reach;
    }
  }
}

bool conntrail__links_lead_to(const conntrail_emu *emu, uint32_t to) {
  bool is_led_to = false;
  for (conntrail__link *link = emu->links; link != NULL; link = link->hh.next) {
    link->reach = link->key.to == to ? link->count : 0;
    is_led_to |= link->reach > 0;
  }
  for (int between = 0; is_led_to && between < MOST_BETWEEN; between++) {
    for (conntrail__link *link = emu->links; link != NULL; link = link->hh.next) {
      reach_through(emu, link);
    }
  }
  return is_led_to;
}

uint32_t conntrail__links_from(const conntrail_emu *emu, uint32_t from) {
  uint32_t most = 0;
  for (const conntrail__link *link = emu->links; link != NULL; link = link->hh.next) {
    if (link->key.from == from && link->reach > most) {
      most = link->reach;
    }
  }
  return most;
}
