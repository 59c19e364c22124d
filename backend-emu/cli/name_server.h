/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CLI_NAME_SERVER_H
#define CONNTRAIL_CLI_NAME_SERVER_H

/* The process that answers for "hosts" of a scenario: DNS by UDP and TCP. It is a process of its
 * own, so that nothing that comes there holds the supervisor up. */

#include "dns_message.h"

enum { CONNTRAIL__NAME_PLACES = 2 /* 127.0.0.1, [::1] */ };

/* Bound, and listening. -1: this system has no such family. */
typedef struct conntrail__name_sockets {
  int udp[CONNTRAIL__NAME_PLACES];
  int tcp[CONNTRAIL__NAME_PLACES];
} conntrail__name_sockets;

/* Answers until it is ended. unknown: a socket for whole messages, where each name goes that is
 * none of hosts. */
_Noreturn void conntrail__name_server_run(const conntrail__scenario *scenario,
                                          const conntrail__name_sockets *sockets, int unknown);

#endif
