/* SPDX-License-Identifier: MIT */
#include "track.h"

#include <stdlib.h>

#include "../../src/numbers.h"

/* (locked) Takes the reference over. socket NULL: the engine had no memory. */
static int enter(intptr_t handle, intptr_t like, conntrail__socket *socket, int family) {
  if (socket == NULL) {
    return conntrail__native_error_of(CONNTRAIL__WSAENOBUFS);
  }
  int error = conntrail__native_track(handle, like, socket, family);
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
      family);
}

conntrail__socket *conntrail__track_room(const conntrail__reference *listener) {
  conntrail__identity who;
  conntrail__session_identity(&who);
  return conntrail__socket_room(conntrail__socket_emulation(listener->socket), &who);
}

int conntrail__track_accepted(const conntrail__reference *listener, const conntrail__address *peer,
                              intptr_t handle, conntrail__socket *room) {
  conntrail__identity who;
  if (!conntrail__reference_resume(listener)) {
    free(room);
    return 0;
  }
  conntrail__session_identity(&who);
  int error = enter(handle, listener->handle,
                    conntrail__socket_accepted(listener->socket, peer, &who, handle,
                                               conntrail__native_local_address, room),
                    listener->family);
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
  return enter(to, from, socket, family);
}
