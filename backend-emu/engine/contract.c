/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "datagram_flow.h"

/*
 * The contract of the three control codes: which number, which byte count, in which order when
 * several apply (Q16), under each profile. docs/behaviour.md has the table.
 */

enum { LARGEST_ASKED = 65536 };

typedef struct answer {
  uint32_t native;
  uint32_t bytes;
} answer;

bool conntrail__is_redirect_code(uint32_t code) {
  return code >= CONNTRAIL__QUERY_RECORDS_CODE && code <= CONNTRAIL__SET_RECORDS_CODE;
}

static conntrail_emu_operation operation_of(uint32_t code) {
  return (conntrail_emu_operation)(CONNTRAIL_EMU_QUERY_RECORDS +
                                   (code - CONNTRAIL__QUERY_RECORDS_CODE));
}

uint32_t conntrail__call_check(const conntrail__call *call) {
  if (call->bytes == NULL) {
    return CONNTRAIL__WSAEFAULT;
  }
  if (call->code != CONNTRAIL__SET_RECORDS_CODE) {
    return call->out == NULL && call->capacity > 0 ? CONNTRAIL__WSAEFAULT : 0;
  }
  if (call->in == NULL && call->in_size > 0) {
    return CONNTRAIL__WSAEFAULT;
  }
  return call->in_size == 0 || call->capacity > 0 ? CONNTRAIL__WSAEINVAL : 0;
}

/* ---- What each profile says ----------------------------------------------------------------- */

static answer not_found(conntrail_emu *emu) {
  static const uint32_t in_turn[] = {CONNTRAIL__FWP_E_NOT_FOUND, CONNTRAIL__ERROR_NOT_FOUND,
                                     CONNTRAIL__WSAEINVAL};
  answer a = {CONNTRAIL__FWP_E_NOT_FOUND, 0};
  if (emu->options.profile == CONNTRAIL_EMU_MEASURED) {
    a.native = CONNTRAIL__WSAEINVAL;
  } else if (emu->options.profile == CONNTRAIL_EMU_CONTRARY) {
    a.native = in_turn[emu->turns.not_found++ % 3];
  }
  return a;
}

/* A system that says 10022 without a size to the largest buffer too is not known, and its "too
 * small" could not be told from "not redirected" (Q4, Q5). */
static answer too_small(conntrail_emu *emu, uint32_t needed, uint32_t capacity) {
  static const uint32_t in_turn[] = {CONNTRAIL__ERROR_INSUFFICIENT_BUFFER, CONNTRAIL__WSAEFAULT,
                                     CONNTRAIL__WSAEMSGSIZE, CONNTRAIL__WSAENOBUFS,
                                     CONNTRAIL__WSAEINVAL};
  answer a = {CONNTRAIL__ERROR_INSUFFICIENT_BUFFER, needed};
  if (emu->options.profile == CONNTRAIL_EMU_CONTRARY) {
    a.native = in_turn[emu->turns.too_small++ % (capacity < LARGEST_ASKED ? 5 : 4)];
    a.bytes = a.native == CONNTRAIL__WSAEINVAL ? 0 : needed;
  }
  return a;
}

static answer size_alone(conntrail_emu *emu, uint32_t needed) {
  static const uint32_t in_turn[] = {0, CONNTRAIL__ERROR_INSUFFICIENT_BUFFER, CONNTRAIL__WSAEINVAL};
  answer a = {CONNTRAIL__ERROR_INSUFFICIENT_BUFFER, needed};
  if (emu->options.profile == CONNTRAIL_EMU_CONTRARY) {
    a.native = in_turn[emu->turns.no_capacity++ % 3];
    a.bytes = a.native == CONNTRAIL__WSAEINVAL ? 0 : needed;
  }
  return a;
}

/* [D] "cbOutBuffer must be at least sizeof(ULONG)" against [S] the size all the same. */
static bool rejects_tiny(conntrail_emu *emu) {
  if (emu->options.profile == CONNTRAIL_EMU_CONTRARY) {
    return emu->turns.tiny_capacity++ % 2 == 0;
  }
  return emu->options.profile == CONNTRAIL_EMU_DOCUMENTED;
}

static answer size_answer(conntrail_emu *emu, uint32_t needed, uint32_t capacity) {
  answer fits = {0, needed};
  answer rejected = {CONNTRAIL__WSAEINVAL, 0};
  if (capacity == 0) {
    return size_alone(emu, needed);
  }
  if (capacity < sizeof(uint32_t) && rejects_tiny(emu)) {
    return rejected;
  }
  if (capacity >= needed) {
    return fits;
  }
  return capacity < sizeof(uint32_t) ? (answer){CONNTRAIL__ERROR_INSUFFICIENT_BUFFER, needed}
                                     : too_small(emu, needed, capacity);
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
  conntrail_emu_event_kind kind = call->code == CONNTRAIL__QUERY_RECORDS_CODE
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

static answer read_blob(conntrail__socket *socket, const conntrail__call *call) {
  conntrail__flow *flow = arrived_at(socket);
  bool is_records = call->code == CONNTRAIL__QUERY_RECORDS_CODE;
  uint32_t needed = 0;
  if (flow != NULL && flow->records != NULL) {
    needed = is_records ? flow->records->size : conntrail__context_size(flow);
  }
  if (needed == 0) {
    return not_found(socket->emu);
  }
  answer a = size_answer(socket->emu, needed, call->capacity);
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
  return conntrail__fault_strikes(socket->emu, operation_of(call->code), socket, &a->native,
                                  &a->bytes);
}

static answer query(conntrail__socket *socket, const conntrail__identity *who,
                    const conntrail__call *call) {
  answer a = {CONNTRAIL__WSAENOTCONN, 0};
  if (socket->state != CONNTRAIL__CONNECTED) {
    if (socket->state == CONNTRAIL__LISTENING) {
      conntrail__note_misuse(socket->emu, socket, CONNTRAIL_EMU_MISUSE_LISTENER_QUERIED, 0);
    }
    return a;
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

static answer take_records(conntrail__socket *socket, const conntrail__call *call) {
  answer refused = {CONNTRAIL__WSAEINVAL, 0};
  bool no_memory;
  conntrail__blob *records =
      conntrail__records_accept(socket->emu, call->in, call->in_size, &no_memory);
  if (records == NULL) {
    refused.native = no_memory ? CONNTRAIL__WSAENOBUFS : CONNTRAIL__WSAEINVAL;
    return refused;
  }
  if (socket->state == CONNTRAIL__BOUND) {
    conntrail__note_misuse(socket->emu, socket, CONNTRAIL_EMU_MISUSE_SET_AFTER_BIND, 0);
  }
  conntrail__blob_release(socket->carried);
  socket->carried = records;
  conntrail__records_taken(socket, records);
  switch (socket->emu->options.profile) {
  case CONNTRAIL_EMU_DOCUMENTED:
    return (answer){0, call->in_size};
  case CONNTRAIL_EMU_CONTRARY:
    return (answer){0, *call->bytes};
  case CONNTRAIL_EMU_MEASURED:
  default:
    return (answer){0, 0};
  }
}

static answer set(conntrail__socket *socket, const conntrail__call *call) {
  answer a = {CONNTRAIL__WSAEINVAL, 0};
  if (socket->is_datagram || socket->state == CONNTRAIL__LISTENING) {
    return a;
  }
  if (socket->state != CONNTRAIL__FRESH && socket->state != CONNTRAIL__BOUND) {
    conntrail__note_misuse(socket->emu, socket, CONNTRAIL_EMU_MISUSE_SET_AFTER_CONNECT, 0);
    return a;
  }
  if (is_struck(socket, call, &a)) {
    return a;
  }
  if (socket->emu->options.windows_7) {
    a.native = CONNTRAIL__WSAEOPNOTSUPP;
    return a;
  }
  if (socket->emu->options.unprivileged) {
    a.native = CONNTRAIL__WSAEACCES;
    return a;
  }
  return take_records(socket, call);
}

/* ---- Entry points --------------------------------------------------------------------------- */

uint32_t conntrail__socket_ioctl(conntrail__socket *socket, const conntrail__identity *who,
                                 const conntrail__call *call) {
  answer a = {conntrail__call_check(call), 0};
  if (a.native == 0) {
    a = call->code == CONNTRAIL__SET_RECORDS_CODE ? set(socket, call) : query(socket, who, call);
  }
  if (call->bytes != NULL) {
    *call->bytes = a.bytes;
  }
  return a.native;
}

/* Q16 as far as it goes without a record: kind, then state. */
static uint32_t check_stranger(const conntrail__stranger *stranger, uint32_t code) {
  if (!stranger->is_socket) {
    return CONNTRAIL__WSAENOTSOCK;
  }
  if (!stranger->is_internet || (!stranger->is_stream && !stranger->is_datagram)) {
    return CONNTRAIL__WSAEINVAL;
  }
  if (code == CONNTRAIL__SET_RECORDS_CODE) {
    bool is_fresh = stranger->is_stream && !stranger->is_listening && !stranger->is_connected;
    return is_fresh ? 0 : CONNTRAIL__WSAEINVAL;
  }
  return stranger->is_connected ? 0 : CONNTRAIL__WSAENOTCONN;
}

uint32_t conntrail__idle_ioctl(const conntrail__stranger *stranger, const conntrail__call *call) {
  uint32_t native = conntrail__call_check(call);
  if (call->bytes != NULL) {
    *call->bytes = 0;
  }
  if (native == 0) {
    native = check_stranger(stranger, call->code);
  }
  return native == 0 ? CONNTRAIL__WSAEOPNOTSUPP : native;
}

static answer answer_stranger(conntrail_emu *emu, const conntrail__stranger *stranger,
                              uint32_t code) {
  answer a = {check_stranger(stranger, code), 0};
  if (stranger->is_socket && stranger->is_internet && stranger->is_stream) {
    conntrail__note_misuse(emu, NULL, CONNTRAIL_EMU_MISUSE_OUTSIDE, 0);
  }
  if (a.native != 0 ||
      conntrail__fault_strikes(emu, operation_of(code), NULL, &a.native, &a.bytes)) {
    return a;
  }
  if (emu->options.windows_7) {
    a.native = CONNTRAIL__WSAEOPNOTSUPP;
    return a;
  }
  a.native = CONNTRAIL__WSAEINVAL;
  return code == CONNTRAIL__SET_RECORDS_CODE ? a : not_found(emu);
}

uint32_t conntrail__stranger_ioctl(conntrail_emu *emu, const conntrail__stranger *stranger,
                                   const conntrail__call *call) {
  answer a = {conntrail__call_check(call), 0};
  if (a.native == 0) {
    a = answer_stranger(emu, stranger, call->code);
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
  if (conntrail__fault_strikes(socket->emu, CONNTRAIL_EMU_ORIGINAL_DESTINATION, socket, &native,
                               &ignored)) {
    return native;
  }
  if (!socket->is_accepted || socket->flow == NULL) {
    return CONNTRAIL__ERROR_NOT_FOUND;
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
