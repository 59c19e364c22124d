/* SPDX-License-Identifier: MIT */

/*
 * TCP as programs in the field use it, by their documents and the clauses: which call follows
 * which, with buffers of which size. None of them knows conntrail.
 */

#include "unit_main.h"
#include "winsock_world.h"

#include <string.h>

/* winerror.h: FWP_E_NOT_FOUND. */
#define FWP_NOT_FOUND 0x80320008

enum { ADDRESS_ROOM = sizeof(struct sockaddr_storage) + 16, MOST_RECORDS = 65536 };

static unsigned char records[MOST_RECORDS];

static int query(SOCKET of, int code, void *out, DWORD capacity, DWORD *bytes) {
  int answer = WSAIoctl(of, REDIRECT_CODE((DWORD)code), NULL, 0, out, capacity, bytes, NULL, NULL);
  int error = WSAGetLastError();
  return answer == 0 ? 0 : error;
}

static int set(SOCKET to, DWORD size) {
  DWORD bytes = 0;
  int answer = WSAIoctl(to, REDIRECT_CODE(SET_RECORDS), records, size, NULL, 0, &bytes, NULL, NULL);
  int error = WSAGetLastError();
  return answer == 0 ? 0 : error;
}

static void expect_destination(const void *context) {
  struct sockaddr_storage named;
  memcpy(&named, context, sizeof named);
  ck_assert(net_address_equal(&named, &world_destination));
}

static void expect_no_misuse(void) {
  ck_assert_uint_eq(conntrail_emu_count(world, CONNTRAIL_EMU_MISUSE), 0);
}

/* What a test of a driver does: AcceptEx that wants data with the connection, no update, then the
 * context by a buffer of 512 bytes, and the answer through the same socket. */
START_TEST(test_server_of_a_driver) {
  char output[32 + 2 * ADDRESS_ROOM];
  char context[512];
  char answer[8];
  OVERLAPPED overlapped = {.hEvent = world_event()};
  GUID identity = WSAID_ACCEPTEX;
  LPFN_ACCEPTEX accept_ex = NULL;
  DWORD bytes = 0;
  DWORD flags = 0;
  SOCKET accepted = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);
  ck_assert_int_eq(WSAIoctl(world_listener, SIO_GET_EXTENSION_FUNCTION_POINTER, &identity,
                            (DWORD)sizeof identity, &accept_ex, (DWORD)sizeof accept_ex, &bytes,
                            NULL, NULL),
                   0);
  BOOL done = accept_ex(world_listener, accepted, output, 32, ADDRESS_ROOM, ADDRESS_ROOM, &bytes,
                        &overlapped);
  int error = WSAGetLastError();
  ck_assert(!done && error == WSA_IO_PENDING);
  SOCKET client = world_client();
  ck_assert_int_eq(net_send(client, "request", 7), NET_OK);
  ck_assert_int_eq(WSAGetOverlappedResult(world_listener, &overlapped, &bytes, TRUE, &flags), TRUE);
  ck_assert_uint_eq(bytes, 7);
  ck_assert_mem_eq(output, "request", 7);
  ck_assert_int_eq(query(accepted, QUERY_CONTEXT, context, (DWORD)sizeof context, &bytes), 0);
  ck_assert_uint_eq(bytes, CONTEXT_BYTES);
  expect_destination(context);
  ck_assert_int_eq(send(accepted, "answer", 6, 0), 6);
  ck_assert_int_eq(recv(client, answer, (int)sizeof answer, 0), 6);
  expect_no_misuse();
  closesocket(accepted);
  closesocket(client);
  CloseHandle(overlapped.hEvent);
}
END_TEST

/* Both queries with fixed buffers, records first, then set on the fresh socket and connect. */
START_TEST(proxy_with_fixed_buffers) {
  enum { ROOM = 8192 };
  char context[CONTEXT_BYTES];
  struct sockaddr_storage server = net_loopback(NET_TCP4, 0);
  SOCKET listener = net_socket(NET_TCP4);
  DWORD bytes = 0;
  ck_assert_int_eq(net_bind(listener, &server), NET_OK);
  ck_assert_int_eq(net_listen(listener, 1), NET_OK);
  ck_assert_int_eq(net_local(listener, &server), NET_OK);
  ck_assert_int_eq(conntrail_emu_route(world, "93.184.216.34:80", (struct sockaddr *)&server),
                   CONNTRAIL_OK);
  SOCKET client = world_client();
  ck_assert_int_eq(conntrail_emu_act_as(0, NULL), CONNTRAIL_OK);
  SOCKET accepted = world_accept();
  ck_assert_int_eq(query(accepted, QUERY_RECORDS, records, ROOM, &bytes), 0);
  DWORD size = bytes;
  ck_assert_int_eq(query(accepted, QUERY_CONTEXT, context, (DWORD)sizeof context, &bytes), 0);
  expect_destination(context);
  SOCKET outbound = net_socket(NET_TCP4);
  ck_assert_int_eq(set(outbound, size), 0);
  ck_assert_int_eq(net_connect(outbound, &world_destination), NET_OK);
  ck_assert_uint_eq(conntrail_emu_count(world, CONNTRAIL_EMU_DELIVERED), 1);
  closesocket(accepted);
  expect_no_misuse();
  closesocket(outbound);
  closesocket(client);
  closesocket(listener);
}
END_TEST

/* A connection that was not redirected: one product tolerates this number alone. */
START_TEST(proxy_that_tolerates_one_number) {
  char context[CONTEXT_BYTES];
  struct sockaddr_storage own;
  DWORD bytes = 77;
  SOCKET client = net_socket(NET_TCP4);
  ck_assert_int_eq(net_local(world_listener, &own), NET_OK);
  ck_assert_int_eq(net_connect(client, &own), NET_OK);
  SOCKET accepted = world_accept();
  ck_assert_int_eq(query(accepted, QUERY_CONTEXT, context, (DWORD)sizeof context, &bytes),
                   (int)FWP_NOT_FOUND);
  ck_assert_uint_eq(bytes, 0);
  expect_no_misuse();
  closesocket(accepted);
  closesocket(client);
}
END_TEST

/* Loops that grow their buffer: by the count alone, or doubled at certain numbers. */
typedef bool (*grows)(int native, DWORD bytes, DWORD capacity, DWORD *next);

static bool by_count(int native, DWORD bytes, DWORD capacity, DWORD *next) {
  (void)native;
  *next = bytes;
  return bytes > capacity;
}

static bool by_either_number(int native, DWORD bytes, DWORD capacity, DWORD *next) {
  (void)capacity;
  *next = bytes > 0 ? bytes : 4096;
  return native == ERROR_INSUFFICIENT_BUFFER || native == WSAEFAULT;
}

static bool doubled_at_fault(int native, DWORD bytes, DWORD capacity, DWORD *next) {
  (void)bytes;
  *next = 2 * capacity;
  return (native == WSAEFAULT || native == WSAENOBUFS) && capacity < MOST_RECORDS;
}

static bool grow(SOCKET accepted, DWORD capacity, grows may_grow) {
  DWORD bytes = 0;
  int native = query(accepted, QUERY_RECORDS, records, capacity, &bytes);
  for (int turn = 0; native != 0 && turn < 16; turn++) {
    if (!may_grow(native, bytes, capacity, &capacity) || capacity > MOST_RECORDS) {
      return false;
    }
    native = query(accepted, QUERY_RECORDS, records, capacity, &bytes);
  }
  return native == 0;
}

START_TEST(proxies_that_grow_their_buffer) {
  SOCKET client = world_client();
  SOCKET accepted = world_accept();
  ck_assert(grow(accepted, 16, by_count));
  ck_assert(grow(accepted, 16, by_either_number));
  /* The documents' 122 is not what this one waits for. */
  ck_assert(!grow(accepted, 16, doubled_at_fault));
  closesocket(accepted);
  closesocket(client);
  ck_assert_uint_eq(conntrail_emu_misuse_count(world, CONNTRAIL_EMU_MISUSE_BUFFER_ASSUMED), 1);
}
END_TEST

UNIT_MAIN("winsock_field_stream", world_open, world_close, test_server_of_a_driver,
          proxy_with_fixed_buffers, proxy_that_tolerates_one_number, proxies_that_grow_their_buffer)
