/* SPDX-License-Identifier: MIT */

/* accept and WSAAccept. */

#include "winsock.h"

typedef struct request {
  SOCKET listener;
  LPCONDITIONPROC condition;
  DWORD_PTR argument;
  bool is_extended; /* WSAAccept, with the two before */
} request;

static SOCKET perform(const request *asked, struct sockaddr *name, int *size) {
  const conntrail__system *real = conntrail__system_calls();
  return asked->is_extended
             ? real->WSAAccept(asked->listener, name, size, asked->condition, asked->argument)
             : real->accept(asked->listener, name, size);
}

/* An accept of a tracked listener. */
typedef struct waiting {
  conntrail__reference listener;
  conntrail__accept_room room;
} waiting;

/* Ends it. */
static SOCKET tracked_or_closed(const waiting *accept, SOCKET handle,
                                const conntrail__address *peer) {
  int error = conntrail__track_accepted(&accept->listener, peer, (intptr_t)handle, &accept->room);
  if (error == 0) {
    return handle;
  }
  conntrail__system_calls()->closesocket(handle);
  WSASetLastError(error);
  return INVALID_SOCKET;
}

/* Ends it. */
static SOCKET accept_prepared(const waiting *accept, const request *asked, struct sockaddr *name,
                              int *size) {
  struct sockaddr_storage own;
  int own_size = (int)sizeof own;
  conntrail__address peer;
  bool use_own = name == NULL && size == NULL;
  SOCKET handle =
      use_own ? perform(asked, (struct sockaddr *)&own, &own_size) : perform(asked, name, size);
  if (handle == INVALID_SOCKET) {
    int error = WSAGetLastError();
    conntrail__reference_drop(&accept->listener);
    conntrail__track_unreserve(&accept->room);
    WSASetLastError(error);
    return handle;
  }
  conntrail__descriptor_drop(handle); /* closed by CloseHandle, and its number used again */
  (void)conntrail__address_from_sockaddr(use_own ? (const struct sockaddr *)&own : name,
                                         (size_t)(use_own ? own_size : *size), &peer);
  return tracked_or_closed(accept, handle, &peer);
}

static SOCKET accept_any(const request *asked, struct sockaddr *name, int *size) {
  waiting accept;
  if (!conntrail__reference_enter((intptr_t)asked->listener, &accept.listener)) {
    return perform(asked, name, size);
  }
  if (!conntrail__track_reserve(accept.listener.socket, &accept.room)) {
    conntrail__reference_leave();
    WSASetLastError(WSAENOBUFS);
    return INVALID_SOCKET;
  }
  conntrail__reference_keep(&accept.listener);
  return accept_prepared(&accept, asked, name, size);
}

SOCKET WSAAPI conntrail__watched_accept(SOCKET listener, struct sockaddr *name, int *size) {
  return accept_any(&(request){.listener = listener}, name, size);
}

SOCKET WSAAPI conntrail__watched_WSAAccept(SOCKET listener, struct sockaddr *name, int *size,
                                           LPCONDITIONPROC condition, DWORD_PTR argument) {
  return accept_any(
      &(request){
          .listener = listener, .condition = condition, .argument = argument, .is_extended = true},
      name, size);
}
