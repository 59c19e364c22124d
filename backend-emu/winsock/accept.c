/* SPDX-License-Identifier: MIT */

/* accept, WSAAccept, and what AcceptEx accepted. */

#include "winsock.h"

#include <string.h>

/* Enters the new SOCKET into the table, with the redirect record that belongs to it. False: no
 * memory. */
static bool adopt(const conntrail__kept *listener, const conntrail__descriptor *fresh,
                  const conntrail__address *peer) {
  conntrail__descriptor adopted = *fresh;
  conntrail__identity who;
  if (!conntrail__reference_resume(&listener->reference)) {
    return true; /* the emulation ended: nobody watches any more */
  }
  conntrail__session_identity(&who);
  adopted.socket = conntrail__socket_accepted(
      listener->known.socket, peer, &who, (intptr_t)fresh->handle, conntrail__native_local_address);
  bool added = adopted.socket != NULL && conntrail__descriptor_add(&adopted);
  if (!added && adopted.socket != NULL) {
    conntrail__socket_release(adopted.socket);
  }
  conntrail__native_unlock();
  return added;
}

/* A SOCKET that cannot be watched would go its own way unseen: the program does not get it. */
static SOCKET adopted_or_closed(const conntrail__kept *listener, SOCKET handle,
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

static SOCKET accept_kept(const conntrail__kept *kept, const request *asked, struct sockaddr *name,
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
  return adopted_or_closed(kept, handle, &peer);
}

static SOCKET accept_any(const request *asked, struct sockaddr *name, int *size) {
  conntrail__kept kept;
  if (!conntrail__kept_take(asked->listener, &kept)) {
    return perform(asked, name, size);
  }
  SOCKET handle = accept_kept(&kept, asked, name, size);
  conntrail__reference_drop(&kept.reference);
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
bool conntrail__accept_adopt(SOCKET handle, const conntrail__kept *listener, bool needs_update) {
  conntrail__kept kept;
  conntrail__address peer;
  if (!conntrail__address_remote(handle, &peer) || !conntrail__kept_take(handle, &kept)) {
    return true;
  }
  kept.known.is_underway = false;
  kept.known.is_accepting = false;
  kept.known.needs_update = needs_update;
  bool adopted = adopt(listener, &kept.known, &peer);
  conntrail__reference_drop(&kept.reference);
  return adopted;
}

/* Whether it is known as accepted already, by what the program did before. */
static bool is_adopted(SOCKET handle) {
  conntrail__native_lock();
  conntrail__descriptor *found = conntrail__descriptor_find(handle);
  bool is = found != NULL && found->needs_update;
  if (is) {
    found->needs_update = false;
  }
  conntrail__native_unlock();
  return is;
}

int conntrail__accept_updated(SOCKET handle, SOCKET listener) {
  conntrail__kept kept;
  if (is_adopted(handle) || !conntrail__kept_take(listener, &kept)) {
    return 0;
  }
  bool updated = conntrail__accept_adopt(handle, &kept, false);
  conntrail__reference_drop(&kept.reference);
  if (updated) {
    return 0;
  }
  WSASetLastError(WSAENOBUFS);
  return SOCKET_ERROR;
}
