/* SPDX-License-Identifier: MIT */

/* Addresses of sockets, and getpeername. */

#include "winsock.h"

#include <string.h>

typedef int(WSAAPI *name_call)(SOCKET handle, struct sockaddr *name, int *size);

static bool ask(name_call call, SOCKET handle, conntrail__address *address) {
  int error = WSAGetLastError();
  struct sockaddr_storage name;
  int size = (int)sizeof name;
  bool is_known = call(handle, (struct sockaddr *)&name, &size) == 0 &&
                  conntrail__address_from_sockaddr((struct sockaddr *)&name, (size_t)size, address);
  WSASetLastError(error);
  return is_known;
}

bool conntrail__native_local_address(intptr_t handle, conntrail__address *local) {
  return ask(getsockname, (SOCKET)handle, local);
}

bool conntrail__address_remote(SOCKET handle, conntrail__address *remote) {
  return ask(conntrail__system_calls()->getpeername, handle, remote);
}

int conntrail__address_give(const struct sockaddr_storage *from, size_t length, struct sockaddr *to,
                            int *size) {
  if (*size < 0 || (size_t)*size < length) {
    WSASetLastError(WSAEFAULT);
    return SOCKET_ERROR;
  }
  memcpy(to, from, length);
  *size = (int)length;
  return 0;
}

/* Where the client believes to be connected: what the engine knows better than the system. */
static size_t believed_peer(SOCKET handle, struct sockaddr_storage *peer) {
  conntrail__address address;
  int family = AF_UNSPEC;
  conntrail__native_lock();
  const conntrail__descriptor *found = conntrail__descriptor_find(handle);
  if (found != NULL && conntrail__socket_peer(found->socket, &address)) {
    family = found->family;
  }
  conntrail__native_unlock();
  return family != AF_UNSPEC ? conntrail__address_to_family(&address, family, peer) : 0;
}

int WSAAPI conntrail__watched_getpeername(SOCKET handle, struct sockaddr *name, int *size) {
  struct sockaddr_storage peer;
  conntrail__connect_settle(handle);
  int room = size != NULL ? *size : 0;
  if (conntrail__update_is_missing(handle)) {
    return SOCKET_ERROR;
  }
  int answer = conntrail__system_calls()->getpeername(handle, name, size);
  size_t length = answer == 0 ? believed_peer(handle, &peer) : 0;
  if (length == 0) {
    return answer;
  }
  *size = room;
  return conntrail__address_give(&peer, length, name, size);
}
