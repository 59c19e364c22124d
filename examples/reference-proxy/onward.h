/* SPDX-License-Identifier: MIT */
#ifndef REFERENCE_PROXY_ONWARD_H
#define REFERENCE_PROXY_ONWARD_H

#include <stdbool.h>

#include "conntrail/conntrail.h"
#include "own_flows.h"

/** Where a connection was accepted, and the options for it. */
typedef struct onward_from {
  conntrail_socket listener;
  const struct sockaddr_storage *otherwise; /* the destination of a connection that was not
                                               redirected; NULL: nowhere */
  uint32_t mark;                            /* of the outgoing socket; 0: none */
  own_flows *outgoing;                      /* of all workers */
} onward_from;

/** The onward connection, or why there is none. */
typedef struct onward {
  conntrail_socket socket; /* connecting, not blocking; CONNTRAIL_INVALID_SOCKET if it failed */
  int own_flow;            /* for own_flows_remove() when the socket is closed */
  bool is_connected;       /* already */
  bool is_loop;            /* the connection is one of the proxy's own */
  struct sockaddr_storage destination; /* ss_family 0 if it is unknown */
  conntrail_status destination_status;
  conntrail_status transfer_status; /* CONNTRAIL_PENDING if there was no transfer */
  const char *failed_step;          /* NULL if nothing failed */
  char why[128];
} onward;

/**
 * Everything that a proxy does for redirect records: asks for the original destination, makes a
 * socket, transfers the records, connects, in this order.
 *
 * @param accepted  the socket that accept() returned
 */
void onward_begin(conntrail_socket accepted, const onward_from *from, onward *result);

#endif
