/* SPDX-License-Identifier: MIT */

/* UDP by the calls that only Windows has, as a program sees it that does not know conntrail
 * (M1 to M7, M9). */

#include <string.h>

#include "datagram_world.h"
#include "unit_main.h"

static void expect_failure(int answer, int wanted) {
  int error = WSAGetLastError();
  ck_assert_int_eq(answer, SOCKET_ERROR);
  ck_assert_int_eq(error, wanted);
}

/* ---- Options -------------------------------------------------------------------------------- */

START_TEST(options_are_answered) {
  const DWORD on = 1;
  const DWORD off = 0;
  const char *value = (const char *)&on;
  SOCKET stream = net_socket(NET_TCP4);
  ck_assert_int_eq(setsockopt(proxy, IPPROTO_IP, RECORDS_TYPE, value, sizeof on), 0);
  ck_assert_int_eq(setsockopt(proxy, IPPROTO_IP, CONTEXT_TYPE, value, sizeof on), 0);
  ck_assert_int_eq(setsockopt(proxy, IPPROTO_IPV6, RECORDS_TYPE, value, sizeof on), 0);
  ck_assert_int_eq(setsockopt(proxy, IPPROTO_IPV6, CONTEXT_TYPE, (const char *)&off, sizeof off),
                   0);
  expect_failure(setsockopt(proxy, IPPROTO_IP, RECORDS_TYPE, NULL, sizeof on), WSAEFAULT);
  expect_failure(setsockopt(proxy, IPPROTO_IP, RECORDS_TYPE, value, sizeof on - 1), WSAEFAULT);
  expect_failure(setsockopt(stream, IPPROTO_IP, RECORDS_TYPE, value, sizeof on), WSAENOPROTOOPT);
  ck_assert_int_eq(net_close(stream), NET_OK);
}
END_TEST

/* ---- Plain calls ---------------------------------------------------------------------------- */

START_TEST(replies_come_from_the_destination) {
  world_send(client, "question", &destination);
  world_expect(proxy, "question", &client_address);
  world_send(proxy, "answer", &client_address);
  world_expect(client, "answer", &destination);
}
END_TEST

START_TEST(unbound_client_has_its_address_when_it_sends) {
  SOCKET unbound = net_socket(NET_UDP4);
  world_send(unbound, "question", &destination);
  struct sockaddr_storage from = world_take(proxy, "question");
  world_send(proxy, "answer", &from);
  world_expect(unbound, "answer", &destination);
  ck_assert_int_eq(net_close(unbound), NET_OK);
}
END_TEST

static void send_by_each_call(void) {
  char text[] = "two pieces";
  WSABUF pieces[] = {{4, text}, {6, text + 4}};
  DWORD sent = 0;
  WSAMSG message = {.name = (struct sockaddr *)&destination,
                    .namelen = (INT)sizeof(struct sockaddr_in),
                    .lpBuffers = pieces,
                    .dwBufferCount = 2};
  ck_assert_int_eq(WSASendTo(client, pieces, 2, &sent, 0, (struct sockaddr *)&destination,
                             (int)sizeof(struct sockaddr_in), NULL, NULL),
                   0);
  ck_assert_uint_eq(sent, 10);
  sent = 0;
  ck_assert_int_eq(WSASendMsg(client, &message, 0, &sent, NULL, NULL), 0);
  ck_assert_uint_eq(sent, 10);
}

START_TEST(each_call_that_sends) {
  GUID identity = WSAID_WSASENDMSG;
  LPFN_WSASENDMSG by_pointer = NULL;
  DWORD bytes = 0;
  ck_assert_int_eq(WSAIoctl(client, SIO_GET_EXTENSION_FUNCTION_POINTER, &identity,
                            (DWORD)sizeof identity, &by_pointer, (DWORD)sizeof by_pointer, &bytes,
                            NULL, NULL),
                   0);
  ck_assert(by_pointer == (LPFN_WSASENDMSG)WSASendMsg);
  send_by_each_call();
  world_expect(proxy, "two pieces", &client_address);
  world_expect(proxy, "two pieces", &client_address);
}
END_TEST

START_TEST(each_call_that_receives) {
  test_message l;
  char bytes[8];
  DWORD got = 0;
  DWORD flags = 0;
  world_send(client, "question", &destination);
  world_expect(proxy, "question", &client_address);
  for (int i = 0; i < 4; i++) {
    world_send(proxy, "answer", &client_address);
  }
  message_clear(&l);
  ck_assert_int_eq(WSARecvFrom(client, &l.piece, 1, &got, &flags, l.message.name,
                               &l.message.namelen, NULL, NULL),
                   0);
  ck_assert_uint_eq(got, 6);
  ck_assert(net_address_equal(&l.from, &destination));
  message_clear(&l);
  got = 0;
  ck_assert_int_eq(world_receive_call(client)(client, &l.message, &got, NULL, NULL), 0);
  ck_assert_uint_eq(got, 6);
  ck_assert(net_address_equal(&l.from, &destination));
  ck_assert_uint_eq(l.message.Control.len, 0);
  ck_assert_int_eq(recv(client, bytes, sizeof bytes, 0), 6);
  got = 0;
  ck_assert_int_eq(WSARecv(client, &l.piece, 1, &got, &flags, NULL, NULL), 0);
  ck_assert_uint_eq(got, 6);
}
END_TEST

START_TEST(destinations_are_told_apart) {
  world_send(client, "first", &destination);
  world_send(client, "second", &other_destination);
  world_send(client, "third", &destination);
  world_expect(proxy, "first", &client_address);
  struct sockaddr_storage from = world_take(proxy, "second");
  ck_assert(!net_address_equal(&from, &client_address));
  world_expect(proxy, "third", &client_address);
  world_send(proxy, "to second", &from);
  world_expect(client, "to second", &other_destination);
  world_send(proxy, "to first", &client_address);
  world_expect(client, "to first", &destination);
  ck_assert_uint_eq(conntrail_emu_datagram_flows(world), 2);
}
END_TEST

START_TEST(closing_ends_the_flows) {
  world_send(client, "first", &destination);
  world_send(client, "second", &other_destination);
  ck_assert_uint_eq(conntrail_emu_datagram_flows(world), 2);
  ck_assert_int_eq(net_close(client), NET_OK);
  client = INVALID_SOCKET;
  ck_assert_uint_eq(conntrail_emu_datagram_flows(world), 0);
}
END_TEST

START_TEST(connected) {
  struct sockaddr_storage peer;
  struct sockaddr_storage nowhere = net_v4(0, 0, 0, 0, 0);
  char bytes[8];
  ck_assert_int_eq(net_connect(client, &destination), NET_OK);
  ck_assert_int_eq(net_peer(client, &peer), NET_OK);
  ck_assert(net_address_equal(&peer, &destination));
  world_send(client, "question", NULL);
  world_expect(proxy, "question", &client_address);
  world_send(proxy, "answer", &client_address);
  world_send(proxy, "once more", &client_address);
  ck_assert_int_eq(recv(client, bytes, sizeof bytes, 0), 6);
  world_expect(client, "once more", &destination);
  ck_assert_int_eq(net_connect(client, &nowhere), NET_OK);
  ck_assert_int_eq(net_peer(client, &peer), NET_NOT_CONNECTED);
}
END_TEST

/* ---- Records -------------------------------------------------------------------------------- */

static DWORD receive(SOCKET socket, test_message *l) {
  DWORD got = 0;
  ck_assert_int_eq(world_receive_call(socket)(socket, &l->message, &got, NULL, NULL), 0);
  return got;
}

START_TEST(first_datagram_has_records) {
  test_message l;
  world_enable(proxy);
  world_send(client, "first", &destination);
  world_send(client, "second", &destination);
  message_clear(&l);
  ck_assert_uint_eq(receive(proxy, &l), 5);
  ck_assert_uint_eq(l.message.dwFlags, 0);
  ck_assert(net_address_equal(&l.from, &client_address));
  message_expect_records(&l, &destination);
  message_clear(&l);
  ck_assert_uint_eq(receive(proxy, &l), 6);
  ck_assert_uint_eq(l.message.Control.len, 0);
}
END_TEST

START_TEST(peek_takes_nothing) {
  test_message l;
  world_enable(proxy);
  world_send(client, "first", &destination);
  message_clear(&l);
  l.message.dwFlags = MSG_PEEK;
  ck_assert_uint_eq(receive(proxy, &l), 5);
  message_expect_records(&l, &destination);
  message_clear(&l);
  ck_assert_uint_eq(receive(proxy, &l), 5);
  message_expect_records(&l, &destination);
}
END_TEST

START_TEST(not_enabled_is_a_misuse) {
  test_message l;
  world_send(client, "first", &destination);
  message_clear(&l);
  ck_assert_uint_eq(receive(proxy, &l), 5);
  ck_assert_uint_eq(l.message.Control.len, 0);
  ck_assert_uint_eq(conntrail_emu_misuse_count(world, CONNTRAIL_EMU_MISUSE_MESSAGES_NOT_ENABLED),
                    1);
}
END_TEST

START_TEST(records_come_behind_the_systems_own) {
  const DWORD enabled = 1;
  test_message l;
  size_t size = 0;
  world_enable(proxy);
  ck_assert_int_eq(
      setsockopt(proxy, IPPROTO_IP, IP_PKTINFO, (const char *)&enabled, sizeof enabled), 0);
  world_send(client, "first", &destination);
  message_clear(&l);
  ck_assert_uint_eq(receive(proxy, &l), 5);
  message_expect_records(&l, &destination);
  const unsigned char *info = message_find(&l, IP_PKTINFO, &size);
  ck_assert_ptr_eq(info, (const unsigned char *)l.control + sizeof(WSACMSGHDR));
  ck_assert_uint_eq(size, sizeof(IN_PKTINFO));
}
END_TEST

START_TEST(control_too_small) {
  test_message l;
  DWORD got = 0;
  world_enable(proxy);
  world_send(client, "first", &destination);
  message_clear(&l);
  l.message.Control.len = 32;
  expect_failure(world_receive_call(proxy)(proxy, &l.message, &got, NULL, NULL), WSAEMSGSIZE);
  ck_assert_uint_eq(l.message.dwFlags, MSG_CTRUNC);
  ck_assert_uint_eq(l.message.Control.len, 0);
  ck_assert_uint_eq(got, 5);
  ck_assert_mem_eq(l.text, "first", 5);
}
END_TEST

START_TEST(payload_too_small) {
  test_message l;
  DWORD got = 0;
  char bytes[2];
  struct sockaddr_storage from;
  int size = (int)sizeof from;
  world_enable(proxy);
  world_send(client, "first", &destination);
  message_clear(&l);
  l.piece.len = 2;
  expect_failure(world_receive_call(proxy)(proxy, &l.message, &got, NULL, NULL), WSAEMSGSIZE);
  ck_assert_uint_eq(l.message.dwFlags, MSG_TRUNC);
  ck_assert_uint_eq(got, 2);
  message_expect_records(&l, &destination);
  world_send(proxy, "answer", &client_address);
  expect_failure(recvfrom(client, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &size),
                 WSAEMSGSIZE);
  ck_assert_mem_eq(bytes, "an", 2);
  ck_assert(net_address_equal(&from, &destination));
}
END_TEST

START_TEST(arguments) {
  test_message l;
  DWORD got = 0;
  SOCKET unbound = net_socket(NET_UDP4);
  SOCKET stream = net_socket(NET_TCP4);
  LPFN_WSARECVMSG call = world_receive_call(proxy);
  message_clear(&l);
  expect_failure(call(unbound, &l.message, &got, NULL, NULL), WSAEINVAL);
  expect_failure(call(stream, &l.message, &got, NULL, NULL), WSAEINVAL);
  expect_failure(WSASendMsg(stream, &l.message, 0, &got, NULL, NULL), WSAEINVAL);
  l.message.Control.buf = NULL;
  expect_failure(call(proxy, &l.message, &got, NULL, NULL), WSAEFAULT);
  expect_failure(WSASendMsg(proxy, &l.message, 0, &got, NULL, NULL), WSAEFAULT);
  ck_assert_int_eq(net_close(unbound), NET_OK);
  ck_assert_int_eq(net_close(stream), NET_OK);
}
END_TEST

/* ---- Sending records ------------------------------------------------------------------------ */

static int send_with_records(SOCKET socket, const void *records, size_t size) {
  test_message l;
  DWORD sent = 0;
  message_clear(&l);
  memcpy(l.text, "onward", 6);
  l.piece.len = 6;
  l.from = destination;
  l.message.namelen = (INT)sizeof(struct sockaddr_in);
  message_put_records(&l, records, size);
  return WSASendMsg(socket, &l.message, 0, &sent, NULL, NULL);
}

/* With its records the datagram is not redirected again: it goes to its route. */
START_TEST(records_are_sent) {
  test_message l;
  size_t size = 0;
  struct sockaddr_storage server_address;
  struct sockaddr_storage onward_address;
  SOCKET server = world_bound(&server_address);
  SOCKET onward = world_bound(&onward_address);
  ck_assert_int_eq(
      conntrail_emu_route(world, "93.184.216.34:53", (struct sockaddr *)&server_address),
      CONNTRAIL_OK);
  world_enable(proxy);
  world_send(client, "first", &destination);
  message_clear(&l);
  ck_assert_uint_eq(receive(proxy, &l), 5);
  const unsigned char *records = message_find(&l, RECORDS_TYPE, &size);
  ck_assert_int_eq(send_with_records(onward, records, size), 0);
  world_expect(server, "onward", &onward_address);
  world_send(server, "answer", &onward_address);
  world_expect(onward, "answer", &destination);
  ck_assert_int_eq(net_close(onward), NET_OK);
  ck_assert_int_eq(net_close(server), NET_OK);
}
END_TEST

START_TEST(foreign_records_are_refused) {
  unsigned char nonsense[16] = {1, 2, 3};
  SOCKET onward = net_socket(NET_UDP4);
  expect_failure(send_with_records(onward, nonsense, sizeof nonsense), WSAEINVAL);
  ck_assert_uint_eq(conntrail_emu_datagram_flows(world), 0);
  ck_assert_int_eq(net_close(onward), NET_OK);
}
END_TEST

UNIT_MAIN("winsock_datagram", datagram_world_open, datagram_world_close, options_are_answered,
          replies_come_from_the_destination, unbound_client_has_its_address_when_it_sends,
          each_call_that_sends, each_call_that_receives, destinations_are_told_apart,
          closing_ends_the_flows, connected, first_datagram_has_records, peek_takes_nothing,
          not_enabled_is_a_misuse, records_come_behind_the_systems_own, control_too_small,
          payload_too_small, arguments, records_are_sent, foreign_records_are_refused)
