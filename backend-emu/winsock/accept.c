/* SPDX-License-Identifier: MIT */

/* accept, WSAAccept, and what AcceptEx accepted. */

#include "winsock.h"

#include <string.h>

/* Enters the new SOCKET into the table, with the redirect record that belongs to it. False: no
 * memory. */
static bool adopt(const conntrail__hold *listener, const conntrail__descriptor *fresh,
                  const conntrail__address *peer) {
  conntrail__descriptor adopted = *fresh;
  conntrail__identity who;
  conntrail__session_identity(&who);
  if (!conntrail__hold_resume(listener)) {
    return true; /* the emulation ended: nobody watches any more */
  }
  adopted.socket = conntrail__socket_accepted(listener->known.socket, peer, &who,
                                              (intptr_t)fresh->handle, conntrail__address_locate);
  bool added = adopted.socket != NULL && conntrail__descriptor_add(&adopted);
  if (!added && adopted.socket != NULL) {
    conntrail__socket_release(adopted.socket);
  }
  conntrail__face_unlock();
  return added;
}

/* A SOCKET that cannot be watched would go its own way unseen: the program does not get it. */
static SOCKET adopted_or_closed(const conntrail__hold *listener, SOCKET handle,
                                const conntrail__address *peer) {
  conntrail__descriptor fresh = {
      .handle = handle, .family = listener->known.family, .overlapped = listener->known.overlapped};
  if (adopt(listener, &fresh, peer)) {
    return handle;
  }
  conntrail__system_calls()->closesocket(handle);
  WSASetLastError(WSAENOBUFS);
  return INVALID_SOCKET;
}

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

static SOCKET accept_held(const conntrail__hold *hold, const request *asked, struct sockaddr *name,
                          int *size) {
  struct sockaddr_storage own;
  int own_size = (int)sizeof own;
  conntrail__address peer;
  bool use_own = name == NULL && size == NULL;
  SOCKET handle =
      use_own ? perform(asked, (struct sockaddr *)&own, &own_size) : perform(asked, name, size);
  if (handle == INVALID_SOCKET) {
    return handle;
  }
  const struct sockaddr *told = use_own ? (const struct sockaddr *)&own : name;
  int told_size = use_own ? own_size : *size;
  if (!conntrail__address_from_sockaddr(told, (size_t)told_size, &peer)) {
    memset(&peer, 0, sizeof peer);
  }
  return adopted_or_closed(hold, handle, &peer);
}

static SOCKET accept_any(const request *asked, struct sockaddr *name, int *size) {
  conntrail__hold hold;
  if (!conntrail__hold_take(asked->listener, &hold)) {
    return perform(asked, name, size);
  }
  SOCKET handle = accept_held(&hold, asked, name, size);
  conntrail__hold_drop(&hold);
  return handle;
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

/* The SOCKET that AcceptEx was given is an accepted one from now on. */
bool conntrail__accept_adopt(SOCKET handle, const conntrail__hold *listener, bool needs_update) {
  conntrail__hold hold;
  conntrail__address peer;
  if (!conntrail__address_remote(handle, &peer) || !conntrail__hold_take(handle, &hold)) {
    return true;
  }
  hold.known.is_underway = false;
  hold.known.is_accepting = false;
  hold.known.needs_update = needs_update;
  bool adopted = adopt(listener, &hold.known, &peer);
  conntrail__hold_drop(&hold);
  return adopted;
}

/* Whether it is known as accepted already, by what the program did before. */
static bool is_adopted(SOCKET handle) {
  conntrail__face_lock();
  conntrail__descriptor *found = conntrail__descriptor_find(handle);
  bool is = found != NULL && found->needs_update;
  if (is) {
    found->needs_update = false;
  }
  conntrail__face_unlock();
  return is;
}

int conntrail__accept_updated(SOCKET handle, SOCKET listener) {
  conntrail__hold hold;
  if (is_adopted(handle) || !conntrail__hold_take(listener, &hold)) {
    return 0;
  }
  bool updated = conntrail__accept_adopt(handle, &hold, false);
  conntrail__hold_drop(&hold);
  if (updated) {
    return 0;
  }
  WSASetLastError(WSAENOBUFS);
  return SOCKET_ERROR;
}
