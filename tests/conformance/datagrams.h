/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_DATAGRAMS_H
#define CONNTRAIL_TESTS_DATAGRAMS_H

/*
 * What the cases of UDP begin with: a client, a proxy that receives messages, and where they want
 * to go. All in one thread: a datagram on loopback is there when it was sent.
 */

#include "conntrail/datagram.h"
#include "scenario.h"

enum { DATAGRAM_ROOM = 2048 };

/* 93.184.216.n port 53, and 2606:2800:220:1::1 port 53. */
struct sockaddr_storage datagram_destination4(unsigned n);
struct sockaddr_storage datagram_destination6(void);

/* Its receives end by themselves. */
conntrail_socket datagram_socket(net_kind kind);
/* The same, made between fixture_client_begin() and its end. */
conntrail_socket datagram_client(net_kind kind);
/* Bound to loopback. */
conntrail_socket datagram_bound(net_kind kind, struct sockaddr_storage *address);
/* Bound, enabled, and where a service redirects to. */
conntrail_socket datagram_proxy(conntrail_emu_service *service, const char *rule, net_kind kind);
/* Bound, and what a destination is routed to. */
conntrail_socket datagram_server(const char *destination);

/* Sends a text, and expects it to be sent. */
void datagram_send(conntrail_socket socket, const char *text, const struct sockaddr_storage *to);
/* The same by a client: whose a socket is, its first use says. */
void datagram_send_as_client(conntrail_socket socket, const char *text,
                             const struct sockaddr_storage *to);
/* Receives a text, and says from whom. */
struct sockaddr_storage datagram_expect(conntrail_socket socket, const char *text);
/* The same, and it must come from there. */
void datagram_expect_from(conntrail_socket socket, const char *text,
                          const struct sockaddr_storage *from);

/* A message with room for everything. */
typedef struct test_message {
  conntrail_message message;
  conntrail_buffer piece;
  char text[DATAGRAM_ROOM];
  unsigned char records[4096];
  unsigned char context[1024];
  _Alignas(16) unsigned char control[512];
} test_message;

void message_clear(test_message *l);
conntrail_status message_receive(conntrail_socket socket, test_message *l);
/* The first datagram of a flow, to that destination. */
void message_expect_first(conntrail_socket socket, test_message *l, const char *text,
                          const struct sockaddr_storage *destination);
/* One without records and context. */
void message_expect_later(conntrail_socket socket, test_message *l, const char *text);
/* Sends what was received, and its records, to a destination. */
conntrail_status message_send_on(test_message *l, conntrail_socket outbound,
                                 const struct sockaddr_storage *destination);

/* An open world: "acme" takes 93.184.216.0/24 port 53 to its proxy. */
typedef struct exchange {
  conntrail_emu_service *service;
  conntrail_socket proxy;
  conntrail_socket client;
  struct sockaddr_storage destination;
} exchange;

#define DATAGRAM_RULE "udp 93.184.216.0/24 port 53"

exchange exchange_open(void);
/* The client sends "one", and the proxy receives it, with the records of a flow. */
void exchange_begin(const exchange *e, test_message *l);
void exchange_close(exchange *e);

#endif
