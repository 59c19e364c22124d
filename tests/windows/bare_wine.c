/* SPDX-License-Identifier: MIT */

/*
 * The production library on ws2_32 as Wine brings it, nothing emulated: Wine knows the control
 * codes of redirect records as little as Windows 7 does. Each call says NOT_SUPPORTED, none hangs,
 * and no handle is left behind (clauses Q14 and O6).
 */

#include <stdlib.h>
#include <string.h>

#include "../../backend-win/win.h"
#include "conntrail/async.h"
#include "conntrail/conntrail.h"
#include "conntrail/datagram.h"
#include "net.h"
#include "unit_main.h"

enum { QUERY_RECORDS_CODE = 220, SET_RECORDS_CODE = 222, ROUNDS = 200, WAIT_MILLISECONDS = 100 };

typedef struct connection {
  conntrail_socket listener;
  conntrail_socket client;
  conntrail_socket accepted;
  conntrail_socket fresh;
} connection;

static connection open_connection(void) {
  struct sockaddr_storage address = net_loopback(NET_TCP4, 0);
  connection made = {net_socket(NET_TCP4), net_socket(NET_TCP4), INVALID_SOCKET,
                     net_socket(NET_TCP4)};
  ck_assert_int_eq(net_bind(made.listener, &address), NET_OK);
  ck_assert_int_eq(net_listen(made.listener, 5), NET_OK);
  ck_assert_int_eq(net_local(made.listener, &address), NET_OK);
  ck_assert_int_eq(net_connect(made.client, &address), NET_OK);
  ck_assert_int_eq(net_accept(made.listener, &made.accepted, NULL), NET_OK);
  return made;
}

static void close_connection(const connection *closed) {
  ck_assert_int_eq(net_close(closed->fresh), NET_OK);
  ck_assert_int_eq(net_close(closed->accepted), NET_OK);
  ck_assert_int_eq(net_close(closed->client), NET_OK);
  ck_assert_int_eq(net_close(closed->listener), NET_OK);
}

/* The number first: Check's own calls overwrite it. */
static void expect_not_supported(conntrail_status status) {
  uint32_t native = conntrail_native_error();
  ck_assert_uint_eq(native, WSAEOPNOTSUPP);
  ck_assert_str_eq(conntrail_status_name(conntrail_status_cause(status)), "NOT_SUPPORTED");
}

static void ask_everything(const connection *of) {
  unsigned char buffer[CONNTRAIL_USUAL_BLOB];
  struct sockaddr_storage destination;
  size_t size = 77;
  memset(buffer, 0xA5, sizeof buffer);
  expect_not_supported(conntrail_query_records(of->accepted, buffer, sizeof buffer, &size));
  expect_not_supported(conntrail_query_records(of->accepted, NULL, 0, &size));
  expect_not_supported(conntrail_query_context(of->accepted, buffer, sizeof buffer, &size));
  expect_not_supported(conntrail_set_records(of->fresh, buffer, sizeof buffer));
  expect_not_supported(conntrail_transfer_records(of->accepted, of->fresh));
  expect_not_supported(conntrail_original_destination(of->accepted, &destination));
  ck_assert_uint_eq(size, 77);
  for (size_t at = 0; at < sizeof buffer; at++) {
    ck_assert_uint_eq(buffer[at], 0xA5);
  }
}

START_TEST(each_call_says_not_supported) {
  connection made = open_connection();
  ask_everything(&made);
  close_connection(&made);
}
END_TEST

/* Arguments are the library's own business and are refused before Wine is asked (Q16). */
START_TEST(arguments_win_over_not_supported) {
  connection made = open_connection();
  unsigned char byte = 0;
  size_t size = 0;
  ck_assert_int_eq(conntrail_query_records(made.accepted, &byte, 1, NULL), CONNTRAIL_FAULT);
  ck_assert_int_eq(conntrail_query_context(made.accepted, NULL, 1, &size), CONNTRAIL_FAULT);
  ck_assert_int_eq(conntrail_set_records(made.fresh, NULL, 1), CONNTRAIL_FAULT);
  ck_assert_int_eq(conntrail_set_records(made.fresh, &byte, 0), CONNTRAIL_INVALID);
  close_connection(&made);
}
END_TEST

/*
 * Wine begins an overlapped call, fails it at once, and never signals the event (O6). A thread
 * that waited for the event alone would hang; WSAGetOverlappedResult knows at once.
 */
static void ask_overlapped(conntrail_socket socket, DWORD number) {
  unsigned char buffer[CONNTRAIL_USUAL_BLOB] = {0};
  bool is_query = number != SET_RECORDS_CODE;
  OVERLAPPED overlapped;
  DWORD bytes = 77;
  DWORD flags = 77;
  memset(&overlapped, 0, sizeof overlapped);
  overlapped.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL);
  ck_assert_ptr_nonnull(overlapped.hEvent);
  int answer = WSAIoctl(socket, _WSAIOW(IOC_VENDOR, number), is_query ? NULL : buffer,
                        is_query ? 0 : (DWORD)sizeof buffer, is_query ? buffer : NULL,
                        is_query ? (DWORD)sizeof buffer : 0, &bytes, &overlapped, NULL);
  int begun = WSAGetLastError();
  ck_assert_int_eq(answer, SOCKET_ERROR);
  ck_assert_int_eq(begun, WSA_IO_PENDING);
  ck_assert_uint_eq(bytes, 77);
  BOOL result = WSAGetOverlappedResult(socket, &overlapped, &bytes, TRUE, &flags);
  int ended = WSAGetLastError();
  ck_assert_int_eq(result, FALSE);
  ck_assert_int_eq(ended, WSAEOPNOTSUPP);
  ck_assert_uint_eq(bytes, 0);
  ck_assert_int_eq(CloseHandle(overlapped.hEvent), TRUE);
}

static void ask_all_overlapped(const connection *of) {
  for (DWORD number = QUERY_RECORDS_CODE; number <= SET_RECORDS_CODE; number++) {
    ask_overlapped(number == SET_RECORDS_CODE ? of->fresh : of->accepted, number);
  }
}

START_TEST(overlapped_calls_end_at_once) {
  connection made = open_connection();
  ask_all_overlapped(&made);
  close_connection(&made);
}
END_TEST

/* What the case above is about: the day Wine signals the event, this says so. */
START_TEST(the_event_of_a_failed_call_is_never_signalled) {
  connection made = open_connection();
  OVERLAPPED overlapped;
  DWORD bytes = 0;
  memset(&overlapped, 0, sizeof overlapped);
  overlapped.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL);
  ck_assert_int_eq(WSAIoctl(made.accepted, _WSAIOW(IOC_VENDOR, QUERY_RECORDS_CODE), NULL, 0, NULL,
                            0, &bytes, &overlapped, NULL),
                   SOCKET_ERROR);
  ck_assert_uint_eq(WaitForSingleObject(overlapped.hEvent, WAIT_MILLISECONDS), WAIT_TIMEOUT);
  ck_assert_int_eq(CloseHandle(overlapped.hEvent), TRUE);
  close_connection(&made);
}
END_TEST

static void count_completion(void *argument) {
  (*(unsigned *)argument)++;
}

/* The same, asked through conntrail: no hang, and one completion (O1, O6). */
static void begin_and_end(conntrail_socket socket) {
  conntrail_operation *operation;
  unsigned completions = 0;
  ck_assert_int_eq(
      conntrail_begin_query_records(socket, count_completion, &completions, &operation),
      CONNTRAIL_OK);
  ck_assert_uint_eq(completions, 1);
  expect_not_supported(conntrail_operation_result(operation, NULL, NULL));
  conntrail_operation_free(operation);
}

START_TEST(begun_queries_end_at_once) {
  connection made = open_connection();
  begin_and_end(made.accepted);
  begin_and_end(made.listener);
  begin_and_end(made.fresh);
  close_connection(&made);
}
END_TEST

/* Messages go without records all the same (M12), and other control messages with them (M5). */
static conntrail_socket open_datagram(struct sockaddr_storage *address) {
  const DWORD limit = 10000;
  conntrail_socket made = net_socket(NET_UDP4);
  *address = net_loopback(NET_UDP4, 0);
  ck_assert_int_eq(net_bind(made, address), NET_OK);
  ck_assert_int_eq(net_local(made, address), NET_OK);
  ck_assert_int_eq(setsockopt(made, SOL_SOCKET, SO_RCVTIMEO, (const char *)&limit, sizeof limit),
                   0);
  return made;
}

static void send_message(conntrail_socket socket, const struct sockaddr_storage *to) {
  char text[] = "message";
  conntrail_buffer pieces[] = {{text, 4}, {text + 4, 3}};
  conntrail_message sent = CONNTRAIL_MESSAGE_INIT;
  sent.peer = *to;
  sent.payload = pieces;
  sent.payload_count = 2;
  ck_assert_int_eq(conntrail_sendmsg(socket, &sent), CONNTRAIL_OK);
}

START_TEST(messages_go_without_records) {
  struct sockaddr_storage from;
  struct sockaddr_storage to;
  const DWORD enabled = 1;
  char text[16];
  size_t control[64];
  conntrail_buffer piece = {text, sizeof text};
  conntrail_message received = CONNTRAIL_MESSAGE_INIT;
  conntrail_socket sender = open_datagram(&from);
  conntrail_socket receiver = open_datagram(&to);
  conntrail_status status = conntrail_enable_messages(receiver);
  ck_assert_uint_eq(conntrail_native_error(), WSAENOPROTOOPT);
  ck_assert_str_eq(conntrail_status_name(status), "NOT_SUPPORTED");
  ck_assert_int_eq(
      setsockopt(receiver, IPPROTO_IP, IP_PKTINFO, (const char *)&enabled, sizeof enabled), 0);
  received.payload = &piece;
  received.payload_count = 1;
  received.control = control;
  received.control_capacity = sizeof control;
  send_message(sender, &to);
  ck_assert_int_eq(conntrail_recvmsg(receiver, &received), CONNTRAIL_OK);
  ck_assert_uint_eq(received.payload_size, 7);
  ck_assert_mem_eq(text, "message", 7);
  ck_assert(net_address_equal(&received.peer, &from));
  ck_assert_uint_eq(received.records_size, 0);
  ck_assert_uint_eq(received.control_size, 24);
  ck_assert_int_eq(((const WSACMSGHDR *)(const void *)control)->cmsg_type, IP_PKTINFO);
  piece.size = 3;
  send_message(sender, &to);
  ck_assert_int_eq(conntrail_recvmsg(receiver, &received), CONNTRAIL_DATA_TRUNCATED);
  ck_assert_uint_eq(received.payload_size, 3);
  ck_assert_int_eq(net_close(sender), NET_OK);
  ck_assert_int_eq(net_close(receiver), NET_OK);
}
END_TEST

static DWORD handles(void) {
  DWORD count = 0;
  ck_assert_int_eq(GetProcessHandleCount(GetCurrentProcess(), &count), TRUE);
  return count;
}

static void one_round(void) {
  connection made = open_connection();
  ask_everything(&made);
  ask_all_overlapped(&made);
  begin_and_end(made.accepted);
  close_connection(&made);
}

START_TEST(no_handle_is_left_behind) {
  one_round();
  DWORD before = handles();
  for (int round = 0; round < ROUNDS; round++) {
    one_round();
  }
  ck_assert_uint_eq(handles(), before);
}
END_TEST

static void start_winsock(void) {
  ck_assert(net_begin());
}

static void end_winsock(void) {
  net_end();
}

UNIT_MAIN("bare_wine", start_winsock, end_winsock, each_call_says_not_supported,
          arguments_win_over_not_supported, overlapped_calls_end_at_once, begun_queries_end_at_once,
          the_event_of_a_failed_call_is_never_signalled, messages_go_without_records,
          no_handle_is_left_behind)
