/* SPDX-License-Identifier: MIT */
#ifndef DEMO_FORGETFUL_RELAY_H
#define DEMO_FORGETFUL_RELAY_H

#include "conntrail/platform.h"

struct event_base;

/** A UDP relay that sends on what it receives, and not the records that came with it. */
typedef struct forgetful_relay forgetful_relay;

/** NULL when it cannot receive. */
forgetful_relay *forgetful_relay_new(struct event_base *base, const struct sockaddr *address);
void forgetful_relay_free(forgetful_relay *relay);
const struct sockaddr *forgetful_relay_address(const forgetful_relay *relay);

#endif
