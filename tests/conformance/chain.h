/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_CHAIN_H
#define CONNTRAIL_TESTS_CHAIN_H

/*
 * A client, some redirect services with a proxy each, and the real destination behind them (R6 to
 * R8). The proxies are straight-line code, driven in turn by one thread: connect() to a listener
 * is complete before anybody accepts.
 */

#include "scenario.h"

/* HOP_PROCESS: a number that no process has (fixture_emu.c), as are those 2 above it. */
enum { CHAIN_MOST_HOPS = 5, HOP_PROCESS = 40000101 };

typedef struct chain_hop {
  scenario_pair pair;
  conntrail_socket outbound;
  uint32_t process; /* whose proxy it is; 0: this process */
  bool forgets;     /* does not transfer the records */
} chain_hop;

typedef struct chain {
  chain_hop hops[CHAIN_MOST_HOPS]; /* in the order in which they decide */
  unsigned count;
  net_kind kind;
  struct sockaddr_storage destination;
  struct sockaddr_storage address; /* where the destination really is */
  conntrail_socket server;
} chain;

/*
 * Opens a world with so many services, added in this order: order[i] is the place at which the
 * i-th of them decides, from 0.
 */
void chain_open(chain *c, net_kind kind, unsigned count, const unsigned *order);
/* The client connects, and is redirected. */
conntrail_socket chain_start(chain *c);
/* A hop's proxy does its work: accept, ask, transfer (or forget), connect. What connect answered.
 */
net_result chain_forward(chain *c, unsigned hop);
/* Sends bytes from the client through every hop to the destination, and expects them there. */
void chain_expect_data(const chain *c, conntrail_socket client);
/* Closes what is open, and the world. */
void chain_close(chain *c);

#endif
