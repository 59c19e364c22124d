/* SPDX-License-Identifier: MIT */

/* AcceptEx, and the options that are due after it and after ConnectEx (Q12, X13). */

#include "conntrail/conntrail.h"
#include "unit_main.h"
#include "winsock_world.h"

#include <string.h>

enum { ADDRESS_ROOM = sizeof(struct sockaddr_storage) + 16, MOST_DATA = 64 };

/* One AcceptEx, and what it writes. */
typedef struct accepting {
  SOCKET accepted;
  OVERLAPPED overlapped;
  char output[MOST_DATA + 2 * ADDRESS_ROOM];
} accepting;

typedef BOOL(PASCAL *accept_call)(SOCKET, SOCKET, void *, DWORD, DWORD, DWORD, DWORD *,
                                  OVERLAPPED *);

static accept_call accept_ex_by_pointer(void) {
  GUID identity = WSAID_ACCEPTEX;
  LPFN_ACCEPTEX found = NULL;
  DWORD bytes = 0;
  ck_assert_int_eq(WSAIoctl(world_listener, SIO_GET_EXTENSION_FUNCTION_POINTER, &identity,
                            (DWORD)sizeof identity, &found, (DWORD)sizeof found, &bytes, NULL,
                            NULL),
                   0);
  return found;
}

static void begin_accept(accepting *a, accept_call call, DWORD data_size) {
  DWORD bytes = 0;
  memset(a, 0, sizeof *a);
  a->overlapped.hEvent = world_event();
  a->accepted = net_socket(NET_TCP4);
  BOOL done = call(world_listener, a->accepted, a->output, data_size, ADDRESS_ROOM, ADDRESS_ROOM,
                   &bytes, &a->overlapped);
  int error = WSAGetLastError();
  ck_assert_int_eq(done, FALSE);
  ck_assert_int_eq(error, WSA_IO_PENDING);
}

static void finish_accept(accepting *a, DWORD expected) {
  DWORD bytes = 77;
  DWORD flags = 0;
  ck_assert_int_eq(WSAGetOverlappedResult(world_listener, &a->overlapped, &bytes, TRUE, &flags),
                   TRUE);
  ck_assert_uint_eq(bytes, expected);
  CloseHandle(a->overlapped.hEvent);
}

static void update(SOCKET accepted) {
  ck_assert_int_eq(setsockopt(accepted, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT,
                              (char *)&world_listener, (int)sizeof world_listener),
                   0);
}

static void expect_no_misuse(void) {
  ck_assert_uint_eq(conntrail_emu_count(world, CONNTRAIL_EMU_MISUSE), 0);
}

/* A raw query of the context, of any program: answers its number and count. */
static int query_context(SOCKET of, void *context, DWORD capacity, DWORD *bytes) {
  int answer =
      WSAIoctl(of, REDIRECT_CODE(QUERY_CONTEXT), NULL, 0, context, capacity, bytes, NULL, NULL);
  int error = WSAGetLastError();
  return answer == 0 ? 0 : error;
}

static void expect_raw_context(SOCKET accepted) {
  char context[CONTEXT_BYTES];
  struct sockaddr_storage named;
  DWORD bytes = 0;
  ck_assert_int_eq(query_context(accepted, context, (DWORD)sizeof context, &bytes), 0);
  ck_assert_uint_eq(bytes, CONTEXT_BYTES);
  memcpy(&named, context, sizeof named);
  ck_assert(net_address_equal(&named, &world_destination));
}

START_TEST(context_without_update) {
  accepting a;
  begin_accept(&a, accept_ex_by_pointer(), 0);
  SOCKET client = world_client();
  finish_accept(&a, 0);
  expect_raw_context(a.accepted);
  ck_assert_uint_eq(conntrail_emu_count(world, CONNTRAIL_EMU_ACCEPTED), 1);
  update(a.accepted);
  expect_raw_context(a.accepted);
  ck_assert_uint_eq(conntrail_emu_count(world, CONNTRAIL_EMU_ACCEPTED), 1);
  expect_no_misuse();
  closesocket(a.accepted);
  closesocket(client);
}
END_TEST

START_TEST(context_once_updated) {
  accepting a;
  begin_accept(&a, AcceptEx, 0);
  SOCKET client = world_client();
  finish_accept(&a, 0);
  update(a.accepted);
  world_expect_context(a.accepted);
  ck_assert_uint_eq(conntrail_emu_count(world, CONNTRAIL_EMU_ACCEPTED), 1);
  expect_no_misuse();
  closesocket(a.accepted);
  closesocket(client);
}
END_TEST

/* The library is asked, before the update: it must not call what Windows refuses then. */
START_TEST(library_without_update) {
  struct sockaddr_storage closed = net_loopback(NET_TCP4, 0);
  size_t size = 0;
  accepting a;
  begin_accept(&a, AcceptEx, 0);
  SOCKET client = world_client();
  finish_accept(&a, 0);
  world_expect_context(a.accepted);
  closesocket(a.accepted);
  closesocket(client);
  /* Not redirected, which some systems say in a way that makes the library look twice. */
  ck_assert_int_eq(conntrail_emu_set_profile(world, CONNTRAIL_EMU_MEASURED), CONNTRAIL_OK);
  begin_accept(&a, AcceptEx, 0);
  ck_assert_int_eq(net_local(world_listener, &closed), NET_OK);
  client = net_socket(NET_TCP4);
  ck_assert_int_eq(net_connect(client, &closed), NET_OK);
  finish_accept(&a, 0);
  ck_assert_str_eq(conntrail_status_name(conntrail_query_records(a.accepted, NULL, 0, &size)),
                   "NOT_REDIRECTED");
  expect_no_misuse();
  closesocket(a.accepted);
  closesocket(client);
}
END_TEST

START_TEST(pending_accept_is_not_connected) {
  char context[CONTEXT_BYTES];
  DWORD bytes = 77;
  accepting a;
  begin_accept(&a, AcceptEx, 0);
  ck_assert_int_eq(query_context(a.accepted, context, (DWORD)sizeof context, &bytes), WSAENOTCONN);
  ck_assert_uint_eq(bytes, 0);
  SOCKET client = world_client();
  finish_accept(&a, 0);
  expect_raw_context(a.accepted);
  closesocket(a.accepted);
  closesocket(client);
}
END_TEST

/* A server for one connection closes its listener first. */
START_TEST(listener_closed_before_the_query) {
  accepting a;
  begin_accept(&a, AcceptEx, 0);
  SOCKET client = world_client();
  finish_accept(&a, 0);
  ck_assert_int_eq(closesocket(world_listener), 0);
  expect_raw_context(a.accepted);
  expect_no_misuse();
  closesocket(a.accepted);
  closesocket(client);
  world_listener = net_socket(NET_TCP4); /* for world_close */
}
END_TEST

START_TEST(several_at_once) {
  enum { COUNT = 3 };
  accepting a[COUNT];
  SOCKET clients[COUNT];
  for (int i = 0; i < COUNT; i++) {
    begin_accept(&a[i], AcceptEx, 0);
  }
  for (int i = 0; i < COUNT; i++) {
    clients[i] = world_client();
    finish_accept(&a[i], 0);
  }
  for (int i = COUNT - 1; i >= 0; i--) {
    expect_raw_context(a[i].accepted);
    closesocket(a[i].accepted);
    closesocket(clients[i]);
  }
  ck_assert_uint_eq(conntrail_emu_count(world, CONNTRAIL_EMU_ACCEPTED), COUNT);
  ck_assert_uint_eq(conntrail_emu_count(world, CONNTRAIL_EMU_CLOSED), COUNT);
  expect_no_misuse();
}
END_TEST

/* A server that keeps its sockets: disconnected, and accepted with once more. */
START_TEST(socket_is_used_again) {
  GUID identity = WSAID_DISCONNECTEX;
  LPFN_DISCONNECTEX disconnect = NULL;
  DWORD bytes = 0;
  DWORD flags = 0;
  accepting a;
  begin_accept(&a, AcceptEx, 0);
  SOCKET client = world_client();
  finish_accept(&a, 0);
  expect_raw_context(a.accepted);
  ck_assert_int_eq(WSAIoctl(a.accepted, SIO_GET_EXTENSION_FUNCTION_POINTER, &identity,
                            (DWORD)sizeof identity, &disconnect, (DWORD)sizeof disconnect, &bytes,
                            NULL, NULL),
                   0);
  ck_assert_int_eq(disconnect(a.accepted, NULL, TF_REUSE_SOCKET, 0), TRUE);
  closesocket(client);
  OVERLAPPED again = {.hEvent = world_event()};
  BOOL done =
      AcceptEx(world_listener, a.accepted, a.output, 0, ADDRESS_ROOM, ADDRESS_ROOM, &bytes, &again);
  int error = WSAGetLastError();
  ck_assert(!done && error == WSA_IO_PENDING);
  client = world_client();
  ck_assert_int_eq(WSAGetOverlappedResult(world_listener, &again, &bytes, TRUE, &flags), TRUE);
  expect_raw_context(a.accepted);
  ck_assert_uint_eq(conntrail_emu_count(world, CONNTRAIL_EMU_ACCEPTED), 2);
  CloseHandle(again.hEvent);
  closesocket(a.accepted);
  closesocket(client);
}
END_TEST

/* Never asked about: it was accepted all the same, and the trail says so when it is closed. */
START_TEST(closed_without_a_question) {
  accepting a;
  begin_accept(&a, AcceptEx, 0);
  SOCKET client = world_client();
  finish_accept(&a, 0);
  closesocket(a.accepted);
  ck_assert_uint_eq(conntrail_emu_count(world, CONNTRAIL_EMU_ACCEPTED), 1);
  ck_assert_uint_eq(conntrail_emu_count(world, CONNTRAIL_EMU_CLOSED), 1);
  closesocket(client);
}
END_TEST

/* ---- What is due afterwards (X13) ------------------------------------------------------------ */

static void expect_not_connected(int answer) {
  int error = WSAGetLastError();
  ck_assert_int_eq(answer, SOCKET_ERROR);
  ck_assert_int_eq(error, WSAENOTCONN);
}

static void expect_update_is_due(SOCKET connected) {
  struct sockaddr_storage peer;
  const struct sockaddr_storage untouched = net_v4(192, 0, 2, 1, 9);
  int size = (int)sizeof peer;
  peer = untouched;
  expect_not_connected(getpeername(connected, (struct sockaddr *)&peer, &size));
  ck_assert_int_eq(size, (int)sizeof peer);
  ck_assert(net_address_equal(&peer, &untouched));
  expect_not_connected(shutdown(connected, SD_SEND));
  ck_assert_uint_eq(conntrail_emu_misuse_count(world, CONNTRAIL_EMU_MISUSE_NOT_UPDATED), 2);
}

static void expect_update_was_set(SOCKET connected, const struct sockaddr_storage *wanted) {
  struct sockaddr_storage peer;
  ck_assert_int_eq(net_peer(connected, &peer), NET_OK);
  ck_assert(net_address_equal(&peer, wanted));
  ck_assert_int_eq(shutdown(connected, SD_SEND), 0);
  ck_assert_uint_eq(conntrail_emu_misuse_count(world, CONNTRAIL_EMU_MISUSE_NOT_UPDATED), 2);
}

START_TEST(accept_ex_wants_its_update) {
  struct sockaddr_storage local;
  accepting a;
  begin_accept(&a, accept_ex_by_pointer(), 0);
  SOCKET client = world_client();
  finish_accept(&a, 0);
  ck_assert_int_eq(net_local(client, &local), NET_OK);
  expect_update_is_due(a.accepted);
  update(a.accepted);
  expect_update_was_set(a.accepted, &local);
  closesocket(a.accepted);
  closesocket(client);
}
END_TEST

static BOOL connect_ex(SOCKET client, OVERLAPPED *overlapped) {
  GUID identity = WSAID_CONNECTEX;
  LPFN_CONNECTEX call = NULL;
  DWORD bytes = 0;
  ck_assert_int_eq(WSAIoctl(client, SIO_GET_EXTENSION_FUNCTION_POINTER, &identity,
                            (DWORD)sizeof identity, &call, (DWORD)sizeof call, &bytes, NULL, NULL),
                   0);
  return call(client, (struct sockaddr *)&world_destination, (int)sizeof(struct sockaddr_in), NULL,
              0, NULL, overlapped);
}

START_TEST(connect_ex_wants_its_update) {
  struct sockaddr_storage any = net_v4(0, 0, 0, 0, 0);
  OVERLAPPED overlapped = {.hEvent = world_event()};
  DWORD bytes = 0;
  DWORD flags = 0;
  SOCKET client = net_socket(NET_TCP4);
  ck_assert_int_eq(net_bind(client, &any), NET_OK);
  BOOL done = connect_ex(client, &overlapped);
  int error = WSAGetLastError();
  ck_assert(done || error == WSA_IO_PENDING);
  ck_assert_int_eq(WSAGetOverlappedResult(client, &overlapped, &bytes, TRUE, &flags), TRUE);
  expect_update_is_due(client);
  ck_assert_int_eq(setsockopt(client, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0), 0);
  expect_update_was_set(client, &world_destination);
  SOCKET accepted = world_accept();
  closesocket(accepted);
  closesocket(client);
  CloseHandle(overlapped.hEvent);
}
END_TEST

UNIT_MAIN("winsock_accepting", world_open, world_close, context_without_update,
          context_once_updated, library_without_update, pending_accept_is_not_connected,
          listener_closed_before_the_query, several_at_once, socket_is_used_again,
          closed_without_a_question, accept_ex_wants_its_update, connect_ex_wants_its_update)
