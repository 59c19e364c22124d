/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_RELAY_H
#define CONNTRAIL_RELAY_H

#include "reference.h"

/*
 * (locked) Finds out the address that a new flow's datagrams come from. Where the client's own
 * socket already sends to the same target for another destination, makes a relay socket for this
 * flow. The client is bound afterwards. 0, or the system's error, and the flow never existed.
 */
int conntrail__relay_settle(const conntrail__reference *client,
                            conntrail__datagram_decision *decision);

#endif
