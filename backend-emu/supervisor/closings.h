/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_CLOSINGS_H
#define CONNTRAIL_SUPERVISOR_CLOSINGS_H

/* Sockets that every program has closed. */

#include "known.h"

/* It is: nothing is asked about it any more. */
void conntrail__end_known(conntrail__supervisor *supervisor, conntrail__known *known);
void conntrail__end_closed(conntrail__supervisor *supervisor);
/* Accepted connections that this process, which has ended, may have had. */
void conntrail__end_closed_of(conntrail__supervisor *supervisor, uint32_t process);
/* Before a connect to remote is decided: what was accepted for there may be closed. */
void conntrail__end_closed_for(const conntrail__notice *notice, const conntrail__address *remote);

#endif
