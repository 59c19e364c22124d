/* SPDX-License-Identifier: MIT */

/* Overlapped queries that pend: the engine says which, and when they end (O1, O2). */

#include "winsock.h"

#include <stdlib.h>

typedef struct query {
  conntrail__pending pending; /* the first: the engine knows the query by its address */
  conntrail__descriptor known;
  conntrail__notification notification;
  uint32_t bytes;
  DWORD beginner; /* the thread */
  struct query *next;
} query;

/* Under the lock. */
static query *queries;
static conntrail__pending *ended;

/* ---- Threads that end (O7) ------------------------------------------------------------------ */

static DWORD thread_slot = FLS_OUT_OF_INDEXES; /* under the lock */

/* [A] Where it goes to a completion port, nothing is cancelled. */
static bool ends_with_its_thread(const query *pending) {
  return pending->known.port == NULL ||
         ((ULONG_PTR)pending->notification.overlapped->hEvent & 1) != 0;
}

/* (locked) */
static void cancel_those_of(DWORD thread) {
  for (query *each = queries; each != NULL; each = each->next) {
    if (each->beginner == thread && ends_with_its_thread(each)) {
      (void)conntrail__socket_cancel(each->known.socket, &each->pending);
    }
  }
}

/* [D] WSAIoctl: all that a thread began is cancelled when it ends. Where the process ends, a thread
 * that is gone already may hold the lock. */
static void WINAPI on_thread_end(void *thread) {
  if (conntrail__native_try_lock()) {
    cancel_those_of((DWORD)(ULONG_PTR)thread);
    conntrail__native_unlock();
  }
}

/* (locked) False: the system has no place for it. */
static bool watch_thread(query *begun) {
  begun->beginner = GetCurrentThreadId();
  if (thread_slot == FLS_OUT_OF_INDEXES) {
    thread_slot = FlsAlloc(on_thread_end);
  }
  return thread_slot != FLS_OUT_OF_INDEXES &&
         FlsSetValue(thread_slot, (void *)(ULONG_PTR)begun->beginner);
}

static query *make_query(const conntrail__descriptor *known, const conntrail__call *call,
                         const conntrail__notification *notification) {
  query *begun = calloc(1, sizeof *begun);
  if (begun == NULL) {
    return NULL;
  }
  begun->known = *known;
  /* [D] A completion that pended comes to the port whatever the mode is. */
  begun->known.skip_port_on_success = false;
  begun->notification = *notification;
  begun->pending.call = *call;
  begun->pending.call.bytes = &begun->bytes;
  begun->pending.ended = &ended;
  begun->pending.waiting = begun;
  if (watch_thread(begun) && conntrail__notification_keep(&begun->notification)) {
    return begun;
  }
  free(begun);
  return NULL;
}

bool conntrail__query_begin(const conntrail__descriptor *known, const conntrail__call *call,
                            OVERLAPPED *overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine,
                            uint32_t *native) {
  const conntrail__notification notification = {overlapped, routine, NULL};
  conntrail__identity who;
  if (!known->overlapped || !conntrail__socket_pends(known->socket, call)) {
    return false;
  }
  query *begun = make_query(known, call, &notification);
  *native = begun == NULL ? WSAENOBUFS : WSA_IO_PENDING;
  if (begun != NULL) {
    conntrail__overlapped_mark_pending(overlapped);
    conntrail__session_identity(&who);
    conntrail__socket_begin(known->socket, &who, &begun->pending);
    begun->next = queries;
    queries = begun;
  }
  return true;
}

static void forget(const query *forgotten) {
  query **place = &queries;
  while (*place != forgotten) {
    place = &(*place)->next;
  }
  *place = forgotten->next;
}

conntrail__pending *conntrail__queries_ended(void) {
  conntrail__pending *taken = ended;
  ended = NULL;
  for (const conntrail__pending *each = taken; each != NULL; each = each->next) {
    forget(each->waiting);
  }
  return taken;
}

/* What the program sees of the system's last error is not this. */
void conntrail__queries_complete(conntrail__pending *completed) {
  int error = WSAGetLastError();
  while (completed != NULL) {
    query *done = completed->waiting;
    uint32_t native = completed->native;
    completed = completed->next;
    (void)conntrail__overlapped_complete(&done->known, &done->notification, native, done->bytes);
    conntrail__notification_end(&done->notification);
    free(done);
  }
  WSASetLastError(error);
}

/* (locked) overlapped NULL: every query of this socket. */
static bool cancel(SOCKET handle, const OVERLAPPED *overlapped) {
  bool found = false;
  const conntrail__descriptor *known = conntrail__descriptor_find(handle);
  for (query *each = queries; known != NULL && each != NULL; each = each->next) {
    if (each->known.socket == known->socket &&
        (overlapped == NULL || each->notification.overlapped == overlapped)) {
      found = conntrail__socket_cancel(known->socket, &each->pending) || found;
    }
  }
  return found;
}

static bool cancel_ours(HANDLE file, const OVERLAPPED *overlapped) {
  conntrail__native_lock();
  bool found = cancel((SOCKET)file, overlapped);
  conntrail__native_unlock();
  return found;
}

BOOL WSAAPI conntrail__watched_CancelIoEx(HANDLE file, OVERLAPPED *overlapped) {
  bool found = cancel_ours(file, overlapped) ||
               (overlapped != NULL && conntrail__receive_cancel(file, overlapped));
  if (found && overlapped != NULL) {
    return TRUE;
  }
  return conntrail__system_calls()->CancelIoEx(file, overlapped) || found;
}

BOOL WSAAPI conntrail__watched_CancelIo(HANDLE file) {
  bool found = cancel_ours(file, NULL);
  return conntrail__system_calls()->CancelIo(file) || found;
}
