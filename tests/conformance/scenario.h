/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_SCENARIO_H
#define CONNTRAIL_TESTS_SCENARIO_H

/*
 * What most cases begin with. Each step expects to succeed, so that a case which cannot be set up
 * fails where it happened.
 *
 * Everything runs in one thread: connect() to a listener is complete before accept().
 */

#include "conntrail/conntrail.h"
#include "conntrail/emu.h"
#include "expect.h"
#include "fixture.h"
#include "net.h"
#include "traced.h"
#include "transcript.h"

#define expect_result(actual, expected)                                                            \
  scenario_expect_result(EXPECT_PLACE(actual), (actual), (expected))
#define expect_address(actual, expected)                                                           \
  scenario_expect_address(EXPECT_PLACE(actual), (actual), (expected))

void scenario_expect_result(expect_place place, net_result actual, net_result expected);
void scenario_expect_address(expect_place place, const struct sockaddr_storage *actual,
                             const struct sockaddr_storage *expected);

/* A byte that buffers are filled with before a call. */
enum { UNTOUCHED = 0xA5 };
/* A value that *size has before a call. */
#define UNTOUCHED_SIZE ((size_t)0xA5A5A5A5u)
/* Enough calls to see every answer that a profile gives in turn, twice. */
enum { ENOUGH_TURNS = 18 };
/* Room for any blob that the library gives, and a guard behind it. */
enum { BLOB_ROOM = 65536 + 256 };

/* 93.184.216.34 port 80 and 2606:2800:220:1::1 port 80. */
struct sockaddr_storage scenario_destination4(void);
struct sockaddr_storage scenario_destination6(void);

/* A new socket; the case fails where there is none. */
conntrail_socket scenario_socket(net_kind kind);
/* A listener on loopback, at a port that the system chose. */
conntrail_socket scenario_listener(net_kind kind, struct sockaddr_storage *address);
/* A socket of a client (fixture_client_begin) that is connected to an address. */
conntrail_socket scenario_client(net_kind kind, const struct sockaddr_storage *destination);
conntrail_socket scenario_accept(conntrail_socket listener);
void scenario_close(conntrail_socket socket);

/* The case is not about this behaviour: also under the profile contrary it is the usual one. */
void scenario_usual(conntrail_emu_behaviour behaviour);
/* Under every profile it is the other one. */
void scenario_unusual(conntrail_emu_behaviour behaviour);

/* A proxy's listener, a client that was redirected to it, and the accepted socket. */
typedef struct scenario_pair {
  conntrail_emu_service *service;
  struct sockaddr_storage proxy;
  struct sockaddr_storage destination;
  conntrail_socket listener;
  conntrail_socket client;
  conntrail_socket accepted;
} scenario_pair;

/* The world must be open. The service redirects FIXTURE_USUAL_RULE. */
scenario_pair scenario_redirected_pair(void);
/* The same in two steps, to give the service what it shall attach in between. */
scenario_pair scenario_service(const char *name, const char *rule, net_kind kind);
void scenario_connect(scenario_pair *pair, net_kind kind,
                      const struct sockaddr_storage *destination);
/* Connected past every service: it was not redirected. */
scenario_pair scenario_direct_pair(void);
void scenario_close_pair(scenario_pair *pair);

/* The records of an accepted socket; at most BLOB_ROOM bytes. Returns their size. */
size_t scenario_records(conntrail_socket accepted, void *records);

/* How often an event or a misuse happened in the world. */
uint64_t scenario_count(conntrail_emu_event_kind kind);
uint64_t scenario_misuse(conntrail_emu_misuse misuse);
/* The state of what a socket carries, for a service. */
conntrail_emu_state scenario_state(conntrail_socket socket, const conntrail_emu_service *service);
uint32_t scenario_number(conntrail_socket socket);
/* The n-th event of a kind, from 1. */
conntrail_emu_event scenario_event(conntrail_emu_event_kind kind, unsigned nth);
/* A fault that fails an operation with a native number. */
conntrail_emu_fault scenario_fault(conntrail_emu_operation operation, uint32_t native);
void scenario_add_fault(const conntrail_emu_fault *fault);

#endif
