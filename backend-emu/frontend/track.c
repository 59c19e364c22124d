/* SPDX-License-Identifier: MIT */
#include "track.h"

#include <stdlib.h>

#include "../../src/numbers.h"

/* (locked) Takes the reference and the entry over. socket NULL: the engine had no memory. */
static int enter(intptr_t handle, intptr_t like, conntrail__socket *socket, int family,
                 void *entry) {
  if (socket == NULL) {
    free(entry);
    return conntrail__native_error_of(CONNTRAIL__WSAENOBUFS);
  }
  int error = conntrail__native_track(handle, like, socket, family, entry);
  if (error != 0) {
    conntrail__socket_release(socket);
  }
  return error;
}

int conntrail__track_created(intptr_t handle, int family, bool is_stream) {
  const conntrail__session_entry *current = conntrail__session_current();
  conntrail__identity who;
  if (current == NULL) {
    return 0;
  }
  conntrail__session_identity(&who);
  return enter(
      handle, handle,
      conntrail__socket_create(current->emu, conntrail__kind_of(family, is_stream), &who, handle),
      family, NULL);
}

bool conntrail__track_reserve(const conntrail__socket *listener, conntrail__accept_room *room) {
  conntrail__identity who;
  *room = (conntrail__accept_room){NULL, NULL};
  if (!conntrail__native_reserve(&room->entry)) {
    return false;
  }
  conntrail__session_identity(&who);
  room->socket = conntrail__socket_room(conntrail__socket_emulation(listener), &who);
  if (room->socket == NULL) {
    conntrail__track_unreserve(room);
    *room = (conntrail__accept_room){NULL, NULL};
  }
  return room->socket != NULL;
}

void conntrail__track_unreserve(const conntrail__accept_room *room) {
  free(room->socket);
  free(room->entry);
}

int conntrail__track_accepted(const conntrail__reference *listener, const conntrail__address *peer,
                              intptr_t handle, const conntrail__accept_room *room) {
  conntrail__identity who;
  if (!conntrail__reference_resume(listener)) {
    conntrail__track_unreserve(room);
    return 0;
  }
  conntrail__session_identity(&who);
  int error = enter(handle, listener->handle,
                    conntrail__socket_accepted(listener->socket, peer, &who, handle,
                                               conntrail__native_local_address, room->socket),
                    listener->family, room->entry);
  conntrail__reference_end(listener);
  return error;
}

int conntrail__track_copy(intptr_t from, intptr_t to) {
  int family;
  conntrail__socket *socket = conntrail__native_find(from, &family);
  if (socket == NULL) {
    return 0;
  }
  conntrail__socket_retain(socket);
  return enter(to, from, socket, family, NULL);
}
