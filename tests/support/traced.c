/* SPDX-License-Identifier: MIT */
#include "traced.h"

#include <stdbool.h>
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
  conntrail_status status = conntrail_original_destination_by(accepted, CONNTRAIL_INVALID_SOCKET,
                                                              decode, argument, destination);
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

conntrail_status t_enable_messages(conntrail_socket socket) {
  conntrail_status status = conntrail_enable_messages(socket);
  transcript_line("enable_messages socket=%s -> %s", transcript_socket(socket), answer(status));
  return status;
}

/* Whether the answer came with a datagram. */
static bool has_datagram(conntrail_status status) {
  return status == CONNTRAIL_OK || status == CONNTRAIL_DATA_TRUNCATED ||
         status == CONNTRAIL_CONTROL_TRUNCATED || status == CONNTRAIL_INVALID_MESSAGE;
}

conntrail_status t_recvmsg(conntrail_socket socket, conntrail_message *message) {
  conntrail_status status = conntrail_recvmsg(socket, message);
  if (!has_datagram(status)) {
    transcript_line("recvmsg socket=%s -> %s", transcript_socket(socket), answer(status));
    return status;
  }
  transcript_line("recvmsg socket=%s -> %s size=%zu records=%zu context=%zu lost=%u from=%s",
                  transcript_socket(socket), answer(status), message->payload_size,
                  message->records_size, message->context_size, message->lost,
                  transcript_address(&message->peer));
  return status;
}

conntrail_status t_sendmsg(conntrail_socket socket, conntrail_message *message) {
  conntrail_status status = conntrail_sendmsg(socket, message);
  transcript_line("sendmsg socket=%s records=%zu -> %s", transcript_socket(socket),
                  message == NULL ? (size_t)0 : message->records_size, answer(status));
  return status;
}

net_result t_send_to(conntrail_socket socket, const void *bytes, size_t size,
                     const struct sockaddr_storage *to, net_way way) {
  net_result result = net_send_to(socket, bytes, size, to, way);
  transcript_line("send socket=%s way=%d size=%zu to=%s -> %s", transcript_socket(socket), (int)way,
                  size, to == NULL ? "its peer" : transcript_address(to), net_result_name(result));
  return result;
}

net_result t_receive_from(conntrail_socket socket, void *bytes, size_t capacity, size_t *size,
                          struct sockaddr_storage *from, net_way way) {
  net_result result = net_receive_from(socket, bytes, capacity, size, from, way);
  transcript_line("receive socket=%s way=%d -> %s from=%s", transcript_socket(socket), (int)way,
                  net_result_name(result), result == NET_OK ? transcript_address(from) : "nobody");
  return result;
}

net_result t_connect(conntrail_socket socket, const struct sockaddr_storage *address) {
  net_result result = net_connect(socket, address);
  transcript_line("connect socket=%s destination=%s -> %s", transcript_socket(socket),
                  transcript_address(address), net_result_name(result));
  return result;
}
