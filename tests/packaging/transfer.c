/* SPDX-License-Identifier: MIT */
#include "transfer.h"

#include <stdio.h>

#include "conntrail/conntrail.h"
#include "conntrail/emu.h"
#include "sockets.h"

enum { CLIENT = 40004711 };

/* [RFC 5737] No host has it. */
static const char host[] = "192.0.2.1";
static const char rule[] = "tcp 192.0.2.1 port 80";
static const char destination[] = "192.0.2.1:80";

static conntrail_status set_up(conntrail_emu *emu, const struct sockaddr_in *proxy,
                               const struct sockaddr_in *server) {
  conntrail_emu_service *service = conntrail_emu_add_service(emu, "acme", NULL);
  conntrail_status status = conntrail_emu_redirect(service, rule, (const struct sockaddr *)proxy);
  return status != CONNTRAIL_OK
             ? status
             : conntrail_emu_route(emu, destination, (const struct sockaddr *)server);
}

/* What the proxy learns of the destination, and its onward connection. */
static conntrail_status pass_on(conntrail_socket accepted, struct sockaddr_storage *destination) {
  struct sockaddr_in wanted = address_of(host, 80);
  conntrail_socket outbound = socket(AF_INET, SOCK_STREAM, 0);
  conntrail_status status = conntrail_original_destination(accepted, destination);
  if (status == CONNTRAIL_OK) {
    status = conntrail_transfer_records(accepted, outbound);
  }
  if (status == CONNTRAIL_OK && connect(outbound, (struct sockaddr *)&wanted, sizeof wanted) != 0) {
    status = CONNTRAIL_CONNECT_FAILED;
  }
  return status;
}

static int judge(const conntrail_emu *emu, conntrail_status status,
                 const struct sockaddr_storage *destination) {
  struct sockaddr_in wanted = address_of(host, 80);
  const struct sockaddr_in *given = (const struct sockaddr_in *)(const void *)destination;
  unsigned redirected = (unsigned)conntrail_emu_count(emu, CONNTRAIL_EMU_REDIRECTED);
  unsigned delivered = (unsigned)conntrail_emu_count(emu, CONNTRAIL_EMU_DELIVERED);
  unsigned misuses = (unsigned)conntrail_emu_count(emu, CONNTRAIL_EMU_MISUSE);

  if (status != CONNTRAIL_OK || redirected != 1 || delivered != 1 || misuses != 0 ||
      given->sin_addr.s_addr != wanted.sin_addr.s_addr || given->sin_port != wanted.sin_port) {
    printf("%s, %u redirected, %u delivered, %u misuses\n", conntrail_status_name(status),
           redirected, delivered, misuses);
    return 1;
  }
  printf("conntrail %s\n", CONNTRAIL_VERSION_TEXT);
  return 0;
}

static int transfer_in(conntrail_emu *emu) {
  struct sockaddr_in proxy;
  struct sockaddr_in server;
  struct sockaddr_in wanted = address_of(host, 80);
  struct sockaddr_storage destination;
  conntrail_socket listener = listen_on_loopback(&proxy);
  conntrail_socket serving = listen_on_loopback(&server);

  if (serving == CONNTRAIL_INVALID_SOCKET || set_up(emu, &proxy, &server) != CONNTRAIL_OK) {
    printf("no scene: %s\n", conntrail_emu_refusal());
    return 3;
  }
  (void)conntrail_emu_act_as(CLIENT, NULL);
  (void)connect_to(&wanted);
  (void)conntrail_emu_act_as(0, NULL);
  memset(&destination, 0, sizeof destination);
  return judge(emu, pass_on(accept(listener, NULL, NULL), &destination), &destination);
}

int transfer_in_emulation(void) {
  conntrail_emu *emu = conntrail_emu_create(NULL);

  if (emu == NULL) {
    printf("no emulation: %s\n", conntrail_emu_refusal());
    return 2;
  }
  int result = transfer_in(emu);
  conntrail_emu_destroy(emu);
  return result;
}
