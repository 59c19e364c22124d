/* SPDX-License-Identifier: MIT */

/*
 * The table from SOCKET to the engine's socket: chains of entries, one for each SOCKET. Nothing but
 * the entry itself wants memory, so that it can be reserved. It is not posix's table (table.h),
 * whose descriptors are dense, and which is read without the lock.
 */

#include "winsock.h"

#include <stdlib.h>

typedef struct entry {
  conntrail__descriptor descriptor;
  bool is_datagram;
  struct entry *next;
} entry;

enum { CHAINS = 4096, HANDLE_STEP = 4 }; /* [D] Handles are multiples of four. */

static entry *chains[CHAINS];
static volatile LONG underway_count;
static volatile LONG datagram_count;

/* Where the entry hangs, or would. */
static entry **place_of(SOCKET handle) {
  entry **place = &chains[handle / HANDLE_STEP % CHAINS];
  while (*place != NULL && (*place)->descriptor.handle != handle) {
    place = &(*place)->next;
  }
  return place;
}

conntrail__descriptor *conntrail__descriptor_find(SOCKET handle) {
  entry *found = *place_of(handle);
  return found != NULL ? &found->descriptor : NULL;
}

conntrail__socket *conntrail__native_find(intptr_t handle, int *family) {
  const conntrail__descriptor *found = conntrail__descriptor_find((SOCKET)handle);
  *family = found == NULL ? AF_UNSPEC : found->family;
  return found == NULL ? NULL : found->socket;
}

/* What CloseHandle closed is forgotten when its number is used again: Windows has no name for a
 * socket but its handle. */
void conntrail__native_sweep(void) {
}

bool conntrail__native_reserve(void **reserved) {
  *reserved = malloc(sizeof(entry));
  return *reserved != NULL;
}

bool conntrail__descriptor_add(const conntrail__descriptor *descriptor, void *reserved) {
  entry *added = reserved != NULL ? reserved : malloc(sizeof *added);
  if (added == NULL) {
    return false;
  }
  conntrail__descriptor_remove(descriptor->handle);
  *added =
      (entry){.descriptor = *descriptor,
              .is_datagram = conntrail__socket_kind_of(descriptor->socket) == CONNTRAIL__DATAGRAM};
  *place_of(descriptor->handle) = added;
  InterlockedExchangeAdd(&datagram_count, added->is_datagram ? 1 : 0);
  return true;
}

void conntrail__descriptor_set_underway(conntrail__descriptor *descriptor, bool is_underway) {
  if (descriptor->is_underway != is_underway) {
    InterlockedExchangeAdd(&underway_count, is_underway ? 1 : -1);
  }
  descriptor->is_underway = is_underway;
}

bool conntrail__descriptor_begin_accepting(conntrail__descriptor *descriptor, SOCKET listener) {
  const conntrail__descriptor *known = conntrail__descriptor_find(listener);
  conntrail__accept_room room = {NULL, NULL};
  if (known != NULL && !conntrail__track_reserve(known->socket, &room)) {
    return false;
  }
  InterlockedExchangeAdd(&underway_count, 1);
  descriptor->is_accepting = true;
  descriptor->accepts_for = listener;
  descriptor->room = room;
  return true;
}

void conntrail__descriptor_end_accepting(conntrail__descriptor *descriptor) {
  if (descriptor->is_accepting) {
    InterlockedExchangeAdd(&underway_count, -1);
    conntrail__track_unreserve(&descriptor->room);
  }
  descriptor->is_accepting = false;
  descriptor->room = (conntrail__accept_room){NULL, NULL};
}

SOCKET conntrail__descriptor_accepting_for(SOCKET listener) {
  for (size_t i = 0; i < CHAINS; i++) {
    for (const entry *each = chains[i]; each != NULL; each = each->next) {
      if (each->descriptor.is_accepting && each->descriptor.accepts_for == listener) {
        return each->descriptor.handle;
      }
    }
  }
  return INVALID_SOCKET;
}

bool conntrail__descriptor_any_underway(void) {
  return underway_count != 0;
}

int conntrail__descriptor_set_nonblocking(SOCKET handle, bool is_nonblocking, int answer) {
  conntrail__native_lock();
  conntrail__descriptor *found = conntrail__descriptor_find(handle);
  if (answer == 0 && found != NULL) {
    found->is_nonblocking = is_nonblocking;
  }
  conntrail__native_unlock();
  return answer;
}

/* Takes it out of its chain. */
static void drop_entry(entry **place) {
  entry *dropped = *place;
  conntrail__descriptor_set_underway(&dropped->descriptor, false);
  conntrail__descriptor_end_accepting(&dropped->descriptor);
  InterlockedExchangeAdd(&datagram_count, dropped->is_datagram ? -1 : 0);
  *place = dropped->next;
  free(dropped);
}

void conntrail__descriptor_remove(SOCKET handle) {
  entry **place = place_of(handle);
  if (*place == NULL) {
    return;
  }
  conntrail__socket_release((*place)->descriptor.socket);
  drop_entry(place);
}

void conntrail__descriptor_drop(SOCKET handle) {
  conntrail__native_lock();
  conntrail__descriptor_remove(handle);
  conntrail__native_unlock();
}

/* A SOCKET that AcceptEx was given is known already, and keeps its settings. [D] Else an accepted
 * one has its listener's, and socket() sets the overlapped attribute. */
int conntrail__native_track(intptr_t handle, intptr_t like, conntrail__socket *socket, int family,
                            void *reserved) {
  const conntrail__descriptor *known = conntrail__descriptor_find((SOCKET)handle);
  const conntrail__descriptor *other = conntrail__descriptor_find((SOCKET)like);
  conntrail__descriptor tracked = {.overlapped = other == NULL || other->overlapped};
  if (known != NULL) {
    tracked = *known;
    tracked.is_underway = false;
    tracked.is_accepting = false;
    tracked.room = (conntrail__accept_room){NULL, NULL};
  }
  tracked.handle = (SOCKET)handle;
  tracked.socket = socket;
  tracked.family = family;
  return conntrail__descriptor_add(&tracked, reserved) ? 0 : WSAENOBUFS;
}

static void forget_in_chain(entry **place, const conntrail_emu *emu) {
  while (*place != NULL) {
    if (conntrail__socket_emulation((*place)->descriptor.socket) == emu) {
      drop_entry(place);
    } else {
      place = &(*place)->next;
    }
  }
}

void conntrail__descriptor_forget(const conntrail_emu *emu) {
  for (size_t i = 0; i < CHAINS; i++) {
    forget_in_chain(&chains[i], emu);
  }
}

bool conntrail__kept_take(SOCKET handle, conntrail__kept *kept) {
  if (!conntrail__reference_enter((intptr_t)handle, &kept->reference)) {
    return false;
  }
  kept->known = *conntrail__descriptor_find(handle);
  conntrail__reference_keep(&kept->reference);
  return true;
}

bool conntrail__kept_take_datagram(SOCKET handle, conntrail__kept *kept) {
  if (datagram_count == 0 || !conntrail__kept_take(handle, kept)) {
    return false;
  }
  if (kept->reference.kind == CONNTRAIL__DATAGRAM) {
    return true;
  }
  conntrail__reference_drop(&kept->reference);
  return false;
}

void conntrail__descriptor_untracked(SOCKET handle, conntrail__untracked *untracked) {
  const conntrail__system *real = conntrail__system_calls();
  int error = WSAGetLastError();
  WSAPROTOCOL_INFOW protocol;
  int size = (int)sizeof protocol;
  *untracked = (conntrail__untracked){0};
  untracked->is_socket =
      real->getsockopt(handle, SOL_SOCKET, SO_PROTOCOL_INFOW, (char *)&protocol, &size) == 0;
  if (untracked->is_socket) {
    conntrail__address peer;
    BOOL listening = FALSE;
    size = (int)sizeof listening;
    untracked->is_internet =
        protocol.iAddressFamily == AF_INET || protocol.iAddressFamily == AF_INET6;
    untracked->is_stream = protocol.iSocketType == SOCK_STREAM;
    untracked->is_datagram = protocol.iSocketType == SOCK_DGRAM;
    untracked->is_listening =
        real->getsockopt(handle, SOL_SOCKET, SO_ACCEPTCONN, (char *)&listening, &size) == 0 &&
        listening;
    untracked->is_connected = conntrail__address_remote(handle, &peer);
  }
  WSASetLastError(error);
}
