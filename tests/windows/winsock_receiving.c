/* SPDX-License-Identifier: MIT */

/* Overlapped receives and sends of datagrams, as a program sees them that does not know
 * conntrail: by event, completion routine and completion port, cancelled and closed (M1, M7). */

#include <string.h>

#include "datagram_world.h"
#include "unit_main.h"

enum { MOST_MILLISECONDS = 10000, KEY = 77 };

static test_message received;
static OVERLAPPED overlapped;
static DWORD routine_error;
static DWORD routine_bytes;
static unsigned routine_calls;

static void clear(OVERLAPPED *cleared) {
  memset(cleared, 0, sizeof *cleared);
  cleared->hEvent = CreateEventA(NULL, TRUE, FALSE, NULL);
  ck_assert_ptr_nonnull(cleared->hEvent);
}

static void begin(void) {
  datagram_world_open();
  message_clear(&received);
  clear(&overlapped);
  routine_calls = 0;
  /* The client's first flow, so that replies to it have a destination to come from. */
  world_send(client, "question", &destination);
}

static void end(void) {
  ck_assert_int_eq(CloseHandle(overlapped.hEvent), TRUE);
  datagram_world_close();
}

static void CALLBACK remember(DWORD error, DWORD bytes, OVERLAPPED *of, DWORD flags) {
  (void)flags;
  ck_assert_ptr_eq(of, &overlapped);
  routine_error = error;
  routine_bytes = bytes;
  routine_calls++;
}

static void expect_pending(int answer) {
  int error = WSAGetLastError();
  ck_assert_int_eq(answer, SOCKET_ERROR);
  ck_assert_int_eq(error, WSA_IO_PENDING);
}

/* WSARecvFrom, with flags that are there until it ends. */
static void receive_from(test_message *l, OVERLAPPED *of,
                         LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
  static DWORD flags;
  flags = 0;
  expect_pending(WSARecvFrom(client, &l->piece, 1, NULL, &flags, l->message.name,
                             &l->message.namelen, of, routine));
}

static void expect_result(SOCKET socket, OVERLAPPED *of, int wanted_error, DWORD wanted_bytes) {
  DWORD bytes = 0;
  DWORD flags = 0;
  ck_assert_uint_eq(WaitForSingleObject(of->hEvent, MOST_MILLISECONDS), WAIT_OBJECT_0);
  BOOL result = WSAGetOverlappedResult(socket, of, &bytes, FALSE, &flags);
  int error = result ? 0 : WSAGetLastError();
  ck_assert_int_eq(error, wanted_error);
  ck_assert_uint_eq(bytes, wanted_bytes);
}

static void answer_client(const char *text) {
  world_send(proxy, text, &client_address);
}

START_TEST(event_is_signalled_with_the_destination_as_sender) {
  receive_from(&received, &overlapped, NULL);
  ck_assert_uint_eq(WaitForSingleObject(overlapped.hEvent, 0), WAIT_TIMEOUT);
  answer_client("answer");
  expect_result(client, &overlapped, 0, 6);
  ck_assert_mem_eq(received.text, "answer", 6);
  ck_assert(net_address_equal(&received.from, &destination));
}
END_TEST

START_TEST(what_was_there_before_is_received) {
  answer_client("answer");
  receive_from(&received, &overlapped, NULL);
  expect_result(client, &overlapped, 0, 6);
  ck_assert(net_address_equal(&received.from, &destination));
}
END_TEST

START_TEST(routine_runs_in_an_alertable_wait) {
  receive_from(&received, &overlapped, remember);
  answer_client("answer");
  for (int i = 0; i < 10 && routine_calls == 0; i++) {
    (void)WaitForSingleObjectEx(overlapped.hEvent, MOST_MILLISECONDS / 10, TRUE);
  }
  ck_assert_uint_eq(routine_calls, 1);
  ck_assert_uint_eq(routine_error, 0);
  ck_assert_uint_eq(routine_bytes, 6);
  ck_assert(net_address_equal(&received.from, &destination));
}
END_TEST

START_TEST(port_gets_a_packet) {
  DWORD bytes = 0;
  ULONG_PTR key = 0;
  OVERLAPPED *of = NULL;
  HANDLE port = CreateIoCompletionPort((HANDLE)client, NULL, KEY, 0);
  ck_assert_ptr_nonnull(port);
  /* It pends, so the packet comes in this mode as well. */
  ck_assert_int_eq(
      SetFileCompletionNotificationModes((HANDLE)client, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS),
      TRUE);
  receive_from(&received, &overlapped, NULL);
  answer_client("answer");
  ck_assert_int_eq(GetQueuedCompletionStatus(port, &bytes, &key, &of, MOST_MILLISECONDS), TRUE);
  ck_assert_uint_eq(bytes, 6);
  ck_assert_uint_eq(key, KEY);
  ck_assert_ptr_eq(of, &overlapped);
  ck_assert(net_address_equal(&received.from, &destination));
  ck_assert_int_eq(CloseHandle(port), TRUE);
}
END_TEST

START_TEST(several_end_in_their_order) {
  test_message second;
  OVERLAPPED other;
  message_clear(&second);
  clear(&other);
  receive_from(&received, &overlapped, NULL);
  receive_from(&second, &other, NULL);
  answer_client("first");
  answer_client("second");
  expect_result(client, &other, 0, 6);
  expect_result(client, &overlapped, 0, 5);
  ck_assert_mem_eq(received.text, "first", 5);
  ck_assert_mem_eq(second.text, "second", 6);
  ck_assert(net_address_equal(&second.from, &destination));
  ck_assert_int_eq(CloseHandle(other.hEvent), TRUE);
}
END_TEST

START_TEST(too_small) {
  received.piece.len = 2;
  receive_from(&received, &overlapped, NULL);
  answer_client("answer");
  expect_result(client, &overlapped, WSAEMSGSIZE, 2);
  ck_assert_mem_eq(received.text, "an", 2);
  ck_assert(net_address_equal(&received.from, &destination));
}
END_TEST

START_TEST(cancelled) {
  OVERLAPPED other;
  memset(&other, 0, sizeof other);
  receive_from(&received, &overlapped, NULL);
  ck_assert_int_eq(CancelIoEx((HANDLE)client, &other), FALSE);
  ck_assert_int_eq(CancelIoEx((HANDLE)client, &overlapped), TRUE);
  expect_result(client, &overlapped, WSA_OPERATION_ABORTED, 0);
  receive_from(&received, &overlapped, NULL);
  ck_assert_int_eq(CancelIo((HANDLE)client), TRUE);
  expect_result(client, &overlapped, WSA_OPERATION_ABORTED, 0);
}
END_TEST

START_TEST(closed) {
  receive_from(&received, &overlapped, NULL);
  closesocket(client);
  client = INVALID_SOCKET;
  ck_assert_uint_eq(conntrail_emu_datagram_flows(world), 0);
  expect_result(proxy, &overlapped, WSA_OPERATION_ABORTED, 0);
}
END_TEST

START_TEST(emulation_ends_before) {
  receive_from(&received, &overlapped, NULL);
  conntrail_emu_destroy(world);
  answer_client("answer");
  expect_result(client, &overlapped, 0, 6);
  ck_assert(net_address_equal(&received.from, &proxy_address));
  world = conntrail_emu_create(NULL);
}
END_TEST

START_TEST(message_has_records) {
  DWORD bytes = 0;
  world_expect(proxy, "question", &client_address);
  world_enable(proxy);
  expect_pending(world_receive_call(proxy)(proxy, &received.message, &bytes, &overlapped, NULL));
  world_send(client, "other", &other_destination);
  expect_result(proxy, &overlapped, 0, 5);
  ck_assert_mem_eq(received.text, "other", 5);
  message_expect_records(&received, &other_destination);
}
END_TEST

START_TEST(received_by_a_call_without_room) {
  DWORD flags = 0;
  world_expect(proxy, "question", &client_address);
  world_enable(proxy);
  expect_pending(WSARecv(proxy, &received.piece, 1, NULL, &flags, &overlapped, NULL));
  world_send(client, "other", &other_destination);
  expect_result(proxy, &overlapped, 0, 5);
  ck_assert_uint_eq(conntrail_emu_misuse_count(world, CONNTRAIL_EMU_MISUSE_RECORDS_NOT_RECEIVED),
                    1);
}
END_TEST

/* ---- Sending -------------------------------------------------------------------------------- */

static void send_overlapped(const char *text, const struct sockaddr_storage *to) {
  WSABUF piece = {(ULONG)strlen(text), (CHAR *)(uintptr_t)text};
  DWORD sent = 0;
  int answer = WSASendTo(client, &piece, 1, &sent, 0, (const struct sockaddr *)to,
                         (int)net_address_size(to), &overlapped, NULL);
  ck_assert(answer == 0 || WSAGetLastError() == WSA_IO_PENDING);
  expect_result(client, &overlapped, 0, piece.len);
}

START_TEST(sends_complete_by_both_ways) {
  world_expect(proxy, "question", &client_address);
  send_overlapped("own way", &destination);
  world_expect(proxy, "own way", &client_address);
  CloseHandle(overlapped.hEvent);
  clear(&overlapped);
  send_overlapped("carried", &other_destination);
  struct sockaddr_storage from = world_take(proxy, "carried");
  ck_assert(!net_address_equal(&from, &client_address));
}
END_TEST

UNIT_MAIN("winsock_receiving", begin, end, event_is_signalled_with_the_destination_as_sender,
          what_was_there_before_is_received, routine_runs_in_an_alertable_wait, port_gets_a_packet,
          several_end_in_their_order, too_small, cancelled, closed, emulation_ends_before,
          message_has_records, received_by_a_call_without_room, sends_complete_by_both_ways)
