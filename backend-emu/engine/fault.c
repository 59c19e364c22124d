/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "emulation.h"
#include "fault.h"
#include "flow.h"
#include "list.h"
#include "random.h"
#include "records.h"
#include "refusal.h"
#include "service.h"
#include "socket.h"
#include "trail.h"

static bool is_coherent(const conntrail_emu_fault *fault, conntrail__refusal *why) {
  if (fault->struct_size != sizeof *fault) {
    conntrail__refuse(why, CONNTRAIL_INVALID,
                      "conntrail_emu_fault.struct_size is %zu, not %zu: start from "
                      "CONNTRAIL_EMU_FAULT_INIT",
                      fault->struct_size, sizeof *fault);
    return false;
  }
  if ((unsigned)fault->operation > CONNTRAIL_EMU_SEND_MESSAGE) {
    conntrail__refuse(why, CONNTRAIL_INVALID,
                      "%d is no operation: give one of conntrail_emu_operation",
                      (int)fault->operation);
    return false;
  }
  if (fault->native == 0 && fault->operation != CONNTRAIL_EMU_ACCEPT) {
    conntrail__refuse(why, CONNTRAIL_INVALID,
                      "a fault without a number would be a success: set native, such as 10045");
    return false;
  }
  if (fault->per_million > 1000000 || (fault->per_million > 0 && fault->nth > 0)) {
    conntrail__refuse(why, CONNTRAIL_INVALID,
                      "a fault strikes the n-th call, or with a probability of at most 1000000 in "
                      "a million, not both: nth is %u, per_million is %u",
                      fault->nth, fault->per_million);
    return false;
  }
  return true;
}

conntrail_status conntrail__fault_add(conntrail_emu *emu, const conntrail_emu_fault *fault,
                                      conntrail__socket *socket, conntrail__refusal *why) {
  if (!is_coherent(fault, why)) {
    return CONNTRAIL_INVALID;
  }
  if (fault->service != NULL && fault->service->emu != emu) {
    return conntrail__refuse(why, CONNTRAIL_INVALID,
                             "the redirect service \"%s\" is of another emulation",
                             fault->service->name);
  }
  conntrail__fault *place = conntrail__list_grow(&emu->faults, sizeof *place);
  if (place == NULL) {
    return conntrail__refuse(why, CONNTRAIL_NO_MEMORY, "no memory for a fault");
  }
  place->asked = *fault;
  place->socket = socket == NULL ? 0 : conntrail__socket_number(socket);
  return CONNTRAIL_OK;
}

void conntrail__fault_clear(conntrail_emu *emu) {
  emu->faults.count = 0;
}

bool conntrail__fault_is_any(const conntrail_emu *emu) {
  return emu->faults.count > 0;
}

static bool is_of_service(const conntrail__socket *socket, const conntrail_emu_service *service) {
  if (socket == NULL) {
    return false;
  }
  if (socket->flow != NULL) {
    return socket->flow->service == service;
  }
  return !socket->is_datagram && socket->carried != NULL &&
         conntrail__records_newest_service(socket->carried) == service->index;
}

static bool fits(const conntrail__fault *fault, conntrail_emu_operation operation,
                 const conntrail__socket *socket) {
  bool is_code = operation >= CONNTRAIL_EMU_QUERY_RECORDS && operation <= CONNTRAIL_EMU_SET_RECORDS;
  if (fault->asked.operation != operation &&
      !(is_code && fault->asked.operation == CONNTRAIL_EMU_ANY_CODE)) {
    return false;
  }
  if (fault->socket != 0 && (socket == NULL || socket->number != fault->socket)) {
    return false;
  }
  return fault->asked.service == NULL || is_of_service(socket, fault->asked.service);
}

static bool is_due(conntrail_emu *emu, conntrail__fault *fault) {
  fault->seen++;
  if (fault->asked.nth > 0) {
    return fault->seen == fault->asked.nth;
  }
  return fault->asked.per_million == 0 ||
         conntrail__random(emu) % 1000000 < fault->asked.per_million;
}

static void note_fault(conntrail_emu *emu, conntrail__socket *socket,
                       const conntrail_emu_fault *asked) {
  if (socket != NULL) {
    (void)conntrail__socket_number(socket);
  }
  conntrail__event *event = conntrail__trail_add(emu, CONNTRAIL_EMU_FAULT, socket);
  event->native = asked->native;
  event->size = asked->bytes;
  event->state = (uint8_t)asked->operation;
}

bool conntrail__fault_strikes(conntrail_emu *emu, conntrail_emu_operation operation,
                              conntrail__socket *socket, uint32_t *native, uint32_t *bytes) {
  conntrail__fault *faults = emu->faults.items;
  const conntrail_emu_fault *chosen = NULL;
  for (uint32_t i = 0; i < emu->faults.count; i++) {
    if (fits(&faults[i], operation, socket) && is_due(emu, &faults[i]) && chosen == NULL) {
      chosen = &faults[i].asked;
    }
  }
  if (chosen == NULL) {
    return false;
  }
  *native = chosen->native;
  *bytes = chosen->bytes;
  note_fault(emu, socket, chosen);
  return true;
}
