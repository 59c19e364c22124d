/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_HANDLERS_H
#define CONNTRAIL_SUPERVISOR_HANDLERS_H

/* What is done with each call. */

#include "notice.h"

/* One file each. own is the program's socket, borrowed. */
typedef conntrail__answer (*conntrail__handler)(const conntrail__notice *notice, int own);
conntrail__answer conntrail__on_connect(const conntrail__notice *notice, int own);
conntrail__answer conntrail__on_bind(const conntrail__notice *notice, int own);
conntrail__answer conntrail__on_listen(const conntrail__notice *notice, int own);
conntrail__answer conntrail__on_getpeername(const conntrail__notice *notice, int own);
conntrail__answer conntrail__on_getsockopt(const conntrail__notice *notice, int own);
/* Whether a call has an answer of the emulated kernel's where its descriptor is none; own is -1
 * then. */
bool conntrail__answers_of_nothing(const conntrail__notice *notice);
conntrail__answer conntrail__on_setsockopt(const conntrail__notice *notice, int own);
conntrail__answer conntrail__on_send(const conntrail__notice *notice, int own);
conntrail__answer conntrail__on_receive(const conntrail__notice *notice, int own);

/* Of calls without a socket. */
typedef conntrail__answer (*conntrail__plain_handler)(const conntrail__notice *notice);
conntrail__answer conntrail__refuse_socket(const conntrail__notice *notice);
conntrail__answer conntrail__refuse_x32(const conntrail__notice *notice);
conntrail__answer conntrail__on_own_filter(const conntrail__notice *notice);
conntrail__answer conntrail__on_start(const conntrail__notice *notice);

#endif
