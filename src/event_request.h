/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_EVENT_REQUEST_H
#define CONNTRAIL_EVENT_REQUEST_H

/* What the files of conntrail-event share. */

#include "conntrail/event.h"

/* Called with the request's argument, instead of its callback, when it is dropped. */
void conntrail__request_on_drop(conntrail_request *request, void (*dropped)(void *argument));

#endif
