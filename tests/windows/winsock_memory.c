/* SPDX-License-Identifier: MIT */

/* An accept for which there is no memory fails before the system accepts, so that the connection
 * stays where it is. */

#include "scripted_heap.h"
#include "unit_main.h"
#include "winsock_world.h"

enum { ADDRESS_ROOM = sizeof(struct sockaddr_storage) + 16, RESERVATIONS = 2 };

typedef struct accepting {
  SOCKET accepted;
  OVERLAPPED overlapped;
  char output[2 * ADDRESS_ROOM];
} accepting;

/* From now on the failing-th allocation fails; 0: none. */
static void watch_heap(unsigned failing) {
  scripted_heap_begin(failing);
  (void)scripted_heap_watch(true);
}

static void expect_context_without_memory(SOCKET accepted) {
  char context[CONTEXT_BYTES];
  DWORD bytes = 0;
  watch_heap(1);
  int answer = WSAIoctl(accepted, REDIRECT_CODE(QUERY_CONTEXT), NULL, 0, context,
                        (DWORD)sizeof context, &bytes, NULL, NULL);
  (void)scripted_heap_watch(false);
  ck_assert_int_eq(answer, 0);
  ck_assert_uint_eq(bytes, CONTEXT_BYTES);
}

/* An accept for which there is nothing fails at once. */
static void set_waiting(bool waits) {
  u_long is_nonblocking = waits ? 0 : 1;
  ck_assert_int_eq(ioctlsocket(world_listener, (long)FIONBIO, &is_nonblocking), 0);
}

START_TEST(an_accept_without_memory_leaves_the_connection) {
  SOCKET client = world_client();
  set_waiting(false);
  for (unsigned failing = 1; failing <= RESERVATIONS; failing++) {
    watch_heap(failing);
    SOCKET accepted = accept(world_listener, NULL, NULL);
    int error = WSAGetLastError();
    (void)scripted_heap_watch(false);
    ck_assert(accepted == INVALID_SOCKET);
    ck_assert_int_eq(error, WSAENOBUFS);
  }
  set_waiting(true);
  SOCKET accepted = world_accept();
  expect_context_without_memory(accepted);
  ck_assert_uint_eq(conntrail_emu_count(world, CONNTRAIL_EMU_ACCEPTED), 1);
  closesocket(accepted);
  closesocket(client);
}
END_TEST

START_TEST(accept_needs_no_memory_once_the_system_accepted) {
  SOCKET client = world_client();
  watch_heap(0);
  SOCKET accepted = accept(world_listener, NULL, NULL);
  (void)scripted_heap_watch(false);
  ck_assert(accepted != INVALID_SOCKET);
  ck_assert_uint_eq(scripted_heap_calls(), RESERVATIONS);
  closesocket(accepted);
  closesocket(client);
}
END_TEST

static BOOL begin_accept(accepting *a) {
  DWORD bytes = 0;
  return AcceptEx(world_listener, a->accepted, a->output, 0, ADDRESS_ROOM, ADDRESS_ROOM, &bytes,
                  &a->overlapped);
}

START_TEST(accept_ex_needs_no_memory_once_it_was_begun) {
  accepting a = {.accepted = net_socket(NET_TCP4), .overlapped = {.hEvent = world_event()}};
  DWORD bytes = 0;
  DWORD flags = 0;
  for (unsigned failing = 1; failing <= RESERVATIONS; failing++) {
    watch_heap(failing);
    BOOL is_done = begin_accept(&a);
    int lack = WSAGetLastError();
    (void)scripted_heap_watch(false);
    ck_assert(!is_done);
    ck_assert_int_eq(lack, WSAENOBUFS);
  }
  BOOL done = begin_accept(&a);
  int error = WSAGetLastError();
  ck_assert(!done);
  ck_assert_int_eq(error, WSA_IO_PENDING);
  SOCKET client = world_client();
  ck_assert(WSAGetOverlappedResult(world_listener, &a.overlapped, &bytes, TRUE, &flags));
  expect_context_without_memory(a.accepted);
  ck_assert_uint_eq(conntrail_emu_count(world, CONNTRAIL_EMU_ACCEPTED), 1);
  CloseHandle(a.overlapped.hEvent);
  closesocket(a.accepted);
  closesocket(client);
}
END_TEST

UNIT_MAIN("winsock_memory", world_open, world_close, an_accept_without_memory_leaves_the_connection,
          accept_needs_no_memory_once_the_system_accepted,
          accept_ex_needs_no_memory_once_it_was_begun)
