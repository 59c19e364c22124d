/* SPDX-License-Identifier: MIT */
#ifndef REFERENCE_PROXY_ONWARD_H
#define REFERENCE_PROXY_ONWARD_H

#include <stdbool.h>

#include "conntrail/conntrail.h"

/** Where an accepted connection goes on to, or why it does not. */
typedef struct onward {
  conntrail_socket socket; /* connecting, not blocking; CONNTRAIL_INVALID_SOCKET where it failed */
  bool is_connected;       /* already */
  struct sockaddr_storage destination; /* ss_family 0 where it is not known */
  conntrail_status destination_status;
  conntrail_status transfer_status; /* CONNTRAIL_PENDING where it did not come to that */
  const char *failed_step;          /* NULL where nothing failed */
  char why[128];
} onward;

/**
 * Everything that a proxy does for redirect records: asks for the original destination, makes a
 * socket, transfers the records, connects, in this order.
 *
 * @param accepted   what accept() gave
 * @param listening  where it was accepted: nobody is taken there again
 * @param otherwise  where a connection goes that nobody redirected; NULL: nowhere
 */
void onward_begin(conntrail_socket accepted, const struct sockaddr_storage *listening,
                  const struct sockaddr_storage *otherwise, onward *result);

#endif
