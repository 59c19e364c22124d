/* SPDX-License-Identifier: MIT */

/* A SOCKET's life: created, known under one more name, closed. */

#include "winsock.h"

static bool is_tracked(int family, int type) {
  return (family == AF_INET || family == AF_INET6) && (type == SOCK_STREAM || type == SOCK_DGRAM);
}

/* The system may have chosen family and type itself, by 0 or by a WSAPROTOCOL_INFO. */
static bool find_kind(SOCKET handle, int *family, int *type) {
  WSAPROTOCOL_INFOW protocol;
  int size = (int)sizeof protocol;
  if (conntrail__system_calls()->getsockopt(handle, SOL_SOCKET, SO_PROTOCOL_INFOW,
                                            (char *)&protocol, &size) != 0) {
    return false;
  }
  *family = protocol.iAddressFamily;
  *type = protocol.iSocketType;
  return true;
}

/* (locked) 0, or Winsock's error. */
static int track(SOCKET handle, bool overlapped) {
  int family = AF_UNSPEC;
  int type = 0;
  conntrail__descriptor_remove(handle); /* closed by CloseHandle, and its number used again */
  if (!find_kind(handle, &family, &type) || !is_tracked(family, type)) {
    return 0;
  }
  int error = conntrail__track_created((intptr_t)handle, family, type == SOCK_STREAM);
  conntrail__descriptor *found = conntrail__descriptor_find(handle);
  if (found != NULL) {
    found->overlapped = overlapped;
  }
  return error;
}

static SOCKET created(SOCKET handle, bool overlapped) {
  int error = WSAGetLastError();
  if (handle == INVALID_SOCKET) {
    return handle;
  }
  conntrail__native_lock();
  int lack = track(handle, overlapped);
  conntrail__native_unlock();
  if (lack != 0) {
    conntrail__system_calls()->closesocket(handle);
  }
  WSASetLastError(lack != 0 ? lack : error);
  return lack != 0 ? INVALID_SOCKET : handle;
}

SOCKET WSAAPI conntrail__watched_socket(int family, int type, int protocol) {
  /* [D] socket() sets the overlapped attribute. */
  return created(conntrail__system_calls()->socket(family, type, protocol), true);
}

/* Whether the new SOCKET is one more name of a socket that WSADuplicateSocket was asked about. */
static bool take_duplicate(SOCKET handle, const void *protocol, bool *failed) {
  conntrail__descriptor origin;
  *failed = false;
  if (handle == INVALID_SOCKET || protocol == NULL) {
    return false;
  }
  conntrail__native_lock();
  bool taken = conntrail__duplicate_take(protocol, &origin);
  if (taken) {
    origin.handle = handle;
    origin.port = NULL;
    origin.is_underway = false;
    origin.is_accepting = false;
    origin.room = (conntrail__accept_room){NULL, NULL};
    *failed = !conntrail__descriptor_add(&origin, NULL);
    if (*failed) {
      conntrail__socket_release(origin.socket);
    }
  }
  conntrail__native_unlock();
  return taken;
}

static SOCKET created_by(SOCKET handle, const void *protocol, DWORD flags) {
  bool failed;
  if (!take_duplicate(handle, protocol, &failed)) {
    return created(handle, (flags & WSA_FLAG_OVERLAPPED) != 0);
  }
  if (!failed) {
    return handle;
  }
  conntrail__system_calls()->closesocket(handle);
  WSASetLastError(WSAENOBUFS);
  return INVALID_SOCKET;
}

SOCKET WSAAPI conntrail__watched_WSASocketA(int family, int type, int protocol,
                                            WSAPROTOCOL_INFOA *info, GROUP group, DWORD flags) {
  const conntrail__system *real = conntrail__system_calls();
  return created_by(real->WSASocketA(family, type, protocol, info, group, flags), info, flags);
}

SOCKET WSAAPI conntrail__watched_WSASocketW(int family, int type, int protocol,
                                            WSAPROTOCOL_INFOW *info, GROUP group, DWORD flags) {
  const conntrail__system *real = conntrail__system_calls();
  return created_by(real->WSASocketW(family, type, protocol, info, group, flags), info, flags);
}

/* Forgotten before it is closed: the number may belong to a new socket the moment it is. */
int WSAAPI conntrail__watched_closesocket(SOCKET handle) {
  conntrail__connect_settle(handle);
  conntrail__accept_settle_all(handle);
  conntrail__descriptor_drop(handle);
  return conntrail__system_calls()->closesocket(handle);
}
