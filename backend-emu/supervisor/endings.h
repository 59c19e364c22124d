/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_ENDINGS_H
#define CONNTRAIL_SUPERVISOR_ENDINGS_H

/* What has become of sockets. */

#include "known.h"

/* Before this is expected: an earlier connection with the same port has ended. */
void conntrail__make_way(conntrail__supervisor *supervisor, const conntrail__known *client);
void conntrail__on_endings(evutil_socket_t fd, short what, void *supervisor);
void conntrail__on_endings_pause(evutil_socket_t fd, short what, void *supervisor);
void conntrail__on_tick(evutil_socket_t fd, short what, void *supervisor);
/* The socket's connect has ended, if it has. */
void conntrail__settle(conntrail__known *known, int own);
/* What the kernel's list says of a connect that is underway. */
void conntrail__settle_by_list(const conntrail__supervisor *supervisor, conntrail__known *known);

#endif
