/* SPDX-License-Identifier: MIT */
#ifndef SYSTEM_H
#define SYSTEM_H

/* What differs between systems; each function stands in system_posix.c and system_windows.c. */

#include <stdbool.h>
#include <stddef.h>

#include "conntrail/platform.h"

/** What a program on sockets does first: WSAStartup there, no death by SIGPIPE here. */
bool system_begin(void);

/** Whether the last socket call failed only because it would have to wait. */
bool system_would_wait(void);

/** sendto and recvfrom, whose sizes have other types there. Negative where they fail. */
ptrdiff_t system_send_to(conntrail_socket from, const void *bytes, size_t size,
                         const struct sockaddr_in *to);
ptrdiff_t system_receive_from(conntrail_socket at, void *bytes, size_t capacity,
                              struct sockaddr_in *from);

/** Whether standard output goes to a terminal that understands ANSI colours. */
bool system_has_terminal(void);

#endif
