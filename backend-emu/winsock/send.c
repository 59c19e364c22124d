/* SPDX-License-Identifier: MIT */

/* Sending to where a socket is connected: the system's alone. It is watched because a program that
 * uses a connection knows that its connect is done, and so must the engine. */

#include "winsock.h"

int WSAAPI conntrail__watched_send(SOCKET handle, const char *bytes, int size, int flags) {
  conntrail__connect_settle(handle);
  return conntrail__system_calls()->send(handle, bytes, size, flags);
}

int WSAAPI conntrail__watched_WSASend(SOCKET handle, WSABUF *buffers, DWORD count, DWORD *sent,
                                      DWORD flags, OVERLAPPED *overlapped,
                                      LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
  conntrail__connect_settle(handle);
  return conntrail__system_calls()->WSASend(handle, buffers, count, sent, flags, overlapped,
                                            routine);
}
