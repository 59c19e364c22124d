/* SPDX-License-Identifier: MIT */

/*
 * The calls of the seam for systems without redirect records. Windows has redirect records, so the
 * library makes none of these calls but conntrail__backend_has_records(), and
 * conntrail__backend_prepare_listener(), which has nothing to do. Contracts: src/backend.h.
 */

#include "../src/backend.h"

#include "win.h"

uint32_t conntrail__backend_has_records(conntrail_socket socket) {
  (void)socket;
  return 0;
}

uint32_t conntrail__backend_prepare_listener(conntrail_socket socket, unsigned flags) {
  (void)socket;
  (void)flags;
  return 0;
}

uint32_t conntrail__backend_translated_destination(conntrail_socket accepted,
                                                   conntrail_socket listener,
                                                   struct sockaddr_storage *destination) {
  (void)accepted;
  (void)listener;
  (void)destination;
  return WSAEOPNOTSUPP;
}

uint32_t conntrail__backend_enable_local(conntrail_socket socket,
                                         const conntrail__socket_facts *facts) {
  (void)socket;
  (void)facts;
  return WSAEOPNOTSUPP;
}

bool conntrail__backend_read_local(const conntrail__control_item *item,
                                   struct sockaddr_storage *local) {
  (void)item;
  (void)local;
  return false;
}

uint32_t conntrail__backend_datagram_destination(conntrail_socket socket,
                                                 const struct sockaddr_storage *peer,
                                                 const struct sockaddr_storage *local,
                                                 struct sockaddr_storage *destination) {
  (void)socket;
  (void)peer;
  (void)local;
  (void)destination;
  return WSAEOPNOTSUPP;
}

uint32_t conntrail__backend_reply(conntrail_socket socket, const conntrail__reply *reply) {
  (void)socket;
  (void)reply;
  return WSAEOPNOTSUPP;
}

void conntrail__backend_close(conntrail_socket socket) {
  (void)closesocket(socket);
}
