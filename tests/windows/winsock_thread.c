/* SPDX-License-Identifier: MIT */

/* Queries that pend when the thread that began them ends (O7): a program's own is cancelled, the
 * library's goes on. The profile is the one that lets them pend. */

#include <string.h>

#include "conntrail/async.h"
#include "conntrail/conntrail.h"
#include "unit_main.h"
#include "winsock_world.h"

enum { ENOUGH_MILLISECONDS = 60000 };

static SOCKET client;
static SOCKET accepted;
static unsigned char context[CONTEXT_BYTES];
static OVERLAPPED overlapped;
static conntrail_operation *operation;
static HANDLE completed;
static volatile LONG completions;

static void begin(void) {
  world_open();
  ck_assert_int_eq(conntrail_emu_set_profile(world, CONNTRAIL_EMU_CONTRARY), CONNTRAIL_OK);
  client = world_client();
  accepted = world_accept();
  completed = world_event();
  completions = 0;
  operation = NULL;
  memset(&overlapped, 0, sizeof overlapped);
  overlapped.hEvent = world_event();
}

static void end(void) {
  CloseHandle(overlapped.hEvent);
  CloseHandle(completed);
  if (accepted != INVALID_SOCKET) {
    closesocket(accepted);
  }
  closesocket(client);
  world_close();
}

static void run_in_thread(LPTHREAD_START_ROUTINE body) {
  HANDLE thread = CreateThread(NULL, 0, body, NULL, 0, NULL);
  ck_assert_ptr_nonnull(thread);
  ck_assert_uint_eq(WaitForSingleObject(thread, ENOUGH_MILLISECONDS), WAIT_OBJECT_0);
  CloseHandle(thread);
}

static DWORD WINAPI ask_raw(void *unused) {
  DWORD bytes = 0;
  (void)unused;
  (void)WSAIoctl(accepted, REDIRECT_CODE(QUERY_CONTEXT), NULL, 0, context, (DWORD)sizeof context,
                 &bytes, &overlapped, NULL);
  return 0;
}

START_TEST(a_programs_own_is_cancelled) {
  DWORD bytes = 0;
  DWORD flags = 0;
  run_in_thread(ask_raw);
  ck_assert_uint_eq(WaitForSingleObject(overlapped.hEvent, 0), WAIT_OBJECT_0);
  BOOL result = WSAGetOverlappedResult(accepted, &overlapped, &bytes, FALSE, &flags);
  int error = result ? 0 : WSAGetLastError();
  ck_assert_int_eq(error, WSA_OPERATION_ABORTED);
  ck_assert_uint_eq(conntrail_emu_pending(world), 0);
}
END_TEST

static DWORD WINAPI do_nothing(void *unused) {
  (void)unused;
  return 0;
}

START_TEST(another_threads_end_is_no_matter) {
  (void)ask_raw(NULL);
  run_in_thread(do_nothing);
  ck_assert_uint_eq(WaitForSingleObject(overlapped.hEvent, 0), WAIT_TIMEOUT);
  ck_assert_uint_eq(conntrail_emu_pending(world), 1);
}
END_TEST

static void on_completed(void *unused) {
  (void)unused;
  InterlockedIncrement(&completions);
  SetEvent(completed);
}

static DWORD WINAPI ask_by_library(void *unused) {
  (void)unused;
  (void)conntrail_begin_query_context(accepted, on_completed, NULL, &operation);
  return 0;
}

/* Until it is asked again, or has completed. */
static void begin_and_wait(void) {
  run_in_thread(ask_by_library);
  ck_assert_ptr_nonnull(operation);
  while (completions == 0 && conntrail_emu_pending(world) == 0) {
    (void)SwitchToThread();
  }
  ck_assert_int_eq(completions, 0);
}

static void expect_result(conntrail_status wanted, uint32_t wanted_native, size_t wanted_size) {
  const void *blob = NULL;
  size_t size = 0;
  ck_assert_uint_eq(WaitForSingleObject(completed, ENOUGH_MILLISECONDS), WAIT_OBJECT_0);
  conntrail_status status = conntrail_operation_result(operation, &blob, &size);
  uint32_t native = status < 0 ? conntrail_native_error() : 0;
  ck_assert_int_eq(status, wanted);
  ck_assert_uint_eq(native, wanted_native);
  ck_assert_uint_eq(size, wanted_size);
  ck_assert_int_eq(completions, 1);
  conntrail_operation_free(operation);
}

START_TEST(the_librarys_goes_on) {
  begin_and_wait();
  ck_assert_int_eq(conntrail_emu_complete(world, 0), CONNTRAIL_OK);
  expect_result(CONNTRAIL_OK, 0, CONTEXT_BYTES);
}
END_TEST

START_TEST(the_librarys_can_be_cancelled) {
  begin_and_wait();
  conntrail_operation_cancel(operation);
  expect_result(CONNTRAIL_ABORTED, WSA_OPERATION_ABORTED, 0);
  ck_assert_uint_eq(conntrail_emu_pending(world), 0);
}
END_TEST

START_TEST(the_librarys_ends_with_its_socket) {
  begin_and_wait();
  closesocket(accepted);
  accepted = INVALID_SOCKET;
  expect_result(CONNTRAIL_ABORTED, WSA_OPERATION_ABORTED, 0);
  ck_assert_uint_eq(conntrail_emu_pending(world), 0);
}
END_TEST

UNIT_MAIN("winsock_thread", begin, end, a_programs_own_is_cancelled,
          another_threads_end_is_no_matter, the_librarys_goes_on, the_librarys_can_be_cancelled,
          the_librarys_ends_with_its_socket)
