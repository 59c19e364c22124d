/* SPDX-License-Identifier: MIT */
#ifndef KILL_AT_H
#define KILL_AT_H

/** The same function of the next library. */
void *kill_at_next(const char *name);

#endif
