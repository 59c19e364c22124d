/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ENGINE_PENDING_H
#define CONNTRAIL_ENGINE_PENDING_H

/* Queries that were begun and are not answered yet. */

#include "engine.h"

/* The socket is closed. */
void conntrail__pending_abort(conntrail__socket *socket);

#endif
