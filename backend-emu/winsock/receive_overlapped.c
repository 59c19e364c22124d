/* SPDX-License-Identifier: MIT */

/*
 * Overlapped receives. The system's own call has an OVERLAPPED and an event of this front end's;
 * when it ends, the datagram is delivered as the engine says, and only then does the program's
 * complete.
 */

#include "winsock.h"

#include <stdlib.h>

/* One receive that pends. All of it under the lock, but for what is set before it is known. */
typedef struct receiving {
  OVERLAPPED overlapped; /* the system's */
  conntrail__reception asked;
  conntrail__received_message got;
  conntrail__descriptor known; /* without a reference: its closing ends this */
  uint64_t instance;
  uint32_t created; /* the engine's socket */
  conntrail__identity who;
  conntrail__notification notification;
  HANDLE event;
  HANDLE wait;
  int references; /* of the thread that begins it, of the wait, and of the queue */
  bool is_issued;
  struct receiving *next;
} receiving;

/* In the order in which they were begun, which is that in which the system fills them. */
static receiving *queue;

/* [D] ntstatus.h. */
#define CUT ((ULONG_PTR)0x80000005)    /* STATUS_BUFFER_OVERFLOW */
#define CLOSED ((ULONG_PTR)0x8000000A) /* STATUS_HANDLES_CLOSED, as Wine says it */

static void release(receiving *r, int references) {
  r->references -= references;
  if (r->references > 0) {
    return;
  }
  conntrail__notification_end(&r->notification);
  if (r->event != NULL) {
    CloseHandle(r->event);
  }
  free(r);
}

static void append(receiving *r) {
  receiving **place = &queue;
  while (*place != NULL) {
    place = &(*place)->next;
  }
  *place = r;
}

/* False: it is not in the queue any more. */
static bool take_out(const receiving *r) {
  receiving **place = &queue;
  while (*place != NULL && *place != r) {
    place = &(*place)->next;
  }
  if (*place == NULL) {
    return false;
  }
  *place = r->next;
  return true;
}

/* ---- Its end -------------------------------------------------------------------------------- */

static uint32_t native_of(receiving *r) {
  DWORD bytes;
  DWORD flags;
  if (r->overlapped.Internal == 0) {
    return 0;
  }
  if (r->overlapped.Internal == CUT) {
    return WSAEMSGSIZE;
  }
  if (r->overlapped.Internal == CLOSED ||
      conntrail__system_calls()->WSAGetOverlappedResult(r->known.handle, &r->overlapped, &bytes,
                                                        FALSE, &flags)) {
    return WSA_OPERATION_ABORTED;
  }
  uint32_t native = (uint32_t)WSAGetLastError();
  return native == WSAENOTSOCK ? WSA_OPERATION_ABORTED : native;
}

/* NULL where the socket was closed, or its emulation has ended. */
static conntrail__socket *socket_of(const receiving *r) {
  const conntrail__descriptor *found = conntrail__descriptor_find(r->known.handle);
  return found != NULL && found->socket == r->known.socket &&
                 conntrail__socket_created(found->socket) == r->created &&
                 conntrail__session_entry_of(conntrail__socket_emulation(found->socket))
                         ->instance == r->instance
             ? found->socket
             : NULL;
}

static void end(receiving *r) {
  uint32_t native = native_of(r);
  if (native == 0 || native == WSAEMSGSIZE) {
    native = conntrail__message_deliver(socket_of(r), &r->who, &r->asked, &r->got, native);
  }
  (void)conntrail__overlapped_complete(&r->known, &r->notification, native,
                                       (DWORD)r->overlapped.InternalHigh);
  SetEvent(r->event); /* where the system did not: a thread that waits releases it */
  release(r, 1);
}

/* (locked) In their order, in whatever order the system reported them. */
static void end_completed(SOCKET handle) {
  int error = WSAGetLastError();
  receiving *next;
  for (receiving *each = queue; each != NULL; each = next) {
    next = each->next;
    if (each->known.handle == handle && each->is_issued &&
        HasOverlappedIoCompleted(&each->overlapped)) {
      (void)take_out(each);
      end(each);
    }
  }
  WSASetLastError(error);
}

static void CALLBACK on_event(void *argument, BOOLEAN timed_out) {
  receiving *fired = argument;
  (void)timed_out;
  conntrail__native_lock();
  end_completed(fired->known.handle);
  (void)UnregisterWaitEx(fired->wait, NULL);
  release(fired, 1);
  conntrail__native_unlock();
}

/* ---- Its beginning -------------------------------------------------------------------------- */

/* [D] With its lowest bit set the event keeps the completion away from a port of the program's. */
static bool watch(receiving *r) {
  r->event = CreateEventW(NULL, TRUE, FALSE, NULL);
  if (r->event == NULL) {
    return false;
  }
  r->overlapped.hEvent = (HANDLE)((ULONG_PTR)r->event | 1);
  r->overlapped.Internal = (ULONG_PTR)STATUS_PENDING;
  /* One thread for all of them keeps their order. */
  return RegisterWaitForSingleObject(&r->wait, r->event, on_event, r, INFINITE,
                                     WT_EXECUTEONLYONCE | WT_EXECUTEINWAITTHREAD);
}

static receiving *make(const conntrail__kept *kept, const conntrail__reception *asked) {
  receiving *made = calloc(1, sizeof *made);
  if (made == NULL) {
    return NULL;
  }
  made->asked = *asked;
  made->known = kept->known;
  /* [D] A completion that pended comes to the port whatever the mode is. */
  made->known.skip_port_on_success = false;
  made->instance = kept->reference.instance;
  made->notification = (conntrail__notification){asked->overlapped, asked->routine, NULL};
  conntrail__native_lock();
  conntrail__session_identity(&made->who);
  conntrail__native_unlock();
  made->who.user = NULL; /* the thread's own memory */
  made->references = 1;
  if (conntrail__notification_keep(&made->notification) && watch(made)) {
    made->references = 3;
    return made;
  }
  release(made, 1);
  return NULL;
}

/* What the system answered at once. 10040 is no failure to begin: the datagram is there. */
static uint32_t begun(receiving *r, uint32_t native) {
  int references = 1;
  conntrail__native_lock();
  r->is_issued = true;
  if (native == 0 || native == WSAEMSGSIZE || native == WSA_IO_PENDING) {
    end_completed(r->known.handle);
    native = WSA_IO_PENDING;
  } else if (take_out(r)) {
    r->asked.overlapped->Internal = 0;
    SetEvent(r->event);
    references = 2;
  }
  release(r, references);
  conntrail__native_unlock();
  return native;
}

int conntrail__receive_begin(const conntrail__kept *kept, const conntrail__reception *asked) {
  receiving *r = make(kept, asked);
  if (r == NULL) {
    conntrail__reference_drop(&kept->reference);
    WSASetLastError(WSAENOBUFS);
    return SOCKET_ERROR;
  }
  conntrail__overlapped_mark_pending(asked->overlapped);
  if (conntrail__reference_resume(&kept->reference)) {
    r->created = conntrail__socket_created(kept->known.socket);
    append(r);
    conntrail__reference_end(&kept->reference);
  } else {
    conntrail__native_lock();
    append(r);
    conntrail__native_unlock();
  }
  uint32_t native = conntrail__message_fetch(asked, &r->got, &r->overlapped) == 0
                        ? 0
                        : (uint32_t)WSAGetLastError();
  WSASetLastError((int)begun(r, native));
  return SOCKET_ERROR;
}

bool conntrail__receive_cancel(HANDLE file, const OVERLAPPED *overlapped) {
  conntrail__native_lock();
  receiving *found = queue;
  while (found != NULL &&
         (found->known.handle != (SOCKET)file || found->notification.overlapped != overlapped)) {
    found = found->next;
  }
  bool is_cancelled =
      found != NULL && conntrail__system_calls()->CancelIoEx(file, &found->overlapped);
  conntrail__native_unlock();
  return is_cancelled;
}
