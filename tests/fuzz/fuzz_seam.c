/* SPDX-License-Identifier: MIT */

#include "fuzz_seam.h"

#include <stdlib.h>
#include <string.h>

#include "src/backend.h"

static const unsigned char *control;
static size_t control_size;
static uint32_t flags;
static size_t sent;
static uint32_t last_error;

void fuzz_seam_deliver(const unsigned char *delivered, size_t size, uint32_t with) {
  control = delivered;
  control_size = size;
  flags = with;
}

size_t fuzz_seam_sent(void) {
  return sent;
}

uint32_t conntrail__backend_recvmsg(conntrail_socket socket, conntrail__datagram *datagram) {
  size_t room = datagram->control_size;
  size_t given = control_size < room ? control_size : room;
  (void)socket;
  if (given > 0) {
    memcpy(datagram->control, control, given);
  }
  datagram->control_size = (uint32_t)given;
  datagram->peer_size = 0;
  datagram->bytes = 1;
  datagram->flags = flags | (given < control_size ? (uint32_t)CONNTRAIL__CONTROL_CUT : 0);
  return datagram->flags == 0 ? 0 : 10040;
}

uint32_t conntrail__backend_sendmsg(conntrail_socket socket, const conntrail__datagram *datagram) {
  const unsigned char *bytes = datagram->control;
  unsigned sum = 0;
  (void)socket;
  for (uint32_t i = 0; i < datagram->control_size; i++) {
    sum += bytes[i];
  }
  sent = datagram->control_size + (sum == UINT32_MAX);
  return 0;
}

uint32_t conntrail__backend_enable(conntrail_socket socket, int level, int option) {
  (void)socket, (void)level, (void)option;
  return 0;
}

uint32_t conntrail__backend_describe(conntrail_socket socket, conntrail__socket_facts *facts) {
  (void)socket;
  facts->is_internet = true;
  facts->is_datagram = true;
  return 0;
}

uint32_t conntrail__backend_last_error(void) {
  return last_error;
}

void conntrail__backend_set_last_error(uint32_t native) {
  last_error = native;
}

/* [D] Windows' numbers. */
const conntrail__message_numbers conntrail__backend_messages[CONNTRAIL__MESSAGE_FAMILIES] = {
    [CONNTRAIL__MESSAGES_IPV4] = {0, 60, 70}, [CONNTRAIL__MESSAGES_IPV6] = {41, 60, 70}};

uint32_t conntrail__backend_has_records(conntrail_socket socket) {
  (void)socket;
  return 0;
}

/* As a real Linux gives the local address: SOL_IP, IP_ORIGDSTADDR. */
bool conntrail__backend_read_local(const conntrail__control_item *item,
                                   struct sockaddr_storage *local) {
  if (item->level != 0 || item->type != 20 || item->size > sizeof *local) {
    return false;
  }
  memcpy(local, item->data, item->size);
  return true;
}

/* The rest of the seam, which messages do not call. */

uint32_t conntrail__backend_translated_destination(conntrail_socket accepted,
                                                   conntrail_socket listener,
                                                   struct sockaddr_storage *destination) {
  (void)accepted, (void)listener, (void)destination;
  abort();
}

uint32_t conntrail__backend_prepare_listener(conntrail_socket socket, unsigned wanted) {
  (void)socket, (void)wanted;
  abort();
}

uint32_t conntrail__backend_enable_local(conntrail_socket socket,
                                         const conntrail__socket_facts *facts) {
  (void)socket, (void)facts;
  abort();
}

uint32_t conntrail__backend_datagram_destination(conntrail_socket socket,
                                                 const struct sockaddr_storage *peer,
                                                 const struct sockaddr_storage *local,
                                                 struct sockaddr_storage *destination) {
  (void)socket, (void)peer, (void)local, (void)destination;
  abort();
}

uint32_t conntrail__backend_reply(conntrail_socket socket, const conntrail__reply *reply) {
  (void)socket, (void)reply;
  abort();
}

void conntrail__backend_close(conntrail_socket socket) {
  (void)socket;
  abort();
}

uint32_t conntrail__backend_ioctl(conntrail_socket socket, uint32_t code, const void *in,
                                  uint32_t in_size, void *out, uint32_t capacity, uint32_t *bytes) {
  (void)socket, (void)code, (void)in, (void)in_size, (void)out, (void)capacity, (void)bytes;
  abort();
}

uint32_t conntrail__backend_begin(conntrail__overlapped *call) {
  (void)call;
  abort();
}

void conntrail__backend_cancel(conntrail_socket socket, conntrail__overlapped *call) {
  (void)socket, (void)call;
  abort();
}

uint32_t conntrail__backend_original_destination(conntrail_socket socket,
                                                 struct sockaddr_storage *destination) {
  (void)socket, (void)destination;
  abort();
}

void conntrail__backend_layout_did_not_fit(conntrail_socket socket, uint32_t size) {
  (void)socket, (void)size;
  abort();
}
