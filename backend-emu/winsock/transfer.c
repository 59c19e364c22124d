/* SPDX-License-Identifier: MIT */

/* Sending and receiving: the system's alone. They are watched because a program that uses a
 * connection knows that its connect is done, and so must the engine. */

#include "winsock.h"

int WSAAPI conntrail__watched_send(SOCKET handle, const char *bytes, int size, int flags) {
  conntrail__connect_settle(handle);
  return conntrail__system_calls()->send(handle, bytes, size, flags);
}

int WSAAPI conntrail__watched_recv(SOCKET handle, char *bytes, int size, int flags) {
  conntrail__connect_settle(handle);
  return conntrail__system_calls()->recv(handle, bytes, size, flags);
}

int WSAAPI conntrail__watched_WSASend(SOCKET handle, WSABUF *buffers, DWORD count, DWORD *sent,
                                      DWORD flags, OVERLAPPED *overlapped,
                                      LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
  conntrail__connect_settle(handle);
  return conntrail__system_calls()->WSASend(handle, buffers, count, sent, flags, overlapped,
                                            routine);
}

int WSAAPI conntrail__watched_WSARecv(SOCKET handle, WSABUF *buffers, DWORD count, DWORD *received,
                                      DWORD *flags, OVERLAPPED *overlapped,
                                      LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
  conntrail__connect_settle(handle);
  return conntrail__system_calls()->WSARecv(handle, buffers, count, received, flags, overlapped,
                                            routine);
}
