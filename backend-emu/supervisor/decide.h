/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_DECIDE_H
#define CONNTRAIL_SUPERVISOR_DECIDE_H

/* What a supervisor adds to the decisions that all front ends share (frontend/decide.h). */

#include "../frontend/decide.h"
#include "known.h"
#include "notice.h"

/* A socket for those decisions. own: the program's, borrowed. */
conntrail__reference conntrail__refer_to(const conntrail__known *known, int own);

/* Where a connect of a stream goes. 0, or the errno with which it fails. */
int conntrail__lead_connect(const conntrail__notice *notice, const conntrail__reference *socket,
                            const conntrail__address *remote, conntrail__connect_target *target);

/* Port 53 of this host, which the scenario leaves alone, is not to be asked for names (E8). */
bool conntrail__leaks_names(const conntrail__notice *notice, const conntrail__address *target);
/* known.c: a stream socket was dissolved, and is listed as one that was just created. */
void conntrail__known_begins_anew(conntrail__supervisor *supervisor, conntrail__known *known);
/* ENETUNREACH, and a report, for a socket of another network namespace. Else 0. */
int conntrail__refuse_foreign(const conntrail__notice *notice, const conntrail__known *known);

/* A message call fails with this Winsock number, which can be asked for (linux.h). */
conntrail__answer conntrail__fail_message(const conntrail__notice *notice, uint32_t native);

#endif
