/* SPDX-License-Identifier: MIT */
#ifndef SYSTEM_H
#define SYSTEM_H

/* What differs between systems; each function stands in system_posix.c and system_windows.c. */

#include <stdbool.h>

/** What a program on sockets does first: WSAStartup there, no death by SIGPIPE here. */
bool system_begin(void);

/** Whether the last socket call failed only because it would have to wait. */
bool system_would_wait(void);

/** Whether standard output goes to a terminal that understands ANSI colours. */
bool system_has_terminal(void);

#endif
