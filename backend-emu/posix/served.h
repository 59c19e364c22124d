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

/* Stands for the service's emulation in this process; never looked into. */
CONNTRAIL__HIDDEN conntrail_emu *conntrail__served_token(void);

#endif
