/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CLI_SUBREAPER_H
#define CONNTRAIL_CLI_SUBREAPER_H

#include <stdbool.h>

/*
 * Two processes: this one, which only waits, and one that acts. Whatever the second leaves behind,
 * and be it killed, the first ends. Answers the exit code.
 */
int conntrail__under_subreaper(int (*act)(void *arg), void *arg);

/* Signals every process below this one. False: there is none. number 0: only looks. */
bool conntrail__signal_below(int number);

#endif
