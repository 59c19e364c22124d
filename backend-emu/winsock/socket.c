/* SPDX-License-Identifier: MIT */

/* A SOCKET's life: created, known under one more name, closed. */

#include "winsock.h"

static bool is_tracked(int family, int type) {
  return (family == AF_INET || family == AF_INET6) && (type == SOCK_STREAM || type == SOCK_DGRAM);
}

static bool adopt(conntrail_emu *emu, const conntrail__descriptor *fresh, int type) {
  conntrail__descriptor adopted = *fresh;
  conntrail__identity who;
  conntrail__session_identity(&who);
  unsigned kind = type == SOCK_STREAM ? CONNTRAIL__STREAM : CONNTRAIL__DATAGRAM;
  kind |= fresh->family == AF_INET6 ? CONNTRAIL__IPV6_KIND : 0;
  adopted.socket =
      conntrail__socket_create(emu, (conntrail__socket_kind)kind, &who, (intptr_t)fresh->handle);
  if (adopted.socket == NULL) {
    return false;
  }
  if (conntrail__descriptor_add(&adopted)) {
    return true;
  }
  conntrail__socket_release(adopted.socket);
  return false;
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

/* A SOCKET that cannot be watched would go its own way unseen: the program does not get it. */
static SOCKET created(SOCKET handle, bool overlapped) {
  int error = WSAGetLastError();
  int family = AF_UNSPEC;
  int type = 0;
  bool adopted = true;
  if (handle == INVALID_SOCKET) {
    return handle;
  }
  bool tracked = find_kind(handle, &family, &type) && is_tracked(family, type);
  conntrail__native_lock();
  const conntrail__session_entry *current = conntrail__session_current();
  conntrail_emu *emu = current == NULL ? NULL : current->emu;
  conntrail__descriptor_remove(handle); /* closed by CloseHandle, and its number used again */
  if (emu != NULL && tracked) {
    adopted = adopt(
        emu, &(conntrail__descriptor){.handle = handle, .family = family, .overlapped = overlapped},
        type);
  }
  conntrail__native_unlock();
  if (!adopted) {
    conntrail__system_calls()->closesocket(handle);
    handle = INVALID_SOCKET;
    error = WSAENOBUFS;
  }
  WSASetLastError(error);
  return handle;
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
    *failed = !conntrail__descriptor_add(&origin);
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
  conntrail__native_lock();
  conntrail__descriptor_remove(handle);
  conntrail__native_unlock();
  return conntrail__system_calls()->closesocket(handle);
}
