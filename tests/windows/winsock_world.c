/* SPDX-License-Identifier: MIT */
#include "winsock_world.h"

#include <check.h>

#include "conntrail/conntrail.h"

/* Any process but ours. */
enum { CLIENT_PROCESS = 4711 };

conntrail_emu *world;
SOCKET world_listener;
struct sockaddr_storage world_destination;

void world_open(void) {
  struct sockaddr_storage proxy = net_loopback(NET_TCP4, 0);
  ck_assert(net_begin());
  world = conntrail_emu_create(NULL);
  ck_assert_msg(world != NULL, "%s", conntrail_emu_refusal());
  world_destination = net_v4(93, 184, 216, 34, 80);
  world_listener = net_socket(NET_TCP4);
  ck_assert_int_eq(net_bind(world_listener, &proxy), NET_OK);
  ck_assert_int_eq(net_listen(world_listener, SOMAXCONN), NET_OK);
  ck_assert_int_eq(net_local(world_listener, &proxy), NET_OK);
  conntrail_emu_service *service = conntrail_emu_add_service(world, "acme", NULL);
  ck_assert_msg(conntrail_emu_redirect(service, "tcp 93.184.216.0/24 port 80",
                                       (struct sockaddr *)&proxy) == CONNTRAIL_OK,
                "%s", conntrail_emu_refusal());
  ck_assert_int_eq(conntrail_emu_act_as(CLIENT_PROCESS, NULL), CONNTRAIL_OK);
}

void world_close(void) {
  ck_assert_int_eq(net_close(world_listener), NET_OK);
  conntrail_emu_destroy(world);
  net_end();
}

SOCKET world_client(void) {
  SOCKET client = net_socket(NET_TCP4);
  ck_assert_int_eq(net_connect(client, &world_destination), NET_OK);
  return client;
}

SOCKET world_accept(void) {
  conntrail_socket accepted = INVALID_SOCKET;
  ck_assert_int_eq(net_accept(world_listener, &accepted, NULL), NET_OK);
  return accepted;
}

void world_expect_context(SOCKET accepted) {
  struct sockaddr_storage destination;
  ck_assert_str_eq(conntrail_status_name(conntrail_original_destination(accepted, &destination)),
                   "OK");
  ck_assert(net_address_equal(&destination, &world_destination));
}

void world_expect_peer(SOCKET client) {
  struct sockaddr_storage peer;
  ck_assert_int_eq(net_peer(client, &peer), NET_OK);
  ck_assert(net_address_equal(&peer, &world_destination));
}

HANDLE world_event(void) {
  HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
  ck_assert_ptr_nonnull(event);
  return event;
}
