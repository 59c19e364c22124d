/* SPDX-License-Identifier: MIT */

/* WSAIoctl over the emulation: what is passed on, and how overlapped calls complete. */

#include "unit_main.h"
#include "winsock_world.h"

#include <mstcpip.h>
#include <string.h>

enum { SHORT_WAIT = 50 };

static SOCKET client;
static SOCKET accepted;
static unsigned char context[CONTEXT_BYTES + 1];

static void open_pair(void) {
  world_open();
  client = world_client();
  accepted = world_accept();
}

static void close_pair(void) {
  closesocket(accepted);
  closesocket(client);
  world_close();
}

static int ask_context(SOCKET of, DWORD *bytes, OVERLAPPED *overlapped,
                       LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
  return WSAIoctl(of, REDIRECT_CODE(QUERY_CONTEXT), NULL, 0, context, (DWORD)sizeof context, bytes,
                  overlapped, routine);
}

START_TEST(other_codes_are_passed_on) {
  struct tcp_keepalive alive = {.onoff = 1, .keepalivetime = 10000, .keepaliveinterval = 1000};
  u_long waiting = 77;
  DWORD bytes = 77;
  ck_assert_int_eq(net_send(client, "abc", 3), NET_OK);
  char received[2];
  ck_assert_int_eq(net_receive(accepted, received, 2), NET_OK);
  ck_assert_int_eq(
      WSAIoctl(accepted, FIONREAD, NULL, 0, &waiting, (DWORD)sizeof waiting, &bytes, NULL, NULL),
      0);
  ck_assert_uint_eq(waiting, 1);
  ck_assert_int_eq(WSAIoctl(accepted, SIO_KEEPALIVE_VALS, &alive, (DWORD)sizeof alive, NULL, 0,
                            &bytes, NULL, NULL),
                   0);
  int answer = WSAIoctl(accepted, REDIRECT_CODE(219), NULL, 0, NULL, 0, &bytes, NULL, NULL);
  int error = WSAGetLastError();
  ck_assert_int_eq(answer, SOCKET_ERROR);
  ck_assert_int_eq(error, WSAEOPNOTSUPP);
}
END_TEST

/* Clause E1: without an emulation the system answers. Wine knows the codes as little as Windows 7.
 */
START_TEST(without_an_emulation_the_system_answers) {
  DWORD bytes = 77;
  conntrail_emu_destroy(world);
  world = NULL;
  int answer = ask_context(accepted, &bytes, NULL, NULL);
  int error = WSAGetLastError();
  ck_assert_int_eq(answer, SOCKET_ERROR);
  ck_assert_int_eq(error, WSAEOPNOTSUPP);
  ck_assert_uint_eq(bytes, 0);
}
END_TEST

START_TEST(size_pointer_is_wanted) {
  int answer = ask_context(accepted, NULL, NULL, NULL);
  int error = WSAGetLastError();
  ck_assert_int_eq(answer, SOCKET_ERROR);
  ck_assert_int_eq(error, WSAEFAULT);
}
END_TEST

START_TEST(event_is_signalled) {
  OVERLAPPED overlapped = {.hEvent = world_event()};
  DWORD bytes = 0;
  DWORD flags = 77;
  ck_assert_int_eq(ask_context(accepted, &bytes, &overlapped, NULL), 0);
  ck_assert_uint_eq(bytes, CONTEXT_BYTES);
  ck_assert_uint_eq(WaitForSingleObject(overlapped.hEvent, 0), WAIT_OBJECT_0);
  bytes = 0;
  ck_assert_int_eq(WSAGetOverlappedResult(accepted, &overlapped, &bytes, FALSE, &flags), TRUE);
  ck_assert_uint_eq(bytes, CONTEXT_BYTES);
  CloseHandle(overlapped.hEvent);
}
END_TEST

/* [D] With an OVERLAPPED the size may be asked for later alone. */
START_TEST(size_pointer_is_not_wanted_with_overlapped) {
  OVERLAPPED overlapped = {.hEvent = world_event()};
  DWORD bytes = 0;
  DWORD flags = 0;
  ck_assert_int_eq(ask_context(accepted, NULL, &overlapped, NULL), 0);
  ck_assert_int_eq(WSAGetOverlappedResult(accepted, &overlapped, &bytes, TRUE, &flags), TRUE);
  ck_assert_uint_eq(bytes, CONTEXT_BYTES);
  CloseHandle(overlapped.hEvent);
}
END_TEST

/* A failure that is known at once is answered at once: nothing completes (clause O1). */
START_TEST(failure_is_answered_at_once) {
  OVERLAPPED overlapped = {.hEvent = world_event()};
  DWORD bytes = 77;
  SOCKET fresh = net_socket(NET_TCP4);
  int answer = ask_context(fresh, &bytes, &overlapped, NULL);
  int error = WSAGetLastError();
  ck_assert_int_eq(answer, SOCKET_ERROR);
  ck_assert_int_eq(error, WSAENOTCONN);
  ck_assert_uint_eq(WaitForSingleObject(overlapped.hEvent, SHORT_WAIT), WAIT_TIMEOUT);
  CloseHandle(overlapped.hEvent);
  closesocket(fresh);
}
END_TEST

typedef struct completion {
  int count;
  DWORD error;
  DWORD bytes;
  OVERLAPPED *overlapped;
  DWORD flags;
} completion;

static completion seen;

static void CALLBACK remember(DWORD error, DWORD bytes, OVERLAPPED *overlapped, DWORD flags) {
  seen = (completion){seen.count + 1, error, bytes, overlapped, flags};
}

/* [D] It runs in an alertable wait, once; the event is the program's own then. */
START_TEST(routine_runs_in_an_alertable_wait) {
  OVERLAPPED overlapped = {.hEvent = world_event()};
  DWORD bytes = 0;
  memset(&seen, 0, sizeof seen);
  ck_assert_int_eq(ask_context(accepted, &bytes, &overlapped, remember), 0);
  ck_assert_int_eq(seen.count, 0);
  ck_assert_uint_eq(WaitForSingleObjectEx(overlapped.hEvent, 0, TRUE), WAIT_IO_COMPLETION);
  ck_assert_int_eq(seen.count, 1);
  ck_assert_uint_eq(seen.error, 0);
  ck_assert_uint_eq(seen.bytes, CONTEXT_BYTES);
  ck_assert_ptr_eq(seen.overlapped, &overlapped);
  ck_assert_uint_eq(seen.flags, 0);
  ck_assert_uint_eq(WaitForSingleObjectEx(overlapped.hEvent, 0, TRUE), WAIT_TIMEOUT);
  ck_assert_int_eq(seen.count, 1);
  CloseHandle(overlapped.hEvent);
}
END_TEST

START_TEST(routine_without_overlapped_is_refused) {
  DWORD bytes = 77;
  memset(&seen, 0, sizeof seen);
  int answer = ask_context(accepted, &bytes, NULL, remember);
  int error = WSAGetLastError();
  ck_assert_int_eq(answer, SOCKET_ERROR);
  ck_assert_int_eq(error, WSAEINVAL);
  HANDLE event = world_event();
  ck_assert_uint_eq(WaitForSingleObjectEx(event, 0, TRUE), WAIT_TIMEOUT);
  ck_assert_int_eq(seen.count, 0);
  CloseHandle(event);
}
END_TEST

static void expect_packet(HANDLE port, OVERLAPPED *expected) {
  DWORD bytes = 0;
  ULONG_PTR key = 0;
  OVERLAPPED *overlapped = NULL;
  ck_assert_int_eq(GetQueuedCompletionStatus(port, &bytes, &key, &overlapped, 0), TRUE);
  ck_assert_uint_eq(bytes, CONTEXT_BYTES);
  ck_assert_uint_eq(key, 4242);
  ck_assert_ptr_eq(overlapped, expected);
}

static void expect_no_packet(HANDLE port) {
  DWORD bytes = 0;
  ULONG_PTR key = 0;
  OVERLAPPED *overlapped = NULL;
  ck_assert_int_eq(GetQueuedCompletionStatus(port, &bytes, &key, &overlapped, 0), FALSE);
  ck_assert_ptr_null(overlapped);
}

START_TEST(port_gets_a_packet) {
  OVERLAPPED overlapped = {.hEvent = NULL};
  DWORD bytes = 0;
  HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
  ck_assert_ptr_eq(CreateIoCompletionPort((HANDLE)accepted, port, 4242, 0), port);
  ck_assert_int_eq(ask_context(accepted, &bytes, &overlapped, NULL), 0);
  expect_packet(port, &overlapped);
  expect_no_packet(port);
  /* [D] The lowest bit of the event keeps the packet away. */
  overlapped.hEvent = (HANDLE)((ULONG_PTR)world_event() | 1);
  ck_assert_int_eq(ask_context(accepted, &bytes, &overlapped, NULL), 0);
  expect_no_packet(port);
  CloseHandle((HANDLE)((ULONG_PTR)overlapped.hEvent & ~(ULONG_PTR)1));
  CloseHandle(port);
}
END_TEST

START_TEST(port_gets_no_packet_that_it_does_not_want) {
  OVERLAPPED overlapped = {.hEvent = NULL};
  DWORD bytes = 0;
  HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
  ck_assert_ptr_eq(CreateIoCompletionPort((HANDLE)accepted, port, 4242, 0), port);
  ck_assert_int_eq(
      SetFileCompletionNotificationModes((HANDLE)accepted, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS),
      TRUE);
  ck_assert_int_eq(ask_context(accepted, &bytes, &overlapped, NULL), 0);
  expect_no_packet(port);
  CloseHandle(port);
}
END_TEST

/* Clause O4: without the overlapped attribute the call is synchronous, the OVERLAPPED ignored. */
START_TEST(socket_without_the_attribute_ignores_overlapped) {
  OVERLAPPED overlapped, before;
  unsigned char records[1024];
  DWORD size = 0, bytes = 0;
  SOCKET outbound = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, 0);
  memset(&overlapped, 0x5A, sizeof overlapped);
  before = overlapped;
  ck_assert_int_eq(WSAIoctl(accepted, REDIRECT_CODE(QUERY_RECORDS), NULL, 0, records,
                            (DWORD)sizeof records, &size, NULL, NULL),
                   0);
  ck_assert_int_eq(WSAIoctl(outbound, REDIRECT_CODE(SET_RECORDS), records, size, NULL, 0, &bytes,
                            &overlapped, NULL),
                   0);
  ck_assert_mem_eq(&overlapped, &before, sizeof before);
  closesocket(outbound);
}
END_TEST

UNIT_MAIN("winsock_ioctl", open_pair, close_pair, other_codes_are_passed_on,
          without_an_emulation_the_system_answers, size_pointer_is_wanted, event_is_signalled,
          size_pointer_is_not_wanted_with_overlapped, failure_is_answered_at_once,
          routine_runs_in_an_alertable_wait, routine_without_overlapped_is_refused,
          port_gets_a_packet, port_gets_no_packet_that_it_does_not_want,
          socket_without_the_attribute_ignores_overlapped)
