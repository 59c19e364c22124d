/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_TRACED_H
#define CONNTRAIL_TESTS_TRACED_H

/*
 * The calls of conntrail.h, each with a line in the transcript: operation, arguments, status,
 * native number and sizes. Parameters and answers as in conntrail.h.
 */

#include "conntrail/conntrail.h"
#include "conntrail/datagram.h"
#include "net.h"

/* What a query asks for: the cases that hold for both codes are written once. */
typedef enum query_kind { QUERY_RECORDS, QUERY_CONTEXT } query_kind;

conntrail_status t_query(query_kind kind, conntrail_socket socket, void *buffer, size_t capacity,
                         size_t *size);
conntrail_status t_query_records(conntrail_socket socket, void *buffer, size_t capacity,
                                 size_t *size);
conntrail_status t_query_context(conntrail_socket socket, void *buffer, size_t capacity,
                                 size_t *size);
conntrail_status t_set_records(conntrail_socket socket, const void *records, size_t size);
conntrail_status t_transfer_records(conntrail_socket accepted, conntrail_socket outbound);
conntrail_status t_original_destination(conntrail_socket accepted,
                                        struct sockaddr_storage *destination);
conntrail_status t_original_destination_by(conntrail_socket accepted,
                                           conntrail_context_decoder decode, void *argument,
                                           struct sockaddr_storage *destination);
conntrail_status t_decode_context(const void *context, size_t size,
                                  struct sockaddr_storage *destination);
conntrail_status t_enable_messages(conntrail_socket socket);
conntrail_status t_recvmsg(conntrail_socket socket, conntrail_message *message);
conntrail_status t_sendmsg(conntrail_socket socket, conntrail_message *message);
net_result t_send_to(conntrail_socket socket, const void *bytes, size_t size,
                     const struct sockaddr_storage *to, net_way way);
net_result t_receive_from(conntrail_socket socket, void *bytes, size_t capacity, size_t *size,
                          struct sockaddr_storage *from, net_way way);
net_result t_connect(conntrail_socket socket, const struct sockaddr_storage *address);

#endif
