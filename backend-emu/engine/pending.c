/* SPDX-License-Identifier: MIT */

/* Queries that were begun and are not answered: the profile that pends (O1, O2). */

#include "pending.h"
#include "../../src/numbers.h"
#include "contract.h"
#include "emulation.h"
#include "profile.h"
#include "socket.h"

bool conntrail__socket_pends(const conntrail__socket *socket, const conntrail__call *call) {
  return conntrail__profile_has(socket->emu, CONNTRAIL_EMU_BEHAVIOUR_BEGUN_QUERIES) &&
         call->code != CONNTRAIL__SET_RECORDS && conntrail__call_check(call) == 0;
}

static void append(conntrail__pending **list, conntrail__pending *pending) {
  while (*list != NULL) {
    list = &(*list)->next;
  }
  pending->next = NULL;
  *list = pending;
}

void conntrail__socket_begin(conntrail__socket *socket, const conntrail__identity *who,
                             conntrail__pending *pending) {
  conntrail__socket_appear(socket, who);
  pending->socket = socket;
  pending->actor = who->actor;
  append(&socket->emu->pending, pending);
}

/* The place in the list that leads to it. */
static void end(conntrail__pending **place, uint32_t native) {
  conntrail__pending *pending = *place;
  *place = pending->next;
  pending->native = native;
  pending->socket = NULL;
  append(pending->ended, pending);
}

bool conntrail__socket_cancel(conntrail__socket *socket, const conntrail__pending *pending) {
  conntrail__pending **place = &socket->emu->pending;
  while (*place != NULL && (*place != pending || (*place)->socket != socket)) {
    place = &(*place)->next;
  }
  if (*place == NULL) {
    return false;
  }
  end(place, CONNTRAIL__WSA_OPERATION_ABORTED);
  return true;
}

void conntrail__pending_abort(conntrail__socket *socket) {
  conntrail__pending **place = &socket->emu->pending;
  while (*place != NULL) {
    if ((*place)->socket == socket) {
      end(place, CONNTRAIL__WSA_OPERATION_ABORTED);
    } else {
      place = &(*place)->next;
    }
  }
}

uint32_t conntrail__pending_count(const conntrail_emu *emu) {
  uint32_t count = 0;
  for (const conntrail__pending *each = emu->pending; each != NULL; each = each->next) {
    count++;
  }
  return count;
}

bool conntrail__pending_answer(conntrail_emu *emu, uint32_t index) {
  conntrail__pending **place = &emu->pending;
  while (*place != NULL && index > 0) {
    place = &(*place)->next;
    index--;
  }
  if (*place == NULL) {
    return false;
  }
  /* The actor is the one that began it; nothing else counts for a query. */
  conntrail__identity who = {.actor = (*place)->actor,
                             .process = (*place)->socket->process,
                             .family = (*place)->socket->family};
  end(place, conntrail__socket_ioctl((*place)->socket, &who, &(*place)->call));
  return true;
}

void conntrail__pending_forget(conntrail_emu *emu) {
  emu->pending = NULL;
}
