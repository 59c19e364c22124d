/* SPDX-License-Identifier: MIT */

/*
 * UDP as programs in the field use it, by their documents: options enabled one by one, receives
 * that pend, one control buffer of 2,048 bytes (M1).
 */

#include <string.h>

#include "datagram_world.h"
#include "unit_main.h"

enum { FIELD_CONTROL = 2048 };

static void enable_one(SOCKET socket, int level, int type) {
  const DWORD on = 1;
  ck_assert_int_eq(setsockopt(socket, level, type, (const char *)&on, sizeof on), 0);
}

/* A receive that pends before the datagram is there, as a server of one thread has it. */
static void receive_pending(test_message *l, const char *text) {
  OVERLAPPED overlapped = {.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL)};
  LPFN_WSARECVMSG receive = world_receive_call(proxy);
  DWORD bytes = 0;
  DWORD flags = 0;
  message_clear(l);
  l->message.Control.len = FIELD_CONTROL;
  ck_assert_ptr_nonnull(overlapped.hEvent);
  int answer = receive(proxy, &l->message, NULL, &overlapped, NULL);
  int error = WSAGetLastError();
  ck_assert_int_eq(answer, SOCKET_ERROR);
  ck_assert_int_eq(error, WSA_IO_PENDING);
  world_send(client, text, &destination);
  ck_assert_int_eq(WSAGetOverlappedResult(proxy, &overlapped, &bytes, TRUE, &flags), TRUE);
  ck_assert_uint_eq(bytes, strlen(text));
  CloseHandle(overlapped.hEvent);
}

/* As a test of a driver does it that cares for its context alone. */
START_TEST(context_enabled_alone) {
  test_message l;
  size_t size = 0;
  struct sockaddr_storage named;
  enable_one(proxy, IPPROTO_IP, CONTEXT_TYPE);
  receive_pending(&l, "first");
  const unsigned char *context = message_find(&l, CONTEXT_TYPE, &size);
  ck_assert_ptr_nonnull(context);
  ck_assert_uint_eq(size, CONTEXT_BYTES);
  memcpy(&named, context, sizeof named);
  ck_assert(net_address_equal(&named, &destination));
  ck_assert_ptr_null(message_find(&l, RECORDS_TYPE, &size));
  ck_assert_uint_eq(conntrail_emu_count(world, CONNTRAIL_EMU_CONTEXT_RECEIVED), 1);
  ck_assert_uint_eq(conntrail_emu_count(world, CONNTRAIL_EMU_MISUSE), 0);
}
END_TEST

START_TEST(records_enabled_alone) {
  test_message l;
  size_t size = 0;
  enable_one(proxy, IPPROTO_IP, RECORDS_TYPE);
  receive_pending(&l, "first");
  ck_assert_ptr_nonnull(message_find(&l, RECORDS_TYPE, &size));
  ck_assert_ptr_null(message_find(&l, CONTEXT_TYPE, &size));
  ck_assert_uint_eq(conntrail_emu_count(world, CONNTRAIL_EMU_MISUSE), 0);
}
END_TEST

/* Enabled at both levels, as for a socket of both families: an IPv4 socket has them at its own. */
START_TEST(both_levels_enabled) {
  test_message l;
  enable_one(proxy, IPPROTO_IP, RECORDS_TYPE);
  enable_one(proxy, IPPROTO_IP, CONTEXT_TYPE);
  enable_one(proxy, IPPROTO_IPV6, CONTEXT_TYPE);
  receive_pending(&l, "first");
  message_expect_records(&l, &destination);
  ck_assert_uint_eq(conntrail_emu_count(world, CONNTRAIL_EMU_MISUSE), 0);
}
END_TEST

UNIT_MAIN("winsock_field_datagram", datagram_world_open, datagram_world_close,
          context_enabled_alone, records_enabled_alone, both_levels_enabled)
