/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* SOCK_NONBLOCK, SOCK_CLOEXEC */

#include "event_system.h"

#include <errno.h>

conntrail_socket conntrail__event_stream_socket(int family) {
  return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
}

/* An interrupted connect goes on as well: POSIX, connect(), EINTR. */
bool conntrail__event_is_connecting(void) {
  return errno == EINPROGRESS || errno == EINTR;
}
