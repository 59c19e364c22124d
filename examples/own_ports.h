/* SPDX-License-Identifier: MIT */
#ifndef OWN_PORTS_H
#define OWN_PORTS_H

#include <stdbool.h>

#include "conntrail/platform.h"

/**
 * The local ports of a proxy's outgoing sockets, for one protocol. A system without redirect
 * records sends a proxy's own connections back to it if its rules do not exempt them. The proxy
 * recognises such a connection here, instead of going in circles. All functions: any thread.
 */
typedef struct own_ports own_ports;

enum { OWN_PORTS_NONE = -1 };

/** NULL: no memory. */
own_ports *own_ports_new(void);
void own_ports_free(own_ports *all);

/**
 * Adds the local port of a socket that is connecting, or that has sent a datagram.
 *
 * @return for own_ports_remove(); OWN_PORTS_NONE if the socket has no port
 */
int own_ports_add(own_ports *all, conntrail_socket outgoing);
/** Removes it; OWN_PORTS_NONE is allowed. */
void own_ports_remove(own_ports *all, int added);

/** Whether a client's address is that of an outgoing socket of this proxy. */
bool own_ports_has(own_ports *all, const struct sockaddr_storage *client);

#endif
