/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "../../src/numbers.h"
#include "blob.h"
#include "context.h"
#include "contract.h"
#include "datagram_flow.h"
#include "emulation.h"
#include "fault.h"
#include "flow.h"
#include "profile.h"
#include "records.h"
#include "service.h"
#include "socket.h"
#include "trail.h"
#include "waiting.h"

/*
 * The contract of the three control codes: which number, which byte count, in which order when
 * several apply (Q16), under each profile. docs/reference/behaviour.md has the table.
 */

typedef conntrail__contract_answer answer;

enum { LARGEST_ASKED = 65536 };

/* Between a query of records and one of context, in the order of the situations. */
enum {
  CONTEXT_OFFSET =
      CONNTRAIL_EMU_SITUATION_CONTEXT_NO_BUFFER - CONNTRAIL_EMU_SITUATION_RECORDS_NO_BUFFER
};

bool conntrail__is_redirect_code(uint32_t code) {
  return code >= CONNTRAIL__QUERY_RECORDS && code <= CONNTRAIL__SET_RECORDS;
}

conntrail_emu_operation conntrail__contract_operation(uint32_t code) {
  return (conntrail_emu_operation)(CONNTRAIL_EMU_QUERY_RECORDS + (code - CONNTRAIL__QUERY_RECORDS));
}

uint32_t conntrail__call_check(const conntrail__call *call) {
  if (call->bytes == NULL) {
    return CONNTRAIL__WSAEFAULT;
  }
  if (call->code != CONNTRAIL__SET_RECORDS) {
    return call->out == NULL && call->capacity > 0 ? CONNTRAIL__WSAEFAULT : 0;
  }
  if (call->in == NULL && call->in_size > 0) {
    return CONNTRAIL__WSAEFAULT;
  }
  return call->capacity > 0 ? CONNTRAIL__WSAEINVAL : 0;
}

bool conntrail__contract_is_empty(const conntrail__call *call) {
  return call->code == CONNTRAIL__SET_RECORDS && call->in_size == 0;
}

/* ---- What the profile says ------------------------------------------------------------------ */

/* size: of the blob, or of what is set. */
answer conntrail__contract_answer_of(conntrail_emu *emu, const conntrail__socket *socket,
                                     conntrail_emu_situation situation, uint32_t size,
                                     const conntrail__call *call) {
  conntrail_emu_answer said = conntrail__profile_answer(emu, socket, situation);
  switch (said.count) {
  case CONNTRAIL_EMU_COUNT_SIZE:
    return (answer){said.native, size};
  case CONNTRAIL_EMU_COUNT_UNTOUCHED:
    return (answer){said.native, *call->bytes};
  case CONNTRAIL_EMU_COUNT_BYTES:
  default:
    return (answer){said.native, said.bytes};
  }
}

/* The situation of this query; named by that of a query of records. */
conntrail_emu_situation conntrail__contract_situation(conntrail_emu_situation records,
                                                      uint32_t code) {
  return code == CONNTRAIL__QUERY_CONTEXT
             ? (conntrail_emu_situation)((unsigned)records + CONTEXT_OFFSET)
             : records;
}

static answer query_answer(conntrail__socket *socket, conntrail_emu_situation records,
                           uint32_t needed, const conntrail__call *call) {
  return conntrail__contract_answer_of(
      socket->emu, socket, conntrail__contract_situation(records, call->code), needed, call);
}

/* "cbOutBuffer must be at least sizeof(ULONG)" [D]: such an answer refuses the capacity itself. One
 * that gives the size means "too small", and counts where it is. */
static bool is_refused_as_tiny(conntrail__socket *socket, uint32_t needed,
                               const conntrail__call *call, answer *a) {
  if (call->capacity >= sizeof(uint32_t)) {
    return false;
  }
  conntrail_emu_situation tiny =
      conntrail__contract_situation(CONNTRAIL_EMU_SITUATION_RECORDS_TINY_BUFFER, call->code);
  *a = conntrail__contract_answer_of(socket->emu, socket, tiny, needed, call);
  return a->bytes != needed || call->capacity < needed;
}

static answer size_answer(conntrail__socket *socket, uint32_t needed, const conntrail__call *call) {
  answer a;
  if (call->capacity == 0) {
    return query_answer(socket, CONNTRAIL_EMU_SITUATION_RECORDS_NO_BUFFER, needed, call);
  }
  if (is_refused_as_tiny(socket, needed, call, &a)) {
    return a;
  }
  if (call->capacity >= needed) {
    return (answer){0, needed};
  }
  return query_answer(socket,
                      call->capacity < LARGEST_ASKED
                          ? CONNTRAIL_EMU_SITUATION_RECORDS_TOO_SMALL
                          : CONNTRAIL_EMU_SITUATION_RECORDS_TOO_SMALL_AT_65536,
                      needed, call);
}

/* ---- Queries -------------------------------------------------------------------------------- */

/* The flow whose records a proxy may ask this socket for; NULL: none. */
static conntrail__flow *arrived_at(const conntrail__socket *socket) {
  if (socket->is_datagram) {
    return conntrail__datagram_arrived(socket);
  }
  return socket->is_accepted ? socket->flow : NULL;
}

static void tell_query(conntrail__socket *socket, const conntrail__call *call, answer a) {
  conntrail_emu_event_kind kind = call->code == CONNTRAIL__QUERY_RECORDS
                                      ? CONNTRAIL_EMU_RECORDS_QUERIED
                                      : CONNTRAIL_EMU_CONTEXT_QUERIED;
  conntrail__event *event = conntrail__trail_add(socket->emu, kind, socket);
  event->native = a.native;
  event->size = a.bytes;
  event->capacity = call->capacity;
  const conntrail__flow *flow = arrived_at(socket);
  if (flow != NULL) {
    event->service = (uint8_t)(flow->service->index + 1);
    event->destination = flow->original;
    event->hops = conntrail__records_hops(flow->records);
  }
}

static void note_too_small(conntrail__socket *socket, bool is_records, bool is_too_small) {
  if (is_records) {
    socket->records_too_small = is_too_small;
  } else {
    socket->context_too_small = is_too_small;
  }
}

/* Nothing to give, for whom, and why. */
static answer find_nothing(conntrail__socket *socket, const conntrail__flow *arrived,
                           const conntrail__call *call) {
  const conntrail__flow *own = socket->is_datagram ? NULL : socket->flow;
  if (arrived != NULL && arrived->records != NULL) {
    return conntrail__contract_answer_of(socket->emu, socket,
                                         CONNTRAIL_EMU_SITUATION_CONTEXT_NO_CONTEXT, 0, call);
  }
  bool is_client = !socket->is_accepted && own != NULL && own->service != NULL;
  return query_answer(socket,
                      is_client ? CONNTRAIL_EMU_SITUATION_RECORDS_CLIENT
                                : CONNTRAIL_EMU_SITUATION_RECORDS_NOT_REDIRECTED,
                      0, call);
}

static answer read_blob(conntrail__socket *socket, const conntrail__call *call) {
  conntrail__flow *flow = arrived_at(socket);
  bool is_records = call->code == CONNTRAIL__QUERY_RECORDS;
  uint32_t needed = 0;
  if (flow != NULL && flow->records != NULL) {
    needed = is_records ? flow->records->size : conntrail__context_size(flow);
  }
  if (needed == 0) {
    return find_nothing(socket, flow, call);
  }
  answer a = size_answer(socket, needed, call);
  if (a.native == 0 && call->capacity >= needed) {
    if (is_records) {
      memcpy(call->out, flow->records->bytes, needed);
      flow->records_queried = needed;
    } else {
      conntrail__context_write(flow, call->out);
    }
    note_too_small(socket, is_records, false);
  } else if (call->capacity > 0) {
    note_too_small(socket, is_records, true);
  }
  return a;
}

/* A fault is an answer: what the caller did wrong was said before it (Q16). */
static bool is_struck(conntrail__socket *socket, const conntrail__call *call, answer *a) {
  return conntrail__fault_strikes(socket->emu, conntrail__contract_operation(call->code), socket,
                                  &a->native, &a->bytes);
}

static conntrail_emu_situation of_unconnected(const conntrail__socket *socket) {
  if (socket->is_datagram) {
    return CONNTRAIL_EMU_SITUATION_RECORDS_DATAGRAM;
  }
  switch ((conntrail__socket_state)socket->state) {
  case CONNTRAIL__LISTENING:
    return CONNTRAIL_EMU_SITUATION_RECORDS_LISTENING;
  case CONNTRAIL__BOUND:
  case CONNTRAIL__CONNECTING:
    return CONNTRAIL_EMU_SITUATION_RECORDS_BOUND;
  case CONNTRAIL__FRESH:
  case CONNTRAIL__CONNECTED:
  default:
    return CONNTRAIL_EMU_SITUATION_RECORDS_FRESH;
  }
}

static answer query(conntrail__socket *socket, const conntrail__identity *who,
                    const conntrail__call *call) {
  answer a = {0, 0};
  if (socket->state != CONNTRAIL__CONNECTED) {
    if (socket->state == CONNTRAIL__LISTENING) {
      conntrail__note_misuse(socket->emu, socket, CONNTRAIL_EMU_MISUSE_LISTENER_QUERIED, 0);
    }
    return query_answer(socket, of_unconnected(socket), 0, call);
  }
  if (is_struck(socket, call, &a)) {
    return a;
  }
  if (socket->emu->options.windows_7) {
    a.native = CONNTRAIL__WSAEOPNOTSUPP;
    return a;
  }
  conntrail__flow *flow = arrived_at(socket);
  if (flow != NULL) {
    flow->asker = who->actor;
  }
  a = read_blob(socket, call);
  tell_query(socket, call, a);
  return a;
}

/* ---- Setting records ------------------------------------------------------------------------ */

static void mark_transferred(conntrail_emu *emu, const conntrail__blob *records,
                             conntrail__event *event) {
  conntrail__flow *flow = conntrail__flow_find(emu, conntrail__records_newest_flow(records));
  if (flow == NULL) {
    return;
  }
  event->from = flow->accepted_number;
  event->service = (uint8_t)(flow->service->index + 1);
  event->destination = flow->original;
  flow->is_transferred = true;
  conntrail__waiting_remove(emu, flow);
}

void conntrail__records_taken(conntrail__socket *socket, const conntrail__blob *records) {
  conntrail__event *event = conntrail__trail_add(socket->emu, CONNTRAIL_EMU_RECORDS_SET, socket);
  event->size = records->size;
  event->hops = conntrail__records_hops(records);
  mark_transferred(socket->emu, records, event);
}

static void carry(conntrail__socket *socket, conntrail__blob *records) {
  conntrail__blob_release(socket->carried);
  socket->carried = records;
  conntrail__records_taken(socket, records);
}

static answer set_answer(conntrail__socket *socket, conntrail_emu_situation situation,
                         const conntrail__call *call) {
  return conntrail__contract_answer_of(socket->emu, socket, situation, call->in_size, call);
}

static answer take_records(conntrail__socket *socket, const conntrail__call *call) {
  bool no_memory;
  bool is_bound = socket->state == CONNTRAIL__BOUND;
  conntrail__blob *records =
      conntrail__records_accept(socket->emu, call->in, call->in_size, &no_memory);
  if (records == NULL && no_memory) {
    return (answer){CONNTRAIL__WSAENOBUFS, 0};
  }
  if (records == NULL) {
    return set_answer(socket, CONNTRAIL_EMU_SITUATION_SET_FOREIGN, call);
  }
  if (is_bound) {
    conntrail__note_misuse(socket->emu, socket, CONNTRAIL_EMU_MISUSE_SET_AFTER_BIND, 0);
  }
  answer a = set_answer(
      socket, is_bound ? CONNTRAIL_EMU_SITUATION_SET_BOUND : CONNTRAIL_EMU_SITUATION_SET_DONE,
      call);
  if (a.native == 0) {
    carry(socket, records);
  } else {
    conntrail__blob_release(records);
  }
  return a;
}

static answer set(conntrail__socket *socket, const conntrail__call *call) {
  answer a = {0, 0};
  if (socket->is_datagram) {
    return set_answer(socket, CONNTRAIL_EMU_SITUATION_SET_DATAGRAM, call);
  }
  if (socket->state == CONNTRAIL__LISTENING) {
    return set_answer(socket, CONNTRAIL_EMU_SITUATION_SET_LISTENING, call);
  }
  if (socket->state != CONNTRAIL__FRESH && socket->state != CONNTRAIL__BOUND) {
    conntrail__note_misuse(socket->emu, socket, CONNTRAIL_EMU_MISUSE_SET_AFTER_CONNECT, 0);
    return set_answer(socket, CONNTRAIL_EMU_SITUATION_SET_CONNECTED, call);
  }
  if (is_struck(socket, call, &a)) {
    return a;
  }
  if (socket->emu->options.windows_7) {
    a.native = CONNTRAIL__WSAEOPNOTSUPP;
    return a;
  }
  return socket->emu->options.unprivileged
             ? set_answer(socket, CONNTRAIL_EMU_SITUATION_SET_UNPRIVILEGED, call)
             : take_records(socket, call);
}

/* ---- Entry points --------------------------------------------------------------------------- */

uint32_t conntrail__socket_ioctl(conntrail__socket *socket, const conntrail__identity *who,
                                 const conntrail__call *call) {
  answer a = {conntrail__call_check(call), 0};
  conntrail__socket_appear(socket, who);
  if (a.native == 0 && conntrail__contract_is_empty(call)) {
    a = set_answer(socket, CONNTRAIL_EMU_SITUATION_SET_EMPTY, call);
  } else if (a.native == 0) {
    a = call->code == CONNTRAIL__SET_RECORDS ? set(socket, call) : query(socket, who, call);
  }
  if (call->bytes != NULL) {
    *call->bytes = a.bytes;
  }
  return a.native;
}

uint32_t conntrail__socket_original_destination(conntrail__socket *socket,
                                                const conntrail__identity *who,
                                                conntrail__address *destination) {
  uint32_t native = 0;
  uint32_t ignored;
  conntrail__socket_appear(socket, who);
  if (conntrail__fault_strikes(socket->emu, CONNTRAIL_EMU_ORIGINAL_DESTINATION, socket, &native,
                               &ignored)) {
    return native;
  }
  if (!socket->is_accepted || socket->flow == NULL) {
    return conntrail__profile_answer(socket->emu, socket,
                                     CONNTRAIL_EMU_SITUATION_ORIGINAL_NOT_REDIRECTED)
        .native;
  }
  conntrail__flow *flow = socket->flow;
  flow->asker = who->actor;
  *destination = flow->original;
  conntrail__event *event =
      conntrail__trail_add(socket->emu, CONNTRAIL_EMU_DESTINATION_QUERIED, socket);
  event->service = (uint8_t)(flow->service->index + 1);
  event->destination = flow->original;
  return 0;
}
