/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_EVENT_SYSTEM_H
#define CONNTRAIL_EVENT_SYSTEM_H

/* What differs between systems; each function stands in event_system_posix.c and in
 * event_system_windows.c. */

#include <stdbool.h>

#include "conntrail/platform.h"

/* A TCP socket that does not block, and that programs started later do not inherit.
 * CONNTRAIL_INVALID_SOCKET: the system's error number says why. */
conntrail_socket conntrail__event_stream_socket(int family);

/* Whether the connect that failed last, in this thread, only goes on without its caller. */
bool conntrail__event_is_connecting(void);

#endif
