/* SPDX-License-Identifier: MIT */

/*
 * Queries that are begun: an overlapped WSAIoctl, and a thread of the system's pool that waits for
 * its event. Contracts: src/backend.h.
 */

#include "../src/backend.h"

#include <string.h>

#include "win.h"

/* Which of the two came first: the event, or the return of the call that registered the wait. */
enum { BEGUN, WAITED_FOR, FIRED };

/* The address of the other end: shows whether a number is still the same socket. None where
 * AcceptEx made it and SO_UPDATE_ACCEPT_CONTEXT was not set. */
typedef struct peer {
  int size; /* 0: no address */
  struct sockaddr_in6 address;
} peer;

/* In the room of the call. */
typedef struct waiting {
  OVERLAPPED overlapped; /* the first: CancelIoEx knows the call by its address */
  conntrail__overlapped *call;
  HANDLE wait;
  volatile LONG state;
  peer peer;
} waiting;

_Static_assert(sizeof(waiting) <= sizeof((conntrail__overlapped *)0)->room,
               "the seam's room is too small for an overlapped call");

static waiting *waiting_of(conntrail__overlapped *call) {
  return (waiting *)(void *)call->room;
}

/* [D] With its lowest bit set the event keeps the completion away from a port of the program's. */
static bool make_event(waiting *begun) {
  HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
  begun->overlapped.hEvent = (HANDLE)((ULONG_PTR)event | 1);
  return event != NULL;
}

static void close_event(const waiting *ended) {
  CloseHandle((HANDLE)((ULONG_PTR)ended->overlapped.hEvent & ~(ULONG_PTR)1));
}

static uint32_t failure(void) {
  int native = WSAGetLastError();
  return native != 0 ? (uint32_t)native : WSASYSCALLFAILURE;
}

static uint32_t result_of(waiting *ended, BOOL waits) {
  DWORD bytes = 0;
  DWORD flags = 0;
  /* A success needs no socket, which may be closed by now. */
  if (HasOverlappedIoCompleted(&ended->overlapped) && ended->overlapped.Internal == 0) {
    ended->call->bytes = (uint32_t)ended->overlapped.InternalHigh;
    return 0;
  }
  BOOL done =
      WSAGetOverlappedResult(ended->call->socket, &ended->overlapped, &bytes, waits, &flags);
  uint32_t native = done ? 0 : failure();
  ended->call->bytes = bytes;
  return native;
}

static peer peer_of(SOCKET handle) {
  struct sockaddr_storage name;
  int size = (int)sizeof name;
  peer found;
  memset(&found, 0, sizeof found);
  memset(&name, 0, sizeof name);
  if (getpeername(handle, (struct sockaddr *)&name, &size) == 0) {
    found.size = size;
    memcpy(&found.address, &name, sizeof found.address);
  }
  return found;
}

static bool is_still_open(const waiting *fired) {
  const peer now = peer_of(fired->call->socket);
  return now.size != 0 && now.size == fired->peer.size &&
         memcmp(&now.address, &fired->peer.address, sizeof now.address) == 0;
}

/* It was a socket when the call was begun, and was closed since: that is what ended it (O2). */
static uint32_t reason_of(const waiting *fired, uint32_t native) {
  if (native == WSAENOTSOCK) {
    return WSA_OPERATION_ABORTED;
  }
  return native == WSA_OPERATION_ABORTED && is_still_open(fired) ? CONNTRAIL__GIVEN_UP : native;
}

static void CALLBACK on_event(void *argument, BOOLEAN timed_out) {
  waiting *fired = argument;
  (void)timed_out;
  if (InterlockedExchange(&fired->state, FIRED) != WAITED_FOR) {
    return;
  }
  conntrail__overlapped *call = fired->call;
  uint32_t native = reason_of(fired, result_of(fired, FALSE));
  (void)UnregisterWaitEx(fired->wait, NULL);
  close_event(fired);
  call->completed(call, native);
}

static uint32_t wait_for_event(waiting *begun) {
  HANDLE event = (HANDLE)((ULONG_PTR)begun->overlapped.hEvent & ~(ULONG_PTR)1);
  HANDLE wait = NULL;
  uint32_t native;
  /* A thread that ends takes with it what it began, and the callback may begin a further call. */
  if (!RegisterWaitForSingleObject(&wait, event, on_event, begun, INFINITE,
                                   WT_EXECUTEONLYONCE | WT_EXECUTEINPERSISTENTTHREAD)) {
    (void)CancelIoEx((HANDLE)begun->call->socket, &begun->overlapped);
    (void)result_of(begun, TRUE);
    close_event(begun);
    return WSAENOBUFS;
  }
  begun->wait = wait;
  if (InterlockedExchange(&begun->state, WAITED_FOR) != FIRED) {
    return CONNTRAIL__PENDING;
  }
  (void)UnregisterWaitEx(wait, INVALID_HANDLE_VALUE);
  native = result_of(begun, FALSE);
  close_event(begun);
  return native;
}

/* [S] Wine fails the call at once, says "pending", and never signals the event (O6). */
static uint32_t settle(waiting *begun) {
  if (!HasOverlappedIoCompleted(&begun->overlapped)) {
    begun->peer = peer_of(begun->call->socket);
    return wait_for_event(begun);
  }
  uint32_t native = result_of(begun, FALSE);
  close_event(begun);
  return native;
}

uint32_t conntrail__backend_begin(conntrail__overlapped *call) {
  waiting *begun = waiting_of(call);
  DWORD counted = call->bytes;
  *begun = (waiting){.call = call, .state = BEGUN};
  if (!make_event(begun)) {
    return WSAENOBUFS;
  }
  int answer = WSAIoctl(call->socket, call->code, NULL, 0, call->out, call->capacity, &counted,
                        &begun->overlapped, NULL);
  uint32_t native = answer == 0 ? 0 : failure();
  if (native == CONNTRAIL__PENDING) {
    return settle(begun);
  }
  call->bytes = counted;
  close_event(begun);
  return native;
}

void conntrail__backend_cancel(conntrail_socket socket, conntrail__overlapped *call) {
  (void)CancelIoEx((HANDLE)socket, (OVERLAPPED *)(void *)call->room);
}
