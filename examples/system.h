/* SPDX-License-Identifier: MIT */
#ifndef SYSTEM_H
#define SYSTEM_H

/* What differs between systems; each function stands in system_posix.c and system_windows.c. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "conntrail/platform.h"

/** What a program on sockets does first: WSAStartup there, no death by SIGPIPE here. */
bool system_begin(void);

/** Whether the last socket call failed only because it would have to wait. */
bool system_would_wait(void);

/** Whether it failed because the socket is not connected, or not yet. */
bool system_is_unconnected(void);

/** A TCP socket that does not block. */
conntrail_socket system_stream_socket(int family);

/** Whether an address is one of this host. */
bool system_has_address(const struct sockaddr_storage *address);

/** Sets the number by which firewall rules recognise a socket, SO_MARK on Linux. 0 changes nothing.
 * False: the system has none, or forbids it. */
bool system_set_mark(conntrail_socket of, uint32_t mark);

/** What is sent goes out at once, and does not wait for more to go with it. */
void system_send_at_once(conntrail_socket of);

/** send and recv, whose sizes have other types there. Negative where they fail. */
ptrdiff_t system_send(conntrail_socket to, const void *bytes, size_t size);
ptrdiff_t system_receive(conntrail_socket from, void *bytes, size_t capacity);

/** recv, that leaves the bytes to be received again. */
ptrdiff_t system_peek(conntrail_socket from, void *bytes, size_t capacity);

/** sendto and recvfrom, whose sizes have other types there. Negative where they fail. */
ptrdiff_t system_send_to(conntrail_socket from, const void *bytes, size_t size,
                         const struct sockaddr_in *to);
ptrdiff_t system_receive_from(conntrail_socket at, void *bytes, size_t capacity,
                              struct sockaddr_in *from);

/** Milliseconds since the beginning of 1970, UTC, by the clock that people set. */
int64_t system_milliseconds(void);

/** The same in seconds, as a date of UTC; for any thread. False: the system knows no such date. */
bool system_utc(int64_t seconds, struct tm *utc);

/** Whether standard output goes to a terminal that understands ANSI colours. */
bool system_has_terminal(void);

#endif
