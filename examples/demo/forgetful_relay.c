/* SPDX-License-Identifier: MIT */
#include "forgetful_relay.h"

#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "conntrail/conntrail.h"
#include "conntrail/datagram.h"

struct forgetful_relay {
  conntrail_socket socket;
  conntrail_socket outbound;
  struct event *readable;
  struct sockaddr_in address;
};

/* It even asks where the client wanted to go, and then leaves the records where they are. */
static void on_datagram(evutil_socket_t from, short what, void *argument) {
  forgetful_relay *relay = argument;
  unsigned char bytes[2048];
  unsigned char context[512];
  struct sockaddr_storage destination;
  conntrail_buffer piece = {bytes, sizeof bytes};
  conntrail_message message = CONNTRAIL_MESSAGE_INIT;
  (void)what;
  message.payload = &piece;
  message.payload_count = 1;
  message.context = context;
  message.context_capacity = sizeof context;
  if (conntrail_recvmsg((conntrail_socket)from, &message) == CONNTRAIL_OK &&
      conntrail_decode_context(context, message.context_size, &destination) == CONNTRAIL_OK) {
    piece.size = message.payload_size;
    message.peer = destination;
    message.records_size = 0;
    (void)conntrail_sendmsg(relay->outbound, &message);
  }
}

forgetful_relay *forgetful_relay_new(struct event_base *base, const struct sockaddr *address) {
  forgetful_relay *relay = calloc(1, sizeof *relay);
  ev_socklen_t size = sizeof relay->address;
  if (!relay) {
    return NULL;
  }
  relay->socket = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
  relay->outbound = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
  if (relay->socket == CONNTRAIL_INVALID_SOCKET || relay->outbound == CONNTRAIL_INVALID_SOCKET ||
      bind(relay->socket, address, sizeof(struct sockaddr_in)) != 0 ||
      getsockname(relay->socket, (struct sockaddr *)&relay->address, &size) != 0 ||
      conntrail_enable_messages(relay->socket) != CONNTRAIL_OK) {
    forgetful_relay_free(relay);
    return NULL;
  }
  evutil_make_socket_nonblocking((evutil_socket_t)relay->socket);
  relay->readable =
      event_new(base, (evutil_socket_t)relay->socket, EV_READ | EV_PERSIST, on_datagram, relay);
  if (!relay->readable || event_add(relay->readable, NULL) != 0) {
    forgetful_relay_free(relay);
    return NULL;
  }
  return relay;
}

static void close_socket(conntrail_socket closed) {
  if (closed != CONNTRAIL_INVALID_SOCKET) {
    evutil_closesocket((evutil_socket_t)closed);
  }
}

void forgetful_relay_free(forgetful_relay *relay) {
  if (relay->readable) {
    event_free(relay->readable);
  }
  close_socket(relay->socket);
  close_socket(relay->outbound);
  free(relay);
}

const struct sockaddr *forgetful_relay_address(const forgetful_relay *relay) {
  return (const struct sockaddr *)&relay->address;
}
