/* SPDX-License-Identifier: MIT */
#include "traced.h"

#include <stdio.h>

#include "transcript.h"

/* The native number says something after a failure only. Reading it must not disturb it. */
static unsigned long native_of(conntrail_status status) {
  return status < 0 ? (unsigned long)conntrail_native_error() : 0;
}

static const char *answer(conntrail_status status) {
  static char text[80];
  (void)snprintf(text, sizeof text, "%s native=%lu", conntrail_status_name(status),
                 native_of(status));
  return text;
}

conntrail_status t_query(query_kind kind, conntrail_socket socket, void *buffer, size_t capacity,
                         size_t *size) {
  conntrail_status status = kind == QUERY_RECORDS
                                ? conntrail_query_records(socket, buffer, capacity, size)
                                : conntrail_query_context(socket, buffer, capacity, size);
  bool tells_size =
      status == CONNTRAIL_OK || status == CONNTRAIL_BUFFER_TOO_SMALL || status == CONNTRAIL_LIMIT;
  transcript_line("query_%s socket=%s buffer=%s capacity=%zu -> %s size=%zu",
                  kind == QUERY_RECORDS ? "records" : "context", transcript_socket(socket),
                  buffer == NULL ? "null" : "given", capacity, answer(status),
                  tells_size ? *size : (size_t)0);
  return status;
}

conntrail_status t_query_records(conntrail_socket socket, void *buffer, size_t capacity,
                                 size_t *size) {
  return t_query(QUERY_RECORDS, socket, buffer, capacity, size);
}

conntrail_status t_query_context(conntrail_socket socket, void *buffer, size_t capacity,
                                 size_t *size) {
  return t_query(QUERY_CONTEXT, socket, buffer, capacity, size);
}

conntrail_status t_set_records(conntrail_socket socket, const void *records, size_t size) {
  conntrail_status status = conntrail_set_records(socket, records, size);
  transcript_line("set_records socket=%s records=%s size=%zu -> %s", transcript_socket(socket),
                  records == NULL ? "null" : "given", size, answer(status));
  return status;
}

conntrail_status t_transfer_records(conntrail_socket accepted, conntrail_socket outbound) {
  conntrail_status status = conntrail_transfer_records(accepted, outbound);
  transcript_line("transfer_records accepted=%s outbound=%s -> %s", transcript_socket(accepted),
                  transcript_socket(outbound), answer(status));
  return status;
}

static void line_destination(const char *operation, conntrail_socket socket,
                             conntrail_status status, const struct sockaddr_storage *destination) {
  transcript_line("%s socket=%s -> %s destination=%s", operation, transcript_socket(socket),
                  answer(status), status == CONNTRAIL_OK ? transcript_address(destination) : "");
}

conntrail_status t_original_destination(conntrail_socket accepted,
                                        struct sockaddr_storage *destination) {
  conntrail_status status = conntrail_original_destination(accepted, destination);
  line_destination("original_destination", accepted, status, destination);
  return status;
}

conntrail_status t_original_destination_by(conntrail_socket accepted,
                                           conntrail_context_decoder decode, void *argument,
                                           struct sockaddr_storage *destination) {
  conntrail_status status =
      conntrail_original_destination_by(accepted, decode, argument, destination);
  line_destination("original_destination_by", accepted, status, destination);
  return status;
}

conntrail_status t_decode_context(const void *context, size_t size,
                                  struct sockaddr_storage *destination) {
  conntrail_status status = conntrail_decode_context(context, size, destination);
  transcript_line("decode_context size=%zu -> %s destination=%s", size,
                  conntrail_status_name(status),
                  status == CONNTRAIL_OK ? transcript_address(destination) : "");
  return status;
}

net_result t_connect(conntrail_socket socket, const struct sockaddr_storage *address) {
  net_result result = net_connect(socket, address);
  transcript_line("connect socket=%s destination=%s -> %s", transcript_socket(socket),
                  transcript_address(address), net_result_name(result));
  return result;
}
