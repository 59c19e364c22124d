/* SPDX-License-Identifier: MIT */

/* Overlapped queries: by event, completion routine and completion port. */

#include <stdlib.h>
#include <string.h>

#include "probe.h"

/* A call that has ended already has set its event by then, or never will. */
enum { QUERIED = 1024, KEY = 17, GRACE_MILLISECONDS = 50 };

/* Allocated, and left to the system where the call never ends: it may write at any time. */
typedef struct pending {
  OVERLAPPED overlapped;
  HANDLE event;
  SOCKET socket;
  probe_completion completion;
  bool is_ended;
  unsigned char buffer[QUERIED];
} pending;

static DWORD silence(const probe_scene *scene) {
  DWORD asked = scene->options->hooks.silence;
  return asked != 0 ? asked : PROBE_SILENCE_MILLISECONDS;
}

static pending *make(const probe_scene *scene, probe_answer *answer) {
  pending *made = calloc(1, sizeof *made);
  if (made == NULL) {
    answer->obstacle = "no memory";
    return NULL;
  }
  made->event = CreateEventW(NULL, TRUE, FALSE, NULL);
  made->socket = scene->asked;
  conntrail__probe_fill(made->buffer, sizeof made->buffer);
  return made;
}

static void begin(const probe_row *row, pending *call, probe_answer *answer,
                  LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
  DWORD counted = PROBE_UNTOUCHED;
  conntrail__probe_begin(answer);
  int result = WSAIoctl(call->socket, conntrail__probe_code(row), NULL, 0, call->buffer, QUERIED,
                        &counted, &call->overlapped, routine);
  conntrail__probe_returned(answer, result);
  answer->bytes = counted;
  answer->is_overlapped = true;
}

static bool is_begun(const probe_answer *answer) {
  return answer->result == 0 || answer->error == WSA_IO_PENDING;
}

/* False: it has not ended. */
static bool read_result(pending *call) {
  DWORD bytes = 0;
  DWORD flags = 0;
  BOOL done = WSAGetOverlappedResult(call->socket, &call->overlapped, &bytes, FALSE, &flags);
  DWORD error = done ? 0 : (DWORD)WSAGetLastError();
  if (error == WSA_IO_INCOMPLETE) {
    return false;
  }
  call->completion.error = error;
  call->completion.bytes = bytes;
  return true;
}

static void end(pending *call, probe_answer *answer) {
  call->completion.ntstatus = (uint32_t)call->overlapped.Internal;
  answer->completion = call->completion;
  answer->changed = conntrail__probe_changed(call->buffer, QUERIED, answer);
  CloseHandle(call->event);
  if (call->is_ended || !is_begun(answer)) {
    free(call);
  }
}

static bool is_signalled(const pending *call, DWORD milliseconds) {
  return WaitForSingleObject(call->event, milliseconds) == WAIT_OBJECT_0;
}

/* [S] Wine fails such a call at once and never signals the event: the result is asked as well. */
void conntrail__probe_query_with_event(const probe_row *row, probe_scene *scene,
                                       probe_answer *answer) {
  pending *call = make(scene, answer);
  if (call == NULL) {
    return;
  }
  call->overlapped.hEvent = call->event;
  begin(row, call, answer, NULL);
  bool is_told = is_signalled(call, is_begun(answer) ? GRACE_MILLISECONDS : 0);
  call->completion.by = is_told ? "event" : NULL;
  if (is_begun(answer)) {
    call->is_ended = read_result(call);
    if (!call->is_ended) {
      is_told = is_signalled(call, silence(scene));
      call->is_ended = read_result(call);
    }
    if (!call->is_ended) {
      conntrail__probe_say(answer, "cancelled");
      (void)CancelIoEx((HANDLE)call->socket, &call->overlapped);
      is_told = is_signalled(call, silence(scene));
      call->is_ended = read_result(call);
    }
    call->completion.by = is_told ? "event" : "result";
  }
  end(call, answer);
}

static void CALLBACK on_completion(DWORD error, DWORD bytes, OVERLAPPED *overlapped, DWORD flags) {
  pending *call = (pending *)(void *)overlapped;
  (void)flags;
  call->completion = (probe_completion){.by = "routine", .error = error, .bytes = bytes};
  call->is_ended = true;
}

/* Alertable: the routine runs inside. */
static void await_routine(pending *call, DWORD milliseconds) {
  (void)WaitForSingleObjectEx(call->event, milliseconds, TRUE);
}

void conntrail__probe_query_with_routine(const probe_row *row, probe_scene *scene,
                                         probe_answer *answer) {
  pending *call = make(scene, answer);
  if (call == NULL) {
    return;
  }
  begin(row, call, answer, on_completion);
  await_routine(call, is_begun(answer) ? silence(scene) : 0);
  if (!call->is_ended && is_begun(answer)) {
    conntrail__probe_say(answer, "cancelled");
    (void)CancelIoEx((HANDLE)call->socket, &call->overlapped);
    await_routine(call, silence(scene));
  }
  end(call, answer);
}

static void await_packet(pending *call, HANDLE port, DWORD milliseconds) {
  DWORD bytes = 0;
  ULONG_PTR key = 0;
  OVERLAPPED *ended = NULL;
  BOOL is_success = GetQueuedCompletionStatus(port, &bytes, &key, &ended, milliseconds);
  DWORD error = is_success ? 0 : GetLastError();
  if (ended == &call->overlapped) {
    call->completion = (probe_completion){.by = "port", .error = error, .bytes = bytes};
    call->is_ended = true;
  }
}

void conntrail__probe_query_with_port(const probe_row *row, probe_scene *scene,
                                      probe_answer *answer) {
  HANDLE port = CreateIoCompletionPort((HANDLE)scene->asked, NULL, KEY, 1);
  pending *call = port != NULL ? make(scene, answer) : NULL;
  if (call == NULL) {
    answer->obstacle = "no completion port for this socket";
    return;
  }
  begin(row, call, answer, NULL);
  await_packet(call, port, is_begun(answer) ? silence(scene) : 0);
  if (!call->is_ended && is_begun(answer)) {
    conntrail__probe_say(answer, "cancelled");
    (void)CancelIoEx((HANDLE)call->socket, &call->overlapped);
    await_packet(call, port, silence(scene));
  }
  end(call, answer);
  CloseHandle(port);
}
