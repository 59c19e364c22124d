/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_KERNEL_DATAGRAMS_H
#define CONNTRAIL_TESTS_KERNEL_DATAGRAMS_H

/* UDP: a listener, its clients, and what comes with a datagram. */

#include "endpoints.h"

/* What conntrail_recvmsg() will return of a datagram. */
typedef struct arrival {
  struct sockaddr_storage peer;
  struct sockaddr_storage local;
} arrival;

/* Each datagram that it receives comes with the address that it was sent to. */
int open_udp(listener_kind kind, unsigned flags);

/* The next datagram. Its local address is the one control message that came with it. */
arrival receive_arrival(int listener);

/* A new client there sends one datagram. */
arrival send_one(network_host host, int listener, const char *to);

void send_text(int fd, const char *to, const char *text);

#endif
