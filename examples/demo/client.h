/* SPDX-License-Identifier: MIT */
#ifndef DEMO_CLIENT_H
#define DEMO_CLIENT_H

#include "files.h"

struct event_base;

/** What became of a request. */
typedef enum fetched {
  FETCHED,          /* the whole file, byte for byte */
  FETCHED_OTHER,    /* an answer that is not this file */
  FETCHED_NO_ANSWER /* the connection failed or ended before the answer did */
} fetched;

/**
 * Gets a file by HTTP from port 80 of an address, as a process of its own, and compares every byte
 * with what it should be.
 */
fetched client_fetch(struct event_base *base, const char *address, const file *expected);

#endif
