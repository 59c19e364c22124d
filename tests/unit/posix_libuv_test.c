/* SPDX-License-Identifier: MIT */
/* A proxy on libuv, which closes its descriptors by a raw system call. */
#include <uv.h>

#include "posix_support.h"

static uv_loop_t *loop;
static uv_tcp_t proxy;
static uv_tcp_t inbound;
static uv_tcp_t outbound;
static uv_connect_t onward;
static struct sockaddr_storage destination;
static conntrail_status asked;
static conntrail_status transferred;
static int connected = -1;

static void on_outbound(uv_connect_t *request, int status) {
  (void)request;
  connected = status;
  uv_close((uv_handle_t *)&outbound, NULL);
  uv_close((uv_handle_t *)&inbound, NULL);
  uv_close((uv_handle_t *)&proxy, NULL);
}

/* The records go to a socket that is not connected yet. */
static void on_inbound(uv_stream_t *server, int status) {
  uv_os_fd_t accepted;
  int fresh = stream_socket(AF_INET);
  ck_assert_int_eq(status, 0);
  ck_assert_int_eq(uv_tcp_init(loop, &inbound), 0);
  ck_assert_int_eq(uv_accept(server, (uv_stream_t *)&inbound), 0);
  ck_assert_int_eq(uv_fileno((uv_handle_t *)&inbound, &accepted), 0);
  asked = conntrail_original_destination(accepted, &destination);
  transferred = conntrail_transfer_records(accepted, fresh);
  ck_assert_int_eq(uv_tcp_init(loop, &outbound), 0);
  ck_assert_int_eq(uv_tcp_open(&outbound, fresh), 0);
  ck_assert_int_eq(uv_tcp_connect(&onward, &outbound, (struct sockaddr *)&destination, on_outbound),
                   0);
}

static void listen_with_libuv(conntrail_emu_service *acme) {
  struct sockaddr_storage at = address_of("127.0.0.1", 0);
  int size = sizeof at;
  ck_assert_int_eq(uv_tcp_init(loop, &proxy), 0);
  ck_assert_int_eq(uv_tcp_bind(&proxy, (struct sockaddr *)&at, 0), 0);
  ck_assert_int_eq(uv_listen((uv_stream_t *)&proxy, 8, on_inbound), 0);
  ck_assert_int_eq(uv_tcp_getsockname(&proxy, (struct sockaddr *)&at, &size), 0);
  ck_assert_int_eq(conntrail_emu_redirect(acme, "tcp 198.51.100.0/24", (struct sockaddr *)&at),
                   CONNTRAIL_OK);
}

START_TEST(a_proxy_transfers_and_its_end_is_seen) {
  world w = world_create();
  int server = listening_socket(AF_INET);
  struct sockaddr_storage at = local_address(server);
  ck_assert_int_eq(conntrail_emu_route(w.emu, "198.51.100.7:80", (struct sockaddr *)&at),
                   CONNTRAIL_OK);
  loop = uv_default_loop();
  listen_with_libuv(w.acme);
  int client = stream_socket(AF_INET);
  ck_assert_int_eq(connect_to(client, "198.51.100.7", 80), 0);
  ck_assert_int_eq(uv_run(loop, UV_RUN_DEFAULT), 0);
  ck_assert_int_eq(asked, CONNTRAIL_OK);
  ck_assert_str_eq(address_text(&destination), "198.51.100.7:80");
  ck_assert_int_eq(transferred, CONNTRAIL_OK);
  ck_assert_int_eq(connected, 0);
  ck_assert_uint_eq(count_of(w, DELIVERED), 1);
  ck_assert_uint_eq(count_of(w, CLOSED), 1);
  ck_assert_uint_eq(count_of(w, MISUSE), 0);
  ck_assert_int_eq(uv_loop_close(loop), 0);
  close(server);
  world_destroy(&w);
}
END_TEST

RUN_TESTS("posix libuv", a_proxy_transfers_and_its_end_is_seen)
