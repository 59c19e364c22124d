/* SPDX-License-Identifier: MIT */
#include "event_system.h"

#include <event2/util.h>

conntrail_socket conntrail__event_stream_socket(int family) {
  conntrail_socket made = socket(family, SOCK_STREAM, IPPROTO_TCP);
  if (made != CONNTRAIL_INVALID_SOCKET) {
    evutil_make_socket_nonblocking((evutil_socket_t)made);
    evutil_make_socket_closeonexec((evutil_socket_t)made);
  }
  return made;
}

bool conntrail__event_is_connecting(void) {
  return WSAGetLastError() == WSAEWOULDBLOCK;
}
