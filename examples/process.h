/* SPDX-License-Identifier: MIT */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>

/** What a program on sockets does first: WSAStartup there, no death by SIGPIPE here. */
bool process_begin(void);

/** Whether standard output goes to a terminal that understands ANSI colours. */
bool process_has_terminal(void);

#endif
