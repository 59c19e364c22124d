/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_CONNECT_DATAGRAM_H
#define CONNTRAIL_SUPERVISOR_CONNECT_DATAGRAM_H

/* connect() of UDP. */

#include "known.h"
#include "notice.h"

conntrail__answer conntrail__connect_datagram(const conntrail__notice *notice, int own,
                                              conntrail__known *known,
                                              const conntrail__address *remote);

#endif
