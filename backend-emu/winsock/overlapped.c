/* SPDX-License-Identifier: MIT */

/* How an overlapped call completes: event, completion routine or completion port. */

#include "winsock.h"

#include <stdlib.h>

typedef struct completion {
  LPWSAOVERLAPPED_COMPLETION_ROUTINE routine;
  OVERLAPPED *overlapped;
  DWORD bytes;
} completion;

static void CALLBACK run_routine(ULONG_PTR argument) {
  completion queued = *(completion *)argument;
  free((completion *)argument);
  queued.routine(0, queued.bytes, queued.overlapped, 0);
}

/* [D] The routine runs in the thread that asked, once that waits alertably. */
static bool queue_routine(OVERLAPPED *overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine,
                          DWORD bytes) {
  completion *queued = malloc(sizeof *queued);
  if (queued == NULL)
    return false;
  *queued = (completion){routine, overlapped, bytes};
  if (QueueUserAPC(run_routine, GetCurrentThread(), (ULONG_PTR)queued) != 0)
    return true;
  free(queued);
  return false;
}

/* [D] An event handle with its lowest bit set keeps the completion away from the port. */
static bool post_to_port(const conntrail__descriptor *known, OVERLAPPED *overlapped, DWORD bytes) {
  if (known->port == NULL || known->skip_port_on_success ||
      ((ULONG_PTR)overlapped->hEvent & 1) != 0)
    return true;
  return PostQueuedCompletionStatus(known->port, bytes, known->key, overlapped) != 0;
}

uint32_t conntrail__overlapped_complete(const conntrail__descriptor *known, OVERLAPPED *overlapped,
                                        LPWSAOVERLAPPED_COMPLETION_ROUTINE routine, DWORD bytes) {
  HANDLE event = (HANDLE)((ULONG_PTR)overlapped->hEvent & ~(ULONG_PTR)1);
  /* WSAGetOverlappedResult reads these two: the status, and the bytes. */
  overlapped->Internal = 0;
  overlapped->InternalHigh = bytes;
  if (routine != NULL)
    return queue_routine(overlapped, routine, bytes) ? 0 : WSAENOBUFS;
  if (event != NULL)
    SetEvent(event);
  return post_to_port(known, overlapped, bytes) ? 0 : WSAENOBUFS;
}

HANDLE WSAAPI conntrail__watched_CreateIoCompletionPort(HANDLE file, HANDLE port, ULONG_PTR key,
                                                        DWORD threads) {
  HANDLE joined = conntrail__system_calls()->CreateIoCompletionPort(file, port, key, threads);
  if (joined == NULL || file == INVALID_HANDLE_VALUE)
    return joined;
  conntrail__face_lock();
  conntrail__descriptor *descriptor = conntrail__descriptor_find((SOCKET)file);
  if (descriptor != NULL) {
    descriptor->port = joined;
    descriptor->key = key;
  }
  conntrail__face_unlock();
  return joined;
}

BOOL WSAAPI conntrail__watched_SetFileCompletionNotificationModes(HANDLE file, UCHAR flags) {
  BOOL answer = conntrail__system_calls()->SetFileCompletionNotificationModes(file, flags);
  conntrail__face_lock();
  conntrail__descriptor *descriptor = conntrail__descriptor_find((SOCKET)file);
  if (answer && descriptor != NULL)
    descriptor->skip_port_on_success = (flags & FILE_SKIP_COMPLETION_PORT_ON_SUCCESS) != 0;
  conntrail__face_unlock();
  return answer;
}
