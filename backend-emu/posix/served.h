/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_POSIX_SERVED_H
#define CONNTRAIL_POSIX_SERVED_H

/* What served.c and served_datagram.c share. */

#include "channel.h"

/* Winsock's numbers, by the names of winsock2.h. */
enum { CONNTRAIL__NET_DOWN = 10050, CONNTRAIL__NO_BUFFERS = 10055 };

/* A request about a socket, by somebody; either may be NULL. */
CONNTRAIL__HIDDEN conntrail__request conntrail__served_request(uint16_t operation,
                                                               const conntrail__socket *socket,
                                                               const conntrail__identity *who);

/* served_decisions.c: decisions that the service lets this process repeat. The target of one for
 * remote; false: it must be asked. */
CONNTRAIL__HIDDEN bool conntrail__decision_repeat(const conntrail__address *remote,
                                                  conntrail__address *target);
CONNTRAIL__HIDDEN void conntrail__decision_keep(const conntrail__address *remote,
                                                const conntrail__address *target, uint32_t times);
/* This process accepted a connection: it may be a proxy, whose decisions depend on more. */
CONNTRAIL__HIDDEN void conntrail__decision_stop(void);

/* Stands for the service's emulation in this process; never looked into. */
CONNTRAIL__HIDDEN conntrail_emu *conntrail__served_token(void);

#endif
