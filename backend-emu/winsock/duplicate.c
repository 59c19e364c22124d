/* SPDX-License-Identifier: MIT */

/*
 * WSADuplicateSocket: a WSAPROTOCOL_INFO on its way to WSASocket, which makes one more SOCKET of
 * the same socket. Within this process only: an emulation does not cross processes (clause E6).
 */

#include "winsock.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* WSAPROTOCOL_INFOA and W are alike up to the name at their end. */
enum { COMMON_SIZE = offsetof(WSAPROTOCOL_INFOW, szProtocol) };

typedef struct offer {
  unsigned char protocol[COMMON_SIZE];
  conntrail__descriptor origin;
  struct offer *next;
} offer;

static offer *offers;

/* The caller adds the reference that goes with it. */
static bool add_offer(const void *protocol, const conntrail__descriptor *origin) {
  offer *added = malloc(sizeof *added);
  if (added == NULL) {
    return false;
  }
  memcpy(added->protocol, protocol, COMMON_SIZE);
  added->origin = *origin;
  added->next = offers;
  offers = added;
  return true;
}

bool conntrail__duplicate_take(const void *protocol, conntrail__descriptor *origin) {
  offer **link = &offers;
  while (*link != NULL && memcmp((*link)->protocol, protocol, COMMON_SIZE) != 0) {
    link = &(*link)->next;
  }
  offer *taken = *link;
  if (taken == NULL) {
    return false;
  }
  *origin = taken->origin;
  *link = taken->next;
  free(taken);
  return true;
}

void conntrail__duplicate_forget(const conntrail_emu *emu) {
  offer **link = &offers;
  while (*link != NULL) {
    offer *each = *link;
    if (conntrail__socket_emulation(each->origin.socket) != emu) {
      link = &each->next;
      continue;
    }
    *link = each->next;
    free(each);
  }
}

/* Remembers what the system answered; on failure the program gets "out of memory". */
static int offered(int answer, SOCKET handle, DWORD process, const void *protocol) {
  bool remembered = true;
  if (answer != 0 || process != GetCurrentProcessId()) {
    return answer;
  }
  conntrail__native_lock();
  const conntrail__descriptor *origin = conntrail__descriptor_find(handle);
  if (origin != NULL) {
    remembered = add_offer(protocol, origin);
    if (remembered) {
      conntrail__socket_retain(origin->socket);
    }
  }
  conntrail__native_unlock();
  if (remembered) {
    return answer;
  }
  WSASetLastError(WSAENOBUFS);
  return SOCKET_ERROR;
}

int WSAAPI conntrail__watched_WSADuplicateSocketA(SOCKET handle, DWORD process,
                                                  WSAPROTOCOL_INFOA *protocol) {
  const conntrail__system *real = conntrail__system_calls();
  return offered(real->WSADuplicateSocketA(handle, process, protocol), handle, process, protocol);
}

int WSAAPI conntrail__watched_WSADuplicateSocketW(SOCKET handle, DWORD process,
                                                  WSAPROTOCOL_INFOW *protocol) {
  const conntrail__system *real = conntrail__system_calls();
  return offered(real->WSADuplicateSocketW(handle, process, protocol), handle, process, protocol);
}
