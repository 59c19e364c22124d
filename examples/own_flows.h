/* SPDX-License-Identifier: MIT */
#ifndef OWN_FLOWS_H
#define OWN_FLOWS_H

#include <stdbool.h>

#include "conntrail/platform.h"

/**
 * The outgoing flows of a proxy, for one protocol: their ports and destinations. A system without
 * redirect records redirects a proxy's own connections to it if its rules do not exempt them. The
 * proxy recognises such a connection here, instead of looping. The port alone is not enough: Linux
 * gives the same port to two sockets that connect to two destinations.
 * All functions: any thread.
 */
typedef struct own_flows own_flows;

enum { OWN_FLOWS_NONE = -1 };

/** NULL: no memory. */
own_flows *own_flows_new(void);
void own_flows_free(own_flows *all);

/**
 * Adds the flow of a socket that is connecting, or that has sent a datagram, to a destination.
 *
 * @return for own_flows_remove(); OWN_FLOWS_NONE if the socket has no port
 */
int own_flows_add(own_flows *all, conntrail_socket outgoing,
                  const struct sockaddr_storage *destination);
/** Removes it; OWN_FLOWS_NONE is allowed. */
void own_flows_remove(own_flows *all, int added);

/**
 * Whether a flow is an outgoing one of this proxy.
 *
 * @param client       where it comes from
 * @param destination  where it was sent to, before any redirect
 */
bool own_flows_has(own_flows *all, const struct sockaddr_storage *client,
                   const struct sockaddr_storage *destination);

#endif
