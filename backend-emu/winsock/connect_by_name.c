/* SPDX-License-Identifier: MIT */

/*
 * WSAConnectByName and WSAConnectByList connect inside the system, where the emulation cannot
 * redirect them. On a socket of an emulation they are refused, lest a test reach a real network
 * unseen.
 */

#include "winsock.h"

static bool is_emulated(SOCKET handle) {
  conntrail__native_lock();
  const conntrail__descriptor *found = conntrail__descriptor_find(handle);
  if (found != NULL) {
    conntrail__note_bypass(conntrail__socket_emulation(found->socket), found->socket,
                           CONNTRAIL__CONNECT_BY_NAME, WSAEOPNOTSUPP);
  }
  conntrail__native_unlock();
  if (found != NULL) {
    WSASetLastError(WSAEOPNOTSUPP);
  }
  return found != NULL;
}

BOOL WSAAPI conntrail__watched_WSAConnectByNameA(SOCKET handle, LPCSTR node, LPCSTR service,
                                                 DWORD *local_size, struct sockaddr *local,
                                                 DWORD *remote_size, struct sockaddr *remote,
                                                 const struct timeval *timeout,
                                                 OVERLAPPED *reserved) {
  return !is_emulated(handle) &&
         conntrail__system_calls()->WSAConnectByNameA(handle, node, service, local_size, local,
                                                      remote_size, remote, timeout, reserved);
}

BOOL WSAAPI conntrail__watched_WSAConnectByNameW(SOCKET handle, LPWSTR node, LPWSTR service,
                                                 DWORD *local_size, struct sockaddr *local,
                                                 DWORD *remote_size, struct sockaddr *remote,
                                                 const struct timeval *timeout,
                                                 OVERLAPPED *reserved) {
  return !is_emulated(handle) &&
         conntrail__system_calls()->WSAConnectByNameW(handle, node, service, local_size, local,
                                                      remote_size, remote, timeout, reserved);
}

BOOL WSAAPI conntrail__watched_WSAConnectByList(SOCKET handle, SOCKET_ADDRESS_LIST *list,
                                                DWORD *local_size, struct sockaddr *local,
                                                DWORD *remote_size, struct sockaddr *remote,
                                                const struct timeval *timeout,
                                                OVERLAPPED *reserved) {
  return !is_emulated(handle) &&
         conntrail__system_calls()->WSAConnectByList(handle, list, local_size, local, remote_size,
                                                     remote, timeout, reserved);
}
