/* SPDX-License-Identifier: MIT */

/* The calls that make a socket wait or not. Winsock does not say which it is, and a connect that
 * is refused is learnt at once or later accordingly. */

#include "winsock.h"

int WSAAPI conntrail__watched_ioctlsocket(SOCKET handle, long command, u_long *argument) {
  const conntrail__system *real = conntrail__system_calls();
  if (command != (long)FIONBIO || argument == NULL) {
    return real->ioctlsocket(handle, command, argument);
  }
  bool is_nonblocking = *argument != 0;
  return conntrail__descriptor_set_nonblocking(handle, is_nonblocking,
                                               real->ioctlsocket(handle, command, argument));
}

/* [D] Both make the socket one that does not block. */
int WSAAPI conntrail__watched_WSAEventSelect(SOCKET handle, HANDLE event, long events) {
  const conntrail__system *real = conntrail__system_calls();
  return conntrail__descriptor_set_nonblocking(handle, true,
                                               real->WSAEventSelect(handle, event, events));
}

int WSAAPI conntrail__watched_WSAAsyncSelect(SOCKET handle, HWND window, u_int message,
                                             long events) {
  const conntrail__system *real = conntrail__system_calls();
  return conntrail__descriptor_set_nonblocking(
      handle, true, real->WSAAsyncSelect(handle, window, message, events));
}
