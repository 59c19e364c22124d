/* SPDX-License-Identifier: MIT */
#include "udp_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "loopback.h"
#include "run_tests.h"
#include "system.h"

enum { LARGEST = 65536, RECEIVE_BUFFER = 1 << 20, MOST_TURNS = 100000 };

/* So that a batch waits there, and is not lost. */
static void enlarge(conntrail_socket socket) {
  int size = RECEIVE_BUFFER;
  (void)setsockopt(socket, SOL_SOCKET, SO_RCVBUF, (const char *)&size, sizeof size);
}

static conntrail_socket open_socket(void) {
  conntrail_socket opened = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
  ck_assert(opened != CONNTRAIL_INVALID_SOCKET);
  ck_assert_int_eq(evutil_make_socket_nonblocking((evutil_socket_t)opened), 0);
  return opened;
}

/* The server's number, then what it was sent. */
static void on_request(evutil_socket_t server, short what, void *argument) {
  static char bytes[LARGEST];
  struct sockaddr_in from;
  (void)what;
  bytes[0] = *(const char *)argument;
  ptrdiff_t got = system_receive_from((conntrail_socket)server, bytes + 1, sizeof bytes - 1, &from);
  ck_assert_int_ge(got, 0);
  ck_assert_int_eq(system_send_to((conntrail_socket)server, bytes, (size_t)got + 1, &from),
                   got + 1);
}

static void start_server(udp_world *w, unsigned number) {
  static char digits[] = "0123456789";
  char destination[32];
  struct sockaddr_storage address;
  ev_socklen_t size = sizeof address;
  conntrail_socket server = open_socket();
  enlarge(server);
  ck_assert_int_eq(bind(server, loopback_any_port(), sizeof(struct sockaddr_in)), 0);
  ck_assert_int_eq(getsockname(server, (struct sockaddr *)&address, &size), 0);
  (void)snprintf(destination, sizeof destination, "93.184.216.%u:53", number + 1);
  ck_assert_int_eq(conntrail_emu_route(w->emu, destination, (struct sockaddr *)&address),
                   CONNTRAIL_OK);
  w->servers[number] = server;
  w->events[number] = event_new(w->base, (evutil_socket_t)server, EV_READ | EV_PERSIST, on_request,
                                &digits[number]);
  ck_assert_int_eq(event_add(w->events[number], NULL), 0);
}

static void start_relay(udp_world *w, const struct sockaddr *address) {
  w->relay = udp_relay_new(w->base, address, NULL, w->log, NULL);
  ck_assert_ptr_nonnull(w->relay);
}

udp_world udp_world_open(unsigned servers) {
  return udp_world_open_logged(servers, fail_test);
}

udp_world udp_world_open_logged(unsigned servers, udp_relay_log *log) {
  udp_world w = {
      .base = event_base_new(), .emu = conntrail_emu_create(NULL), .log = log, .count = servers};
  ck_assert_ptr_nonnull(w.base);
  ck_assert_ptr_nonnull(w.emu);
  w.acme = conntrail_emu_add_service(w.emu, "acme", NULL);
  start_relay(&w, loopback_any_port());
  ck_assert_int_eq(
      conntrail_emu_redirect(w.acme, "udp 93.184.216.0/24 port 53", udp_relay_address(w.relay)),
      CONNTRAIL_OK);
  for (unsigned i = 0; i < servers; i++) {
    start_server(&w, i);
  }
  return w;
}

void udp_world_close(udp_world *w) {
  ck_assert_uint_eq(conntrail_emu_count(w->emu, CONNTRAIL_EMU_LOOP), 0);
  ck_assert_uint_eq(conntrail_emu_count(w->emu, CONNTRAIL_EMU_MISUSE), 0);
  for (unsigned i = 0; i < w->count; i++) {
    event_free(w->events[i]);
    evutil_closesocket((evutil_socket_t)w->servers[i]);
  }
  udp_relay_free(w->relay);
  event_base_free(w->base);
  conntrail_emu_destroy(w->emu);
}

void udp_world_forget(udp_world *w) {
  struct sockaddr_storage address;
  memcpy(&address, udp_relay_address(w->relay), sizeof address);
  udp_relay_free(w->relay);
  start_relay(w, (struct sockaddr *)&address);
  conntrail_emu_advance(w->emu, 60000);
  ck_assert_uint_eq(conntrail_emu_datagram_flows(w->emu), 0);
}

struct sockaddr_in udp_destination(unsigned server) {
  struct sockaddr_in address;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_port = htons(53);
  address.sin_addr.s_addr = htonl(0x5db8d801 + server);
  return address;
}

conntrail_socket udp_client(void) {
  return open_socket();
}

void udp_ask(const udp_world *w, conntrail_socket client, unsigned server, const void *bytes,
             size_t size) {
  struct sockaddr_in to = udp_destination(server);
  (void)w;
  ck_assert_int_eq(conntrail_emu_act_as(40004711, NULL), CONNTRAIL_OK);
  ck_assert_int_eq(system_send_to(client, bytes, size, &to), (ptrdiff_t)size);
  ck_assert_int_eq(conntrail_emu_act_as(0, NULL), CONNTRAIL_OK);
}

/* Every turn of the loop carries each datagram a step; a lost one would never come. */
static size_t wait_for_reply(const udp_world *w, conntrail_socket client, char *bytes,
                             struct sockaddr_in *from) {
  for (int turn = 0; turn < MOST_TURNS; turn++) {
    ptrdiff_t got = system_receive_from(client, bytes, LARGEST, from);
    if (got >= 0) {
      return (size_t)got;
    }
    ck_assert(system_would_wait());
    ck_assert_int_ge(event_base_loop(w->base, EVLOOP_NONBLOCK), 0);
  }
  ck_abort_msg("no reply came");
  return 0;
}

void udp_expect_any_reply(const udp_world *w, conntrail_socket client, const void *bytes,
                          size_t size) {
  static char reply[LARGEST];
  struct sockaddr_in from;
  size_t got = wait_for_reply(w, client, reply, &from);
  ck_assert_uint_eq(got, size + 1);
  ck_assert(size == 0 || memcmp(reply + 1, bytes, size) == 0);
  struct sockaddr_in wanted = udp_destination((unsigned)(reply[0] - '0'));
  ck_assert_uint_eq(from.sin_addr.s_addr, wanted.sin_addr.s_addr);
  ck_assert_uint_eq(from.sin_port, wanted.sin_port);
}

void udp_expect_reply(const udp_world *w, conntrail_socket client, unsigned server,
                      const void *bytes, size_t size) {
  static char reply[LARGEST];
  struct sockaddr_in from;
  struct sockaddr_in wanted = udp_destination(server);
  size_t got = wait_for_reply(w, client, reply, &from);
  ck_assert_uint_eq(got, size + 1);
  ck_assert_int_eq(reply[0], (int)('0' + server));
  ck_assert(size == 0 || memcmp(reply + 1, bytes, size) == 0);
  ck_assert_uint_eq(from.sin_addr.s_addr, wanted.sin_addr.s_addr);
}
