/* SPDX-License-Identifier: MIT */

/* How an overlapped call completes: event, completion routine or completion port. */

#include "winsock.h"

#include <stdlib.h>

typedef struct completion {
  conntrail__notification notification;
  uint32_t native;
  DWORD bytes;
} completion;

bool conntrail__notification_keep(conntrail__notification *notification) {
  return notification->routine == NULL ||
         DuplicateHandle(GetCurrentProcess(), GetCurrentThread(), GetCurrentProcess(),
                         &notification->thread, THREAD_SET_CONTEXT, FALSE, 0);
}

void conntrail__notification_end(const conntrail__notification *notification) {
  if (notification->thread != NULL) {
    CloseHandle(notification->thread);
  }
}

/* What an OVERLAPPED holds of a failed call: a status of an application's own, which no table of
 * the system's knows. The number itself stands in Offset, which sockets have no use for. */
#define FAILED_WITH_OFFSET ((ULONG_PTR)0xE0434E54)

static void CALLBACK run_routine(ULONG_PTR argument) {
  completion queued = *(completion *)argument;
  free((completion *)argument);
  queued.notification.routine(queued.native, queued.bytes, queued.notification.overlapped, 0);
}

/* [D] The routine runs in the thread that asked, once that waits alertably. */
static bool queue_routine(const conntrail__notification *notification, uint32_t native,
                          DWORD bytes) {
  completion *queued = malloc(sizeof *queued);
  if (queued == NULL) {
    return false;
  }
  *queued = (completion){*notification, native, bytes};
  if (QueueUserAPC(run_routine, notification->thread, (ULONG_PTR)queued) != 0) {
    return true;
  }
  free(queued);
  return false;
}

/* [D] An event handle with its lowest bit set keeps the completion away from the port. */
static bool post_to_port(const conntrail__descriptor *known, OVERLAPPED *overlapped, DWORD bytes) {
  if (known->port == NULL || known->skip_port_on_success ||
      ((ULONG_PTR)overlapped->hEvent & 1) != 0) {
    return true;
  }
  return PostQueuedCompletionStatus(known->port, bytes, known->key, overlapped) != 0;
}

/* [D] While it pends the event is not signalled, and Internal is STATUS_PENDING. */
void conntrail__overlapped_mark_pending(OVERLAPPED *overlapped) {
  HANDLE event = (HANDLE)((ULONG_PTR)overlapped->hEvent & ~(ULONG_PTR)1);
  overlapped->Internal = (ULONG_PTR)STATUS_PENDING;
  overlapped->InternalHigh = 0;
  if (event != NULL) {
    ResetEvent(event);
  }
}

uint32_t conntrail__overlapped_complete(const conntrail__descriptor *known,
                                        const conntrail__notification *notification,
                                        uint32_t native, DWORD bytes) {
  OVERLAPPED *overlapped = notification->overlapped;
  HANDLE event = (HANDLE)((ULONG_PTR)overlapped->hEvent & ~(ULONG_PTR)1);
  overlapped->InternalHigh = bytes;
  if (native != 0) {
    overlapped->Offset = native;
  }
  /* WSAGetOverlappedResult reads this, maybe in another thread: last. */
  InterlockedExchangePointer((void **)&overlapped->Internal,
                             (void *)(native == 0 ? 0 : FAILED_WITH_OFFSET));
  if (notification->routine != NULL) {
    return queue_routine(notification, native, bytes) ? 0 : WSAENOBUFS;
  }
  if (event != NULL) {
    SetEvent(event);
  }
  return post_to_port(known, overlapped, bytes) ? 0 : WSAENOBUFS;
}

BOOL WSAAPI conntrail__watched_WSAGetOverlappedResult(SOCKET handle, OVERLAPPED *overlapped,
                                                      DWORD *bytes, BOOL waits, DWORD *flags) {
  BOOL done =
      conntrail__system_calls()->WSAGetOverlappedResult(handle, overlapped, bytes, waits, flags);
  if (overlapped == NULL || bytes == NULL || overlapped->Internal != FAILED_WITH_OFFSET) {
    return done;
  }
  *bytes = (DWORD)overlapped->InternalHigh;
  WSASetLastError((int)overlapped->Offset);
  return FALSE;
}

HANDLE WSAAPI conntrail__watched_CreateIoCompletionPort(HANDLE file, HANDLE port, ULONG_PTR key,
                                                        DWORD threads) {
  HANDLE joined = conntrail__system_calls()->CreateIoCompletionPort(file, port, key, threads);
  if (joined == NULL || file == INVALID_HANDLE_VALUE) {
    return joined;
  }
  conntrail__native_lock();
  conntrail__descriptor *descriptor = conntrail__descriptor_find((SOCKET)file);
  if (descriptor != NULL) {
    descriptor->port = joined;
    descriptor->key = key;
  }
  conntrail__native_unlock();
  return joined;
}

BOOL WSAAPI conntrail__watched_SetFileCompletionNotificationModes(HANDLE file, UCHAR flags) {
  BOOL answer = conntrail__system_calls()->SetFileCompletionNotificationModes(file, flags);
  conntrail__native_lock();
  conntrail__descriptor *descriptor = conntrail__descriptor_find((SOCKET)file);
  if (answer && descriptor != NULL) {
    descriptor->skip_port_on_success = (flags & FILE_SKIP_COMPLETION_PORT_ON_SUCCESS) != 0;
  }
  conntrail__native_unlock();
  return answer;
}
