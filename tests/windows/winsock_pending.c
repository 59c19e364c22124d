/* SPDX-License-Identifier: MIT */

/* Overlapped queries that pend, as a program sees them that does not know conntrail: event,
 * completion routine, cancel and closing (O1 to O3). The profile is the one that lets them pend. */

#include <string.h>

#include "unit_main.h"
#include "winsock_world.h"

static SOCKET client;
static SOCKET accepted;
static unsigned char context[CONTEXT_BYTES];
static OVERLAPPED overlapped;
static DWORD routine_error;
static unsigned routine_calls;

static void begin(void) {
  world_open();
  ck_assert_int_eq(conntrail_emu_set_profile(world, CONNTRAIL_EMU_CONTRARY), CONNTRAIL_OK);
  client = world_client();
  accepted = world_accept();
  routine_calls = 0;
  memset(&overlapped, 0, sizeof overlapped);
  overlapped.hEvent = world_event();
}

static void end(void) {
  CloseHandle(overlapped.hEvent);
  if (accepted != INVALID_SOCKET) {
    closesocket(accepted);
  }
  closesocket(client);
  world_close();
}

static void CALLBACK remember(DWORD error, DWORD bytes, OVERLAPPED *of, DWORD flags) {
  ck_assert_ptr_eq(of, &overlapped);
  (void)bytes, (void)flags;
  routine_error = error;
  routine_calls++;
}

static void ask(LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
  DWORD bytes = 77;
  int answer = WSAIoctl(accepted, REDIRECT_CODE(QUERY_CONTEXT), NULL, 0, context,
                        (DWORD)sizeof context, &bytes, &overlapped, routine);
  int error = WSAGetLastError();
  ck_assert_int_eq(answer, SOCKET_ERROR);
  ck_assert_int_eq(error, WSA_IO_PENDING);
  ck_assert_uint_eq(bytes, 77);
  ck_assert_uint_eq(conntrail_emu_pending(world), 1);
}

static void expect_result(BOOL wanted, int wanted_error, DWORD wanted_bytes) {
  DWORD bytes = 0;
  DWORD flags = 0;
  BOOL result = WSAGetOverlappedResult(accepted, &overlapped, &bytes, FALSE, &flags);
  int error = result ? 0 : WSAGetLastError();
  ck_assert_int_eq(result, wanted);
  ck_assert_int_eq(error, wanted_error);
  ck_assert_uint_eq(bytes, wanted_bytes);
}

START_TEST(event_is_signalled_when_it_is_answered) {
  ask(NULL);
  ck_assert_uint_eq(WaitForSingleObject(overlapped.hEvent, 0), WAIT_TIMEOUT);
  expect_result(FALSE, WSA_IO_INCOMPLETE, 0);
  ck_assert_int_eq(conntrail_emu_complete(world, 0), CONNTRAIL_OK);
  ck_assert_uint_eq(WaitForSingleObject(overlapped.hEvent, 0), WAIT_OBJECT_0);
  expect_result(TRUE, 0, CONTEXT_BYTES);
}
END_TEST

START_TEST(routine_runs_when_it_is_answered) {
  ask(remember);
  ck_assert_int_eq(conntrail_emu_complete(world, 0), CONNTRAIL_OK);
  ck_assert_uint_eq(routine_calls, 0);
  (void)WaitForSingleObjectEx(overlapped.hEvent, 0, TRUE);
  ck_assert_uint_eq(routine_calls, 1);
  ck_assert_uint_eq(routine_error, 0);
}
END_TEST

START_TEST(cancelled) {
  OVERLAPPED other;
  memset(&other, 0, sizeof other);
  ask(NULL);
  ck_assert_int_eq(CancelIoEx((HANDLE)accepted, &other), FALSE);
  ck_assert_uint_eq(conntrail_emu_pending(world), 1);
  ck_assert_int_eq(CancelIoEx((HANDLE)accepted, &overlapped), TRUE);
  ck_assert_uint_eq(conntrail_emu_pending(world), 0);
  ck_assert_uint_eq(WaitForSingleObject(overlapped.hEvent, 0), WAIT_OBJECT_0);
  expect_result(FALSE, WSA_OPERATION_ABORTED, 0);
}
END_TEST

START_TEST(closed) {
  ask(remember);
  closesocket(accepted);
  accepted = INVALID_SOCKET;
  ck_assert_uint_eq(conntrail_emu_pending(world), 0);
  (void)WaitForSingleObjectEx(overlapped.hEvent, 0, TRUE);
  ck_assert_uint_eq(routine_calls, 1);
  ck_assert_uint_eq(routine_error, WSA_OPERATION_ABORTED);
}
END_TEST

UNIT_MAIN("winsock_pending", begin, end, event_is_signalled_when_it_is_answered,
          routine_runs_when_it_is_answered, cancelled, closed)
