/* SPDX-License-Identifier: MIT */

/*
 * Programs that do not know conntrail, over the emulation: raw WSAIoctl, as Microsoft's
 * sample service and as Envoy use it (examples/windows/raw_proxy.c). Neither this file nor that
 * one includes a header of conntrail.
 */

#include <stdlib.h>
#include <string.h>
#include <winsock2.h>
#include <ws2tcpip.h>

#include "../../examples/windows/raw_proxy.h"
#include "raw_world.h"
#include "unit_main.h"

/* Same number for every SDK, see raw_proxy.c. */
enum { FWP_NOT_FOUND = (int)0x80320008 };

static SOCKADDR_STORAGE v4(const char *text, unsigned short port) {
  SOCKADDR_STORAGE address = {0};
  struct sockaddr_in in = {0};
  in.sin_family = AF_INET;
  in.sin_port = htons(port);
  ck_assert_int_eq(inet_pton(AF_INET, text, &in.sin_addr), 1);
  memcpy(&address, &in, sizeof in);
  return address;
}

static SOCKADDR_STORAGE v6(const char *text, unsigned short port) {
  SOCKADDR_STORAGE address = {0};
  struct sockaddr_in6 in = {0};
  in.sin6_family = AF_INET6;
  in.sin6_port = htons(port);
  ck_assert_int_eq(inet_pton(AF_INET6, text, &in.sin6_addr), 1);
  memcpy(&address, &in, sizeof in);
  return address;
}

static int size_of(const SOCKADDR_STORAGE *address) {
  return address->ss_family == AF_INET6 ? (int)sizeof(struct sockaddr_in6)
                                        : (int)sizeof(struct sockaddr_in);
}

static const struct sockaddr *plain(const SOCKADDR_STORAGE *address) {
  return (const struct sockaddr *)address;
}

static SOCKET listen_at(SOCKADDR_STORAGE *address) {
  int size = (int)sizeof *address;
  SOCKET listener = socket(address->ss_family, SOCK_STREAM, IPPROTO_TCP);
  ck_assert(listener != INVALID_SOCKET);
  ck_assert_int_eq(bind(listener, plain(address), size_of(address)), 0);
  ck_assert_int_eq(listen(listener, SOMAXCONN), 0);
  ck_assert_int_eq(getsockname(listener, (struct sockaddr *)address, &size), 0);
  return listener;
}

static SOCKET connect_client(const SOCKADDR_STORAGE *destination) {
  raw_world_client_begin();
  SOCKET client = socket(destination->ss_family, SOCK_STREAM, IPPROTO_TCP);
  ck_assert(client != INVALID_SOCKET);
  ck_assert_int_eq(connect(client, plain(destination), size_of(destination)), 0);
  raw_world_client_end();
  return client;
}

static SOCKET accept_from(SOCKET listener) {
  SOCKET accepted = accept(listener, NULL, NULL);
  ck_assert(accepted != INVALID_SOCKET);
  return accepted;
}

static void expect_word(SOCKET from, SOCKET to, const char *word) {
  char read[16] = {0};
  int size = (int)strlen(word);
  ck_assert_int_eq(send(from, word, size, 0), size);
  ck_assert_int_eq(recv(to, read, size, MSG_WAITALL), size);
  ck_assert_str_eq(read, word);
}

static void close_all(const SOCKET *sockets, int count) {
  for (int at = 0; at < count; at++) {
    ck_assert_int_eq(closesocket(sockets[at]), 0);
  }
}

/* What one proxy behind one service did, by the emulation and by the bytes. */
static void expect_delivered(SOCKET client, SOCKET served, unsigned hops) {
  raw_happened happened = raw_world_happened();
  ck_assert_uint_eq(happened.redirected, hops);
  ck_assert_uint_eq(happened.accepted, hops);
  ck_assert_uint_eq(happened.records_queried, hops);
  ck_assert_uint_eq(happened.records_set, hops);
  ck_assert_uint_eq(happened.hops, hops);
  ck_assert_uint_eq(happened.delivered, 1);
  ck_assert_uint_eq(happened.loops, 0);
  ck_assert_uint_eq(happened.misuses, 0);
  ck_assert(client != served);
}

START_TEST(sample_service_transfers_records) {
  SOCKADDR_STORAGE proxy = v4("127.0.0.1", 0), server = proxy;
  SOCKADDR_STORAGE destination = v4("93.184.216.34", 80);
  SOCKET listener = listen_at(&proxy), server_listener = listen_at(&server);
  raw_world_service("acme", "tcp 93.184.216.0/24 port 80", plain(&proxy), RAW_TWO_ADDRESSES);
  raw_world_route("93.184.216.34:80", plain(&server));
  SOCKET client = connect_client(&destination);
  SOCKET accepted = accept_from(listener);
  SOCKET outbound = raw_continue_by_context(accepted, NULL, 0);
  ck_assert(outbound != INVALID_SOCKET);
  SOCKET served = accept_from(server_listener);
  expect_word(outbound, served, "hello");
  expect_word(client, accepted, "world");
  expect_delivered(client, served, 1);
  close_all((SOCKET[]){served, outbound, accepted, client, listener, server_listener}, 6);
  ck_assert_uint_eq(raw_world_happened().misuses, 0);
}
END_TEST

/* The driver attached no context: 0x80320008, which the sample takes as it comes. */
START_TEST(sample_service_tolerates_no_context) {
  SOCKADDR_STORAGE proxy = v4("127.0.0.1", 0), server = proxy;
  SOCKADDR_STORAGE destination = v4("93.184.216.34", 80);
  SOCKET listener = listen_at(&proxy), server_listener = listen_at(&server);
  raw_world_service("acme", "tcp 93.184.216.0/24 port 80", plain(&proxy), RAW_NO_CONTEXT);
  raw_world_route("93.184.216.34:80", plain(&server));
  SOCKET client = connect_client(&destination);
  SOCKET accepted = accept_from(listener);
  SOCKET nowhere = raw_continue_by_context(accepted, NULL, 0);
  int error = WSAGetLastError();
  ck_assert(nowhere == INVALID_SOCKET);
  ck_assert_int_eq(error, FWP_NOT_FOUND);
  SOCKET outbound = raw_continue_by_context(accepted, plain(&destination), size_of(&destination));
  ck_assert(outbound != INVALID_SOCKET);
  SOCKET served = accept_from(server_listener);
  expect_word(outbound, served, "hello");
  expect_delivered(client, served, 1);
  close_all((SOCKET[]){served, outbound, accepted, client, listener, server_listener}, 6);
}
END_TEST

static void envoy_delivers(SOCKADDR_STORAGE proxy, const SOCKADDR_STORAGE *destination,
                           const char *rule, const char *text) {
  SOCKADDR_STORAGE server = proxy;
  SOCKET listener = listen_at(&proxy), server_listener = listen_at(&server);
  raw_world_service("acme", rule, plain(&proxy), RAW_TWO_ADDRESSES);
  raw_world_route(text, plain(&server));
  SOCKET client = connect_client(destination);
  SOCKET accepted = accept_from(listener);
  SOCKET outbound = raw_continue_by_option(accepted);
  ck_assert(outbound != INVALID_SOCKET);
  SOCKET served = accept_from(server_listener);
  expect_word(outbound, served, "hello");
  expect_delivered(client, served, 1);
  close_all((SOCKET[]){served, outbound, accepted, client, listener, server_listener}, 6);
}

START_TEST(envoy_transfers_records) {
  SOCKADDR_STORAGE destination = v4("93.184.216.34", 80);
  envoy_delivers(v4("127.0.0.1", 0), &destination, "tcp 93.184.216.0/24 port 80",
                 "93.184.216.34:80");
}
END_TEST

START_TEST(envoy_transfers_records_over_ipv6) {
  SOCKADDR_STORAGE destination = v6("2606:2800:220:1::1", 80);
  envoy_delivers(v6("::1", 0), &destination, "tcp 2606:2800:220::/48 port 80",
                 "[2606:2800:220:1::1]:80");
}
END_TEST

/* R6: each service inspects the connection once, and the second carries both hops on. */
START_TEST(sample_service_and_envoy_in_a_row) {
  SOCKADDR_STORAGE first = v4("127.0.0.1", 0), second = first, server = first;
  SOCKADDR_STORAGE destination = v4("93.184.216.34", 80);
  SOCKET first_listener = listen_at(&first), second_listener = listen_at(&second);
  SOCKET server_listener = listen_at(&server);
  raw_world_service("acme", "tcp 93.184.216.0/24 port 80 weight 2", plain(&first),
                    RAW_TWO_ADDRESSES);
  raw_world_service("borg", "tcp 93.184.216.0/24 port 80 weight 1", plain(&second),
                    RAW_TWO_ADDRESSES);
  raw_world_route("93.184.216.34:80", plain(&server));
  SOCKET client = connect_client(&destination);
  SOCKET accepted = accept_from(first_listener);
  SOCKET outbound = raw_continue_by_context(accepted, NULL, 0);
  ck_assert(outbound != INVALID_SOCKET);
  SOCKET again = accept_from(second_listener);
  SOCKET onward = raw_continue_by_option(again);
  ck_assert(onward != INVALID_SOCKET);
  SOCKET served = accept_from(server_listener);
  expect_word(onward, served, "hello");
  expect_delivered(client, served, 2);
  close_all((SOCKET[]){served, onward, again, outbound, accepted, client, first_listener,
                       second_listener, server_listener},
            9);
}
END_TEST

/* It was not redirected: for the sample a query of records that finds nothing is an error. */
START_TEST(sample_service_meets_a_direct_connection) {
  SOCKADDR_STORAGE proxy = v4("127.0.0.1", 0);
  SOCKET listener = listen_at(&proxy);
  SOCKET client = connect_client(&proxy);
  SOCKET accepted = accept_from(listener);
  SOCKET outbound = raw_continue_by_context(accepted, plain(&proxy), size_of(&proxy));
  int error = WSAGetLastError();
  ck_assert(outbound == INVALID_SOCKET);
  ck_assert_int_eq(error, FWP_NOT_FOUND);
  close_all((SOCKET[]){accepted, client, listener}, 3);
}
END_TEST

/* raw_relay carries a whole exchange through. */
static DWORD WINAPI relay(void *argument) {
  const SOCKET *pair = argument;
  raw_relay(pair[0], pair[1]);
  return 0;
}

START_TEST(relay_carries_both_ways) {
  SOCKADDR_STORAGE proxy = v4("127.0.0.1", 0), server = proxy;
  SOCKADDR_STORAGE destination = v4("93.184.216.34", 80);
  SOCKET listener = listen_at(&proxy), server_listener = listen_at(&server);
  raw_world_service("acme", "tcp 93.184.216.0/24 port 80", plain(&proxy), RAW_TWO_ADDRESSES);
  raw_world_route("93.184.216.34:80", plain(&server));
  SOCKET client = connect_client(&destination);
  SOCKET pair[2] = {accept_from(listener), INVALID_SOCKET};
  pair[1] = raw_continue_by_context(pair[0], NULL, 0);
  ck_assert(pair[1] != INVALID_SOCKET);
  SOCKET served = accept_from(server_listener);
  HANDLE thread = CreateThread(NULL, 0, relay, pair, 0, NULL);
  ck_assert_ptr_nonnull(thread);
  expect_word(client, served, "question");
  expect_word(served, client, "answer");
  ck_assert_int_eq(shutdown(client, SD_SEND), 0);
  ck_assert_int_eq(shutdown(served, SD_SEND), 0);
  ck_assert_uint_eq(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
  ck_assert_int_eq(CloseHandle(thread), TRUE);
  close_all((SOCKET[]){served, pair[1], pair[0], client, listener, server_listener}, 6);
  ck_assert_uint_eq(raw_world_happened().misuses, 0);
}
END_TEST

static void open_world(void) {
  WSADATA data;
  ck_assert_int_eq(WSAStartup(MAKEWORD(2, 2), &data), 0);
  raw_world_open();
}

static void close_world(void) {
  raw_world_close();
  ck_assert_int_eq(WSACleanup(), 0);
}

UNIT_MAIN("raw_sample", open_world, close_world, sample_service_transfers_records,
          sample_service_tolerates_no_context, envoy_transfers_records,
          envoy_transfers_records_over_ipv6, sample_service_and_envoy_in_a_row,
          sample_service_meets_a_direct_connection, relay_carries_both_ways)
