/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_POSIX_FRAME_H
#define CONNTRAIL_POSIX_FRAME_H

/* Frames to and from the service (service/protocol.h), and a descriptor that goes with one. */

#include "../service/protocol.h"
#include "interpose.h"

/* enclosed: -1: none; it stays the caller's. False, with errno: the service does not read, or is
 * gone. */
CONNTRAIL__HIDDEN bool conntrail__frame_send(int fd, const conntrail__request *request,
                                             const void *payload, int enclosed);
/* As recvmsg. enclosed: out, the descriptor that comes along, the caller's; or -1. NULL where none
 * is awaited. */
CONNTRAIL__HIDDEN ssize_t conntrail__frame_receive(int fd, void *frame, size_t room, int *enclosed);

#endif
