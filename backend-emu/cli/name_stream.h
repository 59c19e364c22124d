/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CLI_NAME_STREAM_H
#define CONNTRAIL_CLI_NAME_STREAM_H

/* DNS by TCP. */

#include <stdbool.h>
#include <stddef.h>

#include <event2/event.h>

/* The size of the answer; 0: there is none. out has room for CONNTRAIL__DNS_MESSAGE. */
typedef size_t (*conntrail__name_answer)(void *arg, const unsigned char *message, size_t size,
                                         unsigned char *out);

/* listening stays the caller's. False: no memory. */
bool conntrail__name_streams_accept(struct event_base *base, int listening,
                                    conntrail__name_answer answer, void *arg);

#endif
