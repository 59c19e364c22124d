/* SPDX-License-Identifier: MIT */

/* The ways to connect and to accept that only Windows has, over the emulation. */

#include "unit_main.h"
#include "winsock_world.h"

#include <string.h>

/* winerror.h: FWP_E_NOT_FOUND. */
#define FWP_NOT_FOUND 0x80320008

static void find_extension(SOCKET socket, GUID identity, void *call, DWORD size) {
  DWORD bytes = 0;
  ck_assert_int_eq(WSAIoctl(socket, SIO_GET_EXTENSION_FUNCTION_POINTER, &identity,
                            (DWORD)sizeof identity, call, size, &bytes, NULL, NULL),
                   0);
  ck_assert_uint_eq(bytes, size);
}

static LPFN_CONNECTEX connect_ex_of(SOCKET socket) {
  LPFN_CONNECTEX call = NULL;
  find_extension(socket, (GUID)WSAID_CONNECTEX, &call, (DWORD)sizeof call);
  return call;
}

static SOCKET bound_socket(void) {
  struct sockaddr_storage any = net_v4(0, 0, 0, 0, 0);
  SOCKET made = net_socket(NET_TCP4);
  ck_assert_int_eq(net_bind(made, &any), NET_OK);
  return made;
}

static void expect_completion(SOCKET socket, OVERLAPPED *overlapped, DWORD expected) {
  DWORD bytes = 77;
  DWORD flags = 0;
  ck_assert_int_eq(WSAGetOverlappedResult(socket, overlapped, &bytes, TRUE, &flags), TRUE);
  ck_assert_uint_eq(bytes, expected);
}

/* The client's half of ConnectEx. Answers what is connected. */
static SOCKET connect_extended(void) {
  OVERLAPPED overlapped = {.hEvent = world_event()};
  SOCKET client = bound_socket();
  LPFN_CONNECTEX connect_ex = connect_ex_of(client);
  BOOL done = connect_ex(client, (struct sockaddr *)&world_destination,
                         (int)sizeof(struct sockaddr_in), NULL, 0, NULL, &overlapped);
  int error = WSAGetLastError();
  ck_assert(done || error == WSA_IO_PENDING);
  expect_completion(client, &overlapped, 0);
  ck_assert_int_eq(setsockopt(client, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0), 0);
  CloseHandle(overlapped.hEvent);
  return client;
}

START_TEST(connect_ex_is_redirected) {
  SOCKET client = connect_extended();
  SOCKET accepted = world_accept();
  world_expect_context(accepted);
  world_expect_peer(client);
  ck_assert_uint_eq(conntrail_emu_count(world, CONNTRAIL_EMU_REDIRECTED), 1);
  closesocket(accepted);
  closesocket(client);
}
END_TEST

/* Without a route: refused before the system is asked, so the call itself says so. */
START_TEST(connect_ex_without_a_route_is_refused) {
  struct sockaddr_storage elsewhere = net_v4(198, 51, 100, 7, 80);
  OVERLAPPED overlapped = {.hEvent = world_event()};
  SOCKET client = bound_socket();
  BOOL done = connect_ex_of(client)(client, (struct sockaddr *)&elsewhere,
                                    (int)sizeof(struct sockaddr_in), NULL, 0, NULL, &overlapped);
  int error = WSAGetLastError();
  ck_assert_int_eq(done, FALSE);
  ck_assert_int_eq(error, WSAENETUNREACH);
  ck_assert_uint_eq(conntrail_emu_count(world, CONNTRAIL_EMU_REFUSED), 1);
  CloseHandle(overlapped.hEvent);
  closesocket(client);
}
END_TEST

/* A proxy that forgot the records, about to connect again: the loop of clause R7. */
typedef struct untransferred {
  SOCKET client;
  SOCKET accepted;
  SOCKET outbound;
} untransferred;

static untransferred open_untransferred(bool is_bound) {
  untransferred made = {.client = world_client()};
  ck_assert_int_eq(conntrail_emu_act_as(0, NULL), CONNTRAIL_OK);
  made.accepted = world_accept();
  world_expect_context(made.accepted);
  made.outbound = is_bound ? bound_socket() : net_socket(NET_TCP4);
  return made;
}

static void close_untransferred(const untransferred *closed) {
  ck_assert_uint_eq(conntrail_emu_count(world, CONNTRAIL_EMU_LOOP), 1);
  closesocket(closed->outbound);
  closesocket(closed->accepted);
  closesocket(closed->client);
}

static void expect_refused_later(SOCKET outbound) {
  ck_assert_int_eq(net_connect(outbound, &world_destination), NET_UNDERWAY);
  ck_assert_int_eq(net_finish_connect(outbound), NET_REFUSED);
}

START_TEST(loop_is_refused_at_once_where_connect_waits) {
  untransferred proxy = open_untransferred(false);
  ck_assert_int_eq(net_connect(proxy.outbound, &world_destination), NET_REFUSED);
  close_untransferred(&proxy);
}
END_TEST

/* Both ways besides ioctlsocket to make a socket that does not wait. */
START_TEST(loop_is_refused_later_after_event_select) {
  untransferred proxy = open_untransferred(false);
  HANDLE event = world_event();
  ck_assert_int_eq(WSAEventSelect(proxy.outbound, event, FD_CONNECT), 0);
  expect_refused_later(proxy.outbound);
  close_untransferred(&proxy);
  CloseHandle(event);
}
END_TEST

START_TEST(loop_is_refused_later_after_fionbio) {
  untransferred proxy = open_untransferred(false);
  u_long on = 1;
  DWORD bytes = 0;
  ck_assert_int_eq(
      WSAIoctl(proxy.outbound, (DWORD)FIONBIO, &on, (DWORD)sizeof on, NULL, 0, &bytes, NULL, NULL),
      0);
  expect_refused_later(proxy.outbound);
  close_untransferred(&proxy);
}
END_TEST

START_TEST(loop_is_refused_by_the_completion_of_connect_ex) {
  OVERLAPPED overlapped = {.hEvent = world_event()};
  untransferred proxy = open_untransferred(true);
  DWORD bytes = 0;
  DWORD flags = 0;
  BOOL done =
      connect_ex_of(proxy.outbound)(proxy.outbound, (struct sockaddr *)&world_destination,
                                    (int)sizeof(struct sockaddr_in), NULL, 0, NULL, &overlapped);
  int begun = WSAGetLastError();
  ck_assert_int_eq(done, FALSE);
  ck_assert_int_eq(begun, WSA_IO_PENDING);
  BOOL result = WSAGetOverlappedResult(proxy.outbound, &overlapped, &bytes, TRUE, &flags);
  int ended = WSAGetLastError();
  ck_assert_int_eq(result, FALSE);
  ck_assert_int_eq(ended, WSAECONNREFUSED);
  close_untransferred(&proxy);
  CloseHandle(overlapped.hEvent);
}
END_TEST

static int CALLBACK let_in(WSABUF *caller, WSABUF *caller_data, QOS *quality, QOS *group_quality,
                           WSABUF *callee, WSABUF *callee_data, GROUP *group, DWORD_PTR argument) {
  (void)caller, (void)caller_data, (void)quality, (void)group_quality;
  (void)callee, (void)callee_data, (void)group;
  *(int *)argument += 1;
  return CF_ACCEPT;
}

START_TEST(wsa_connect_and_wsa_accept) {
  struct sockaddr_storage peer, local;
  int size = (int)sizeof peer;
  int asked = 0;
  SOCKET client = net_socket(NET_TCP4);
  ck_assert_int_eq(WSAConnect(client, (struct sockaddr *)&world_destination,
                              (int)sizeof(struct sockaddr_in), NULL, NULL, NULL, NULL),
                   0);
  SOCKET accepted =
      WSAAccept(world_listener, (struct sockaddr *)&peer, &size, let_in, (DWORD_PTR)&asked);
  ck_assert(accepted != INVALID_SOCKET);
  ck_assert_int_eq(asked, 1);
  ck_assert_int_eq(net_local(client, &local), NET_OK);
  ck_assert(net_address_equal(&peer, &local));
  world_expect_context(accepted);
  world_expect_peer(client);
  closesocket(accepted);
  closesocket(client);
}
END_TEST

/* Both kinds of WSASocket are watched as socket() is. */
START_TEST(wsa_socket_is_watched) {
  SOCKET a = WSASocketA(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);
  SOCKET w = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, 0);
  ck_assert_int_eq(conntrail_emu_inspect(world, a, NULL, NULL, NULL), CONNTRAIL_OK);
  ck_assert_int_eq(conntrail_emu_inspect(world, w, NULL, NULL, NULL), CONNTRAIL_OK);
  closesocket(a);
  ck_assert_int_eq(conntrail_emu_inspect(world, a, NULL, NULL, NULL), CONNTRAIL_INVALID);
  closesocket(w);
}
END_TEST

static SOCKET duplicate_a(SOCKET of) {
  WSAPROTOCOL_INFOA protocol;
  ck_assert_int_eq(WSADuplicateSocketA(of, GetCurrentProcessId(), &protocol), 0);
  return WSASocketA(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &protocol, 0, 0);
}

/* Q13: whichever name it is asked by, and until the last of them is closed. */
START_TEST(duplicate_answers_alike) {
  conntrail_socket wide = INVALID_SOCKET;
  SOCKET client = world_client();
  SOCKET accepted = world_accept();
  SOCKET narrow = duplicate_a(accepted);
  ck_assert(narrow != INVALID_SOCKET);
  ck_assert_int_eq(net_duplicate(accepted, &wide), NET_OK);
  ck_assert_int_eq(closesocket(accepted), 0);
  world_expect_context(narrow);
  ck_assert_int_eq(closesocket(narrow), 0);
  world_expect_context(wide);
  ck_assert_uint_eq(conntrail_emu_count(world, CONNTRAIL_EMU_CLOSED), 0);
  ck_assert_int_eq(closesocket(wide), 0);
  ck_assert_uint_eq(conntrail_emu_count(world, CONNTRAIL_EMU_CLOSED), 1);
  closesocket(client);
}
END_TEST

static void expect_records_error(SOCKET of, int expected) {
  DWORD bytes = 77;
  int answer = WSAIoctl(of, REDIRECT_CODE(QUERY_RECORDS), NULL, 0, NULL, 0, &bytes, NULL, NULL);
  int error = WSAGetLastError();
  ck_assert_int_eq(answer, SOCKET_ERROR);
  ck_assert_int_eq(error, expected);
  ck_assert_uint_eq(bytes, 0);
}

/* Two on their way at once, taken in the order in which they were made. */
START_TEST(duplicates_are_told_apart) {
  WSAPROTOCOL_INFOW first, second;
  SOCKET client = world_client();
  SOCKET accepted = world_accept();
  ck_assert_int_eq(WSADuplicateSocketW(accepted, GetCurrentProcessId(), &first), 0);
  ck_assert_int_eq(WSADuplicateSocketW(client, GetCurrentProcessId(), &second), 0);
  SOCKET of_accepted = WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO,
                                  &first, 0, WSA_FLAG_OVERLAPPED);
  SOCKET of_client = WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &second,
                                0, WSA_FLAG_OVERLAPPED);
  world_expect_context(of_accepted);
  world_expect_peer(of_client);
  closesocket(of_accepted);
  closesocket(of_client);
  closesocket(accepted);
  closesocket(client);
}
END_TEST

START_TEST(disconnect_ex_makes_a_socket_fresh) {
  LPFN_DISCONNECTEX disconnect_ex = NULL;
  SOCKET client = connect_extended();
  SOCKET accepted = world_accept();
  find_extension(client, (GUID)WSAID_DISCONNECTEX, &disconnect_ex, (DWORD)sizeof disconnect_ex);
  expect_records_error(client, (int)FWP_NOT_FOUND);
  ck_assert_int_eq(disconnect_ex(client, NULL, TF_REUSE_SOCKET, 0), TRUE);
  expect_records_error(client, WSAENOTCONN);
  closesocket(accepted);
  closesocket(client);
}
END_TEST

/* So many, and each says what it is about (E8). */
static void expect_refusals(uint64_t wanted, const char *what) {
  char text[4096];
  ck_assert_uint_eq(conntrail_emu_count(world, CONNTRAIL_EMU_REFUSED), wanted);
  conntrail_emu_trail_text(world, CONNTRAIL_EMU_TEXT_PLAIN, text, sizeof text);
  ck_assert_msg(strstr(text, what) != NULL, "%s", text);
}

/* They would connect inside the system, where the emulation does not see them. */
START_TEST(connecting_by_name_is_refused) {
  SOCKET client = net_socket(NET_TCP4);
  char node[] = "93.184.216.34", service[] = "80";
  wchar_t wide_node[] = L"93.184.216.34", wide_service[] = L"80";
  SOCKET_ADDRESS_LIST list = {0};
  BOOL a = WSAConnectByNameA(client, node, service, NULL, NULL, NULL, NULL, NULL, NULL);
  int error_a = WSAGetLastError();
  BOOL w = WSAConnectByNameW(client, wide_node, wide_service, NULL, NULL, NULL, NULL, NULL, NULL);
  int error_w = WSAGetLastError();
  BOOL l = WSAConnectByList(client, &list, NULL, NULL, NULL, NULL, NULL, NULL);
  int error_l = WSAGetLastError();
  ck_assert_int_eq(a, FALSE);
  ck_assert_int_eq(w, FALSE);
  ck_assert_int_eq(l, FALSE);
  ck_assert_int_eq(error_a, WSAEOPNOTSUPP);
  ck_assert_int_eq(error_w, WSAEOPNOTSUPP);
  ck_assert_int_eq(error_l, WSAEOPNOTSUPP);
  expect_refusals(3, "WSAConnectByName");
  closesocket(client);
}
END_TEST

/* What RIO sends is not watched. Asked of a socket of the emulation's and of any other. */
START_TEST(registered_io_is_refused) {
  SOCKET client = net_socket(NET_TCP4);
  GUID identity = {0x8509e081, 0x96dd, 0x4005, {0xb1, 0x65, 0x9e, 0x2e, 0xe8, 0xc7, 0x9e, 0x3f}};
  char table[256];
  DWORD bytes = 77;
  int answer = WSAIoctl(client, _WSAIORW(IOC_WS2, 36), &identity, (DWORD)sizeof identity, table,
                        (DWORD)sizeof table, &bytes, NULL, NULL);
  int error = WSAGetLastError();
  ck_assert_int_eq(answer, SOCKET_ERROR);
  ck_assert_int_eq(error, WSAEOPNOTSUPP);
  ck_assert_uint_eq(bytes, 0);
  expect_refusals(1, "RIO");
  closesocket(client);
  answer = WSAIoctl(client, _WSAIORW(IOC_WS2, 36), &identity, (DWORD)sizeof identity, table,
                    (DWORD)sizeof table, &bytes, NULL, NULL);
  error = WSAGetLastError();
  ck_assert_int_eq(answer, SOCKET_ERROR);
  ck_assert_int_eq(error, WSAEOPNOTSUPP);
  expect_refusals(2, "RIO");
}
END_TEST

/* Clause Q13: a number that is used again never inherits, also where CloseHandle closed it. */
START_TEST(number_used_again_inherits_nothing) {
  enum { TRIES = 64 };
  SOCKET client = world_client();
  SOCKET accepted = world_accept();
  SOCKET again = INVALID_SOCKET;
  SOCKET kept[TRIES];
  int count = 0;
  ck_assert_int_eq(CloseHandle((HANDLE)accepted), TRUE);
  while (again != accepted && count < TRIES) {
    again = net_socket(NET_TCP4);
    kept[count++] = again;
  }
  ck_assert_msg(again == accepted, "no socket got the number of the closed one again");
  expect_records_error(again, WSAENOTCONN);
  while (count > 0) {
    closesocket(kept[--count]);
  }
  closesocket(client);
}
END_TEST

/* A program that never asks whether its connect is done, and sends: the trail knows. */
START_TEST(sending_settles_a_connect) {
  struct sockaddr_storage server = net_loopback(NET_TCP4, 0);
  struct sockaddr_storage elsewhere = net_v4(198, 51, 100, 7, 80);
  SOCKET listener = net_socket(NET_TCP4), client = net_socket(NET_TCP4);
  conntrail_socket accepted = INVALID_SOCKET;
  ck_assert_int_eq(net_bind(listener, &server), NET_OK);
  ck_assert_int_eq(net_listen(listener, 1), NET_OK);
  ck_assert_int_eq(net_local(listener, &server), NET_OK);
  ck_assert_int_eq(conntrail_emu_route(world, "198.51.100.7:80", (struct sockaddr *)&server),
                   CONNTRAIL_OK);
  ck_assert_int_eq(net_make_nonblocking(client), NET_OK);
  ck_assert_int_eq(net_connect(client, &elsewhere), NET_UNDERWAY);
  ck_assert_int_eq(net_accept(listener, &accepted, NULL), NET_OK);
  ck_assert_uint_eq(conntrail_emu_count(world, CONNTRAIL_EMU_DELIVERED), 0);
  ck_assert_int_eq(net_send(client, "x", 1), NET_OK);
  ck_assert_uint_eq(conntrail_emu_count(world, CONNTRAIL_EMU_DELIVERED), 1);
  closesocket(accepted);
  closesocket(client);
  closesocket(listener);
}
END_TEST

static DWORD handles(void) {
  DWORD count = 0;
  ck_assert_int_eq(GetProcessHandleCount(GetCurrentProcess(), &count), TRUE);
  return count;
}

static void one_round(void) {
  SOCKET client = connect_extended();
  SOCKET accepted = world_accept();
  world_expect_context(accepted);
  closesocket(accepted);
  closesocket(client);
}

START_TEST(no_handle_is_left_behind) {
  enum { ROUNDS = 100 };
  one_round();
  DWORD before = handles();
  for (int round = 0; round < ROUNDS; round++) {
    one_round();
  }
  ck_assert_uint_eq(handles(), before);
}
END_TEST

UNIT_MAIN("winsock_connecting", world_open, world_close, connect_ex_is_redirected,
          loop_is_refused_at_once_where_connect_waits, loop_is_refused_later_after_event_select,
          loop_is_refused_later_after_fionbio, loop_is_refused_by_the_completion_of_connect_ex,
          connect_ex_without_a_route_is_refused, wsa_connect_and_wsa_accept, wsa_socket_is_watched,
          duplicate_answers_alike, duplicates_are_told_apart, disconnect_ex_makes_a_socket_fresh,
          connecting_by_name_is_refused, registered_io_is_refused,
          number_used_again_inherits_nothing, sending_settles_a_connect, no_handle_is_left_behind)
