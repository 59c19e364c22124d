/* SPDX-License-Identifier: MIT */

/*
 * [D] What ConnectEx and AcceptEx connected can be read, written and closed, and no more, until the
 * program sets SO_UPDATE_CONNECT_CONTEXT or SO_UPDATE_ACCEPT_CONTEXT. [S] Windows answers 10057 to
 * getpeername and shutdown before; Wine answers as if it were set.
 */

#include "winsock.h"

void conntrail__update_expect(SOCKET handle, bool is_due) {
  int error = WSAGetLastError();
  conntrail__native_lock();
  conntrail__descriptor *found = conntrail__descriptor_find(handle);
  if (found != NULL) {
    found->needs_update = is_due;
  }
  conntrail__native_unlock();
  WSASetLastError(error);
}

bool conntrail__update_is_missing(SOCKET handle) {
  conntrail__native_lock();
  const conntrail__descriptor *found = conntrail__descriptor_find(handle);
  bool is_missing = found != NULL && found->needs_update &&
                    conntrail__socket_state_of(found->socket) == CONNTRAIL__CONNECTED;
  if (is_missing) {
    conntrail__note_misuse(conntrail__socket_emulation(found->socket), found->socket,
                           CONNTRAIL_EMU_MISUSE_NOT_UPDATED, 0);
  }
  conntrail__native_unlock();
  if (is_missing) {
    WSASetLastError(WSAENOTCONN);
  }
  return is_missing;
}

int WSAAPI conntrail__watched_shutdown(SOCKET handle, int how) {
  conntrail__connect_settle(handle);
  return conntrail__update_is_missing(handle) ? SOCKET_ERROR
                                              : conntrail__system_calls()->shutdown(handle, how);
}
