/* SPDX-License-Identifier: MIT */

/* accept and WSAAccept. */

#include "../frontend/track.h"
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

/* Ends the listener's reference. */
static SOCKET tracked_or_closed(const conntrail__kept *listener, SOCKET handle,
                                const conntrail__address *peer) {
  int error = conntrail__track_accepted(&listener->reference, peer, (intptr_t)handle, NULL);
  if (error == 0) {
    return handle;
  }
  conntrail__system_calls()->closesocket(handle);
  WSASetLastError(error);
  return INVALID_SOCKET;
}

/* Ends the listener's reference. */
static SOCKET accept_kept(const conntrail__kept *kept, const request *asked, struct sockaddr *name,
                          int *size) {
  struct sockaddr_storage own;
  int own_size = (int)sizeof own;
  conntrail__address peer;
  bool use_own = name == NULL && size == NULL;
  SOCKET handle =
      use_own ? perform(asked, (struct sockaddr *)&own, &own_size) : perform(asked, name, size);
  if (handle == INVALID_SOCKET) {
    conntrail__reference_drop(&kept->reference);
    return handle;
  }
  conntrail__descriptor_drop(handle); /* closed by CloseHandle, and its number used again */
  (void)conntrail__address_from_sockaddr(use_own ? (const struct sockaddr *)&own : name,
                                         (size_t)(use_own ? own_size : *size), &peer);
  return tracked_or_closed(kept, handle, &peer);
}

static SOCKET accept_any(const request *asked, struct sockaddr *name, int *size) {
  conntrail__kept kept;
  return conntrail__kept_take(asked->listener, &kept) ? accept_kept(&kept, asked, name, size)
                                                      : perform(asked, name, size);
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
