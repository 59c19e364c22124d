/* SPDX-License-Identifier: MIT */

/* Where the sender of a datagram wanted it to go, and replies that seem to come from there. */

#include <string.h>

#include "backend.h"
#include "conntrail/conntrail.h"
#include "conntrail/datagram.h"
#include "context.h"
#include "failure.h"

static conntrail_status check_flow(const conntrail_flow *flow) {
  if (flow == NULL) {
    return CONNTRAIL_FAULT;
  }
  return flow->struct_size == sizeof *flow ? CONNTRAIL_OK : CONNTRAIL_INVALID;
}

static conntrail_status check_first(const conntrail_message *first, const conntrail_flow *flow) {
  conntrail_status status = check_flow(flow);
  if (status != CONNTRAIL_OK || first == NULL) {
    return first == NULL ? CONNTRAIL_FAULT : status;
  }
  return first->struct_size == sizeof *first ? CONNTRAIL_OK : CONNTRAIL_INVALID;
}

/* ---- The destination ------------------------------------------------------------------------- */

static conntrail__verdict read_context(conntrail_socket socket, const conntrail_message *first,
                                       conntrail_context_decoder decode, void *argument,
                                       struct sockaddr_storage *destination) {
  if ((first->lost & CONNTRAIL_LOST_CONTEXT) != 0 || first->context == NULL) {
    return conntrail__own_verdict(CONNTRAIL_CONTROL_TRUNCATED);
  }
  conntrail_status status =
      conntrail__decode(first->context, first->context_size, decode, argument, destination);
  if (status == CONNTRAIL_UNKNOWN_LAYOUT) {
    conntrail__backend_layout_did_not_fit(socket, (uint32_t)first->context_size);
  }
  return conntrail__own_verdict(status);
}

/* Without a context: the system's own answer, or none. */
static conntrail__verdict ask_system(conntrail_socket socket, const conntrail_message *first,
                                     struct sockaddr_storage *destination) {
  uint32_t native = conntrail__backend_has_records(socket);
  if (native == CONNTRAIL__NO_RECORDS) {
    return conntrail__native_verdict(
        conntrail__backend_datagram_destination(socket, &first->peer, &first->local, destination));
  }
  if (native != 0) {
    return conntrail__native_verdict(native);
  }
  if ((first->lost & CONNTRAIL_LOST_CONTROL) != 0) {
    return conntrail__own_verdict(CONNTRAIL_CONTROL_TRUNCATED);
  }
  return conntrail__own_verdict(first->records_size > 0 ? CONNTRAIL_NO_CONTEXT
                                                        : CONNTRAIL_NOT_REDIRECTED);
}

conntrail_status conntrail_datagram_destination(conntrail_socket socket,
                                                const conntrail_message *first,
                                                conntrail_context_decoder decode, void *argument,
                                                conntrail_flow *flow) {
  struct sockaddr_storage destination;
  conntrail_status arguments = check_first(first, flow);
  if (arguments != CONNTRAIL_OK) {
    return conntrail__report(conntrail__own_verdict(arguments));
  }
  memset(&destination, 0, sizeof destination);
  conntrail__verdict verdict = first->context_size > 0
                                   ? read_context(socket, first, decode, argument, &destination)
                                   : ask_system(socket, first, &destination);
  if (verdict.status != CONNTRAIL_OK) {
    return conntrail__report(verdict);
  }
  flow->peer = first->peer;
  flow->local = first->local;
  flow->destination = destination;
  return CONNTRAIL_OK;
}

/* ---- Replies --------------------------------------------------------------------------------- */

/* Where redirect records exist, the system itself shows the destination as the sender (M7). */
static conntrail_status send_plain(conntrail_socket socket, const conntrail_flow *flow,
                                   conntrail_buffer *payload, size_t payload_count) {
  conntrail_message message = CONNTRAIL_MESSAGE_INIT;
  message.peer = flow->peer;
  message.payload = payload;
  message.payload_count = payload_count;
  return conntrail_sendmsg(socket, &message);
}

static conntrail_status check_payload(const conntrail_buffer *payload, size_t payload_count) {
  if (payload_count > CONNTRAIL_MOST_BUFFERS) {
    return CONNTRAIL_LIMIT;
  }
  if (payload == NULL && payload_count > 0) {
    return CONNTRAIL_FAULT;
  }
  for (size_t i = 0; i < payload_count; i++) {
    if (payload[i].bytes == NULL && payload[i].size > 0) {
      return CONNTRAIL_FAULT;
    }
  }
  return CONNTRAIL_OK;
}

static conntrail_status check_reply(const conntrail_flow *flow, const conntrail_buffer *payload,
                                    size_t payload_count) {
  conntrail_status status = check_flow(flow);
  if (status == CONNTRAIL_OK && flow->peer.ss_family == AF_UNSPEC) {
    status = CONNTRAIL_INVALID;
  }
  return status != CONNTRAIL_OK ? status : check_payload(payload, payload_count);
}

conntrail_status conntrail_reply(conntrail_socket socket, conntrail_flow *flow,
                                 conntrail_buffer *payload, size_t payload_count) {
  conntrail_status status = check_reply(flow, payload, payload_count);
  if (status != CONNTRAIL_OK) {
    return conntrail__report(conntrail__own_verdict(status));
  }
  if (flow->local.ss_family == AF_UNSPEC) {
    return send_plain(socket, flow, payload, payload_count);
  }
  const conntrail__reply reply = {.peer = &flow->peer,
                                  .local = &flow->local,
                                  .destination = &flow->destination,
                                  .payload = payload,
                                  .payload_count = (uint32_t)payload_count,
                                  .transparent = &flow->library_socket};
  return conntrail__report(conntrail__message_verdict(conntrail__backend_reply(socket, &reply)));
}

void conntrail_flow_end(conntrail_flow *flow) {
  if (flow != NULL && flow->library_socket != CONNTRAIL_INVALID_SOCKET) {
    conntrail__backend_close(flow->library_socket);
    flow->library_socket = CONNTRAIL_INVALID_SOCKET;
  }
}

/* ---- The listening socket -------------------------------------------------------------------- */

conntrail_status conntrail_prepare_listener(conntrail_socket socket, unsigned flags) {
  conntrail__socket_facts facts = {.is_internet = false};
  if ((flags & ~CONNTRAIL_LISTEN_TRANSPARENT) != 0) {
    return conntrail__report(conntrail__own_verdict(CONNTRAIL_INVALID));
  }
  uint32_t native = conntrail__backend_describe(socket, &facts);
  if (native != 0) {
    return conntrail__report(conntrail__native_verdict(native));
  }
  if (!facts.is_internet || !(facts.is_stream || facts.is_datagram)) {
    return conntrail__report(conntrail__own_verdict(CONNTRAIL_INVALID));
  }
  return conntrail__report(
      conntrail__native_verdict(conntrail__backend_prepare_listener(socket, flags)));
}
