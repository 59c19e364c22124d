/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_WATCHED_H
#define CONNTRAIL_WATCHED_H

/*
 * The one list of the calls that the emulation takes over:
 * X(library, result, name, bytes of its arguments on 32-bit Windows, (parameters)).
 */

#include "../../backend-win/win.h"

#define CONNTRAIL__WATCHED_MAP(X)                                                                  \
  X(ws2_32, SOCKET, socket, 12, (int, int, int))                                                   \
  X(ws2_32, SOCKET, WSASocketA, 24, (int, int, int, WSAPROTOCOL_INFOA *, GROUP, DWORD))            \
  X(ws2_32, SOCKET, WSASocketW, 24, (int, int, int, WSAPROTOCOL_INFOW *, GROUP, DWORD))            \
  X(ws2_32, int, WSADuplicateSocketA, 12, (SOCKET, DWORD, WSAPROTOCOL_INFOA *))                    \
  X(ws2_32, int, WSADuplicateSocketW, 12, (SOCKET, DWORD, WSAPROTOCOL_INFOW *))                    \
  X(ws2_32, int, closesocket, 4, (SOCKET))                                                         \
  X(ws2_32, int, bind, 12, (SOCKET, const struct sockaddr *, int))                                 \
  X(ws2_32, int, listen, 8, (SOCKET, int))                                                         \
  X(ws2_32, SOCKET, accept, 12, (SOCKET, struct sockaddr *, int *))                                \
  X(ws2_32, SOCKET, WSAAccept, 20, (SOCKET, struct sockaddr *, int *, LPCONDITIONPROC, DWORD_PTR)) \
  X(ws2_32, int, connect, 12, (SOCKET, const struct sockaddr *, int))                              \
  X(ws2_32, int, WSAConnect, 28,                                                                   \
    (SOCKET, const struct sockaddr *, int, WSABUF *, WSABUF *, QOS *, QOS *))                      \
  X(ws2_32, BOOL, WSAConnectByNameA, 36,                                                           \
    (SOCKET, LPCSTR, LPCSTR, DWORD *, struct sockaddr *, DWORD *, struct sockaddr *,               \
     const struct timeval *, OVERLAPPED *))                                                        \
  X(ws2_32, BOOL, WSAConnectByNameW, 36,                                                           \
    (SOCKET, LPWSTR, LPWSTR, DWORD *, struct sockaddr *, DWORD *, struct sockaddr *,               \
     const struct timeval *, OVERLAPPED *))                                                        \
  X(ws2_32, BOOL, WSAConnectByList, 32,                                                            \
    (SOCKET, SOCKET_ADDRESS_LIST *, DWORD *, struct sockaddr *, DWORD *, struct sockaddr *,        \
     const struct timeval *, OVERLAPPED *))                                                        \
  X(ws2_32, int, ioctlsocket, 12, (SOCKET, long, u_long *))                                        \
  X(ws2_32, int, WSAEventSelect, 12, (SOCKET, HANDLE, long))                                       \
  X(ws2_32, int, WSAAsyncSelect, 16, (SOCKET, HWND, u_int, long))                                  \
  X(ws2_32, int, send, 16, (SOCKET, const char *, int, int))                                       \
  X(ws2_32, int, recv, 16, (SOCKET, char *, int, int))                                             \
  X(ws2_32, int, WSASend, 28,                                                                      \
    (SOCKET, WSABUF *, DWORD, DWORD *, DWORD, OVERLAPPED *, LPWSAOVERLAPPED_COMPLETION_ROUTINE))   \
  X(ws2_32, int, WSARecv, 28,                                                                      \
    (SOCKET, WSABUF *, DWORD, DWORD *, DWORD *, OVERLAPPED *, LPWSAOVERLAPPED_COMPLETION_ROUTINE)) \
  X(ws2_32, int, sendto, 24, (SOCKET, const char *, int, int, const struct sockaddr *, int))       \
  X(ws2_32, int, recvfrom, 24, (SOCKET, char *, int, int, struct sockaddr *, int *))               \
  X(ws2_32, int, WSASendTo, 36,                                                                    \
    (SOCKET, WSABUF *, DWORD, DWORD *, DWORD, const struct sockaddr *, int, OVERLAPPED *,          \
     LPWSAOVERLAPPED_COMPLETION_ROUTINE))                                                          \
  X(ws2_32, int, WSARecvFrom, 36,                                                                  \
    (SOCKET, WSABUF *, DWORD, DWORD *, DWORD *, struct sockaddr *, int *, OVERLAPPED *,            \
     LPWSAOVERLAPPED_COMPLETION_ROUTINE))                                                          \
  X(ws2_32, int, WSASendMsg, 24,                                                                   \
    (SOCKET, WSAMSG *, DWORD, DWORD *, OVERLAPPED *, LPWSAOVERLAPPED_COMPLETION_ROUTINE))          \
  X(ws2_32, int, shutdown, 8, (SOCKET, int))                                                       \
  X(ws2_32, int, getpeername, 12, (SOCKET, struct sockaddr *, int *))                              \
  X(ws2_32, int, getsockopt, 20, (SOCKET, int, int, char *, int *))                                \
  X(ws2_32, int, setsockopt, 20, (SOCKET, int, int, const char *, int))                            \
  X(ws2_32, int, WSAIoctl, 36,                                                                     \
    (SOCKET, DWORD, void *, DWORD, void *, DWORD, DWORD *, OVERLAPPED *,                           \
     LPWSAOVERLAPPED_COMPLETION_ROUTINE))                                                          \
  X(ws2_32, BOOL, WSAGetOverlappedResult, 20, (SOCKET, OVERLAPPED *, DWORD *, BOOL, DWORD *))      \
  X(kernel32, BOOL, CancelIo, 4, (HANDLE))                                                         \
  X(kernel32, BOOL, CancelIoEx, 8, (HANDLE, OVERLAPPED *))                                         \
  X(kernel32, HANDLE, CreateIoCompletionPort, 16, (HANDLE, HANDLE, ULONG_PTR, DWORD))              \
  X(kernel32, BOOL, SetFileCompletionNotificationModes, 8, (HANDLE, UCHAR))

#endif
