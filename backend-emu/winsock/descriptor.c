/* SPDX-License-Identifier: MIT */

/* The table from SOCKET to the engine's socket. */

#include "winsock.h"

#include <stdlib.h>

/* uthash ends the process when memory runs out, by default. */
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(element) ((void)(element))
#include <uthash.h>

typedef struct entry {
  conntrail__descriptor descriptor;
  bool is_datagram;
  UT_hash_handle hh;
} entry;

static entry *table;
static volatile LONG underway_count;
static volatile LONG datagram_count;

static entry *find_entry(SOCKET handle) {
  entry *found;
  HASH_FIND(hh, table, &handle, sizeof handle, found);
  return found;
}

conntrail__descriptor *conntrail__descriptor_find(SOCKET handle) {
  entry *found = find_entry(handle);
  return found != NULL ? &found->descriptor : NULL;
}

bool conntrail__descriptor_add(const conntrail__descriptor *descriptor) {
  entry *added = calloc(1, sizeof *added);
  if (added == NULL) {
    return false;
  }
  added->descriptor = *descriptor;
  conntrail__descriptor_remove(descriptor->handle);
  HASH_ADD(hh, table, descriptor.handle, sizeof added->descriptor.handle, added);
  /* Where uthash found no memory the element is in no table. */
  if (added->hh.tbl == NULL) {
    free(added);
    return false;
  }
  added->is_datagram = conntrail__socket_kind_of(descriptor->socket) == CONNTRAIL__DATAGRAM;
  InterlockedExchangeAdd(&datagram_count, added->is_datagram ? 1 : 0);
  return true;
}

void conntrail__descriptor_set_underway(conntrail__descriptor *descriptor, bool is_underway) {
  if (descriptor->is_underway != is_underway) {
    InterlockedExchangeAdd(&underway_count, is_underway ? 1 : -1);
  }
  descriptor->is_underway = is_underway;
}

void conntrail__descriptor_set_accepting(conntrail__descriptor *descriptor, bool is_accepting,
                                         SOCKET listener) {
  if (descriptor->is_accepting != is_accepting) {
    InterlockedExchangeAdd(&underway_count, is_accepting ? 1 : -1);
  }
  descriptor->is_accepting = is_accepting;
  descriptor->accepts_for = listener;
}

SOCKET conntrail__descriptor_accepting_for(SOCKET listener) {
  entry *each, *next;
  HASH_ITER(hh, table, each, next) {
    if (each->descriptor.is_accepting && each->descriptor.accepts_for == listener) {
      return each->descriptor.handle;
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

static void drop_entry(entry *dropped) {
  conntrail__descriptor_set_underway(&dropped->descriptor, false);
  conntrail__descriptor_set_accepting(&dropped->descriptor, false, INVALID_SOCKET);
  InterlockedExchangeAdd(&datagram_count, dropped->is_datagram ? -1 : 0);
  HASH_DEL(table, dropped);
  free(dropped);
}

void conntrail__descriptor_remove(SOCKET handle) {
  entry *found = find_entry(handle);
  if (found == NULL) {
    return;
  }
  conntrail__socket_release(found->descriptor.socket);
  drop_entry(found);
}

void conntrail__descriptor_drop(SOCKET handle) {
  conntrail__native_lock();
  conntrail__descriptor_remove(handle);
  conntrail__native_unlock();
}

/* A SOCKET that AcceptEx was given is known already, and keeps its settings. [D] Else an accepted
 * one has its listener's, and socket() sets the overlapped attribute. */
int conntrail__native_track(intptr_t handle, intptr_t like, conntrail__socket *socket, int family) {
  const conntrail__descriptor *known = conntrail__descriptor_find((SOCKET)handle);
  const conntrail__descriptor *other = conntrail__descriptor_find((SOCKET)like);
  conntrail__descriptor tracked = {.overlapped = other == NULL || other->overlapped};
  if (known != NULL) {
    tracked = *known;
    tracked.is_underway = false;
    tracked.is_accepting = false;
  }
  tracked.handle = (SOCKET)handle;
  tracked.socket = socket;
  tracked.family = family;
  return conntrail__descriptor_add(&tracked) ? 0 : WSAENOBUFS;
}

void conntrail__descriptor_forget(const conntrail_emu *emu) {
  entry *each, *next;
  HASH_ITER(hh, table, each, next) {
    if (conntrail__socket_emulation(each->descriptor.socket) == emu) {
      drop_entry(each);
    }
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
