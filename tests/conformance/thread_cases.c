/* SPDX-License-Identifier: MIT */
/* Two threads: what belongs to each, and proxies that run beside their client (E3, R6, R7). */
#include <string.h>

#include "cases.h"
#include "chain.h"

/* A thread checks nothing itself: what it saw is looked at when it has ended. */

static const unsigned in_order[] = {0};

typedef struct visitor {
  conntrail_emu *emu;
  struct sockaddr_storage destination;
  net_result result;
  conntrail_socket socket;
} visitor;

static void visit(void *argument) {
  visitor *v = argument;
  conntrail_emu_enter(v->emu);
  v->socket = net_socket(NET_TCP4);
  v->result = net_connect(v->socket, &v->destination);
}

void case_thread_enters_its_own(void) {
  conntrail_emu_options options = CONNTRAIL_EMU_OPTIONS_INIT;
  struct sockaddr_storage address;
  fixture_open(NULL);
  conntrail_emu *second = conntrail_emu_create(&options);
  expect_true(second != NULL);
  conntrail_socket server = scenario_listener(NET_TCP4, &address);
  expect_status(conntrail_emu_route(second, "93.184.216.34:80", (struct sockaddr *)&address),
                CONNTRAIL_OK);
  visitor inside = {.emu = second, .destination = scenario_destination4()};
  visitor outside = {.emu = NULL, .destination = scenario_destination4()};
  fixture_thread_start(visit, &inside);
  fixture_thread_join();
  fixture_thread_start(visit, &outside);
  fixture_thread_join();
  expect_result(inside.result, NET_OK);
  expect_result(outside.result, NET_UNREACHABLE);
  expect_number(conntrail_emu_count(second, CONNTRAIL_EMU_DELIVERED), 1);
  expect_number(scenario_count(CONNTRAIL_EMU_DELIVERED), 0);
  expect_number(scenario_count(CONNTRAIL_EMU_REFUSED), 1);
  scenario_close(outside.socket);
  scenario_close(inside.socket);
  scenario_close(server);
  conntrail_emu_destroy(second);
}

typedef struct proxy {
  chain_hop *hop;
  unsigned connections;
  bool forgets;
  unsigned transferred;
  unsigned connected;
  unsigned refused;
} proxy;

static void serve_one(proxy *p) {
  struct sockaddr_storage destination;
  conntrail_socket accepted = CONNTRAIL_INVALID_SOCKET;
  if (net_accept(p->hop->pair.listener, &accepted, NULL) != NET_OK) {
    return;
  }
  conntrail_socket outbound = net_socket(NET_TCP4);
  if (conntrail_original_destination(accepted, &destination) == CONNTRAIL_OK) {
    if (!p->forgets && conntrail_transfer_records(accepted, outbound) == CONNTRAIL_OK) {
      p->transferred += 1;
    }
    net_result result = net_connect(outbound, &destination);
    p->connected += result == NET_OK ? 1u : 0u;
    p->refused += result == NET_REFUSED ? 1u : 0u;
  }
  (void)net_close(outbound);
  (void)net_close(accepted);
}

static void serve(void *argument) {
  proxy *p = argument;
  for (unsigned index = 0; index < p->connections; ++index) {
    serve_one(p);
  }
}

static void run_beside(bool forgets) {
  enum { CONNECTIONS = 50 };
  chain c;
  chain_open(&c, NET_TCP4, 1, in_order);
  proxy p = {.hop = &c.hops[0], .connections = CONNECTIONS, .forgets = forgets};
  fixture_thread_start(serve, &p);
  for (unsigned index = 0; index < CONNECTIONS; ++index) {
    char end;
    /* accept may be quicker than connect's return: the record is there all the same. */
    conntrail_socket client = chain_start(&c);
    (void)net_receive(client, &end, 1);
    scenario_close(client);
  }
  fixture_thread_join();
  expect_number(p.transferred, forgets ? 0 : CONNECTIONS);
  expect_number(p.connected, forgets ? 0 : CONNECTIONS);
  expect_number(p.refused, forgets ? CONNECTIONS : 0);
  expect_number(scenario_count(CONNTRAIL_EMU_REDIRECTED), CONNECTIONS);
  expect_number(scenario_count(CONNTRAIL_EMU_ACCEPTED), CONNECTIONS);
  expect_number(scenario_count(CONNTRAIL_EMU_LOOP), forgets ? CONNECTIONS : 0);
  chain_close(&c);
}

void case_thread_proxy_beside_client(void) {
  run_beside(false);
}

void case_thread_forgetful_beside_client(void) {
  run_beside(true);
}

typedef struct failing {
  conntrail_status status;
  uint32_t native;
  bool refused;
  char refusal[64];
} failing;

static void fail_otherwise(void *argument) {
  failing *f = argument;
  f->status = conntrail_set_records(CONNTRAIL_INVALID_SOCKET, NULL, 1);
  f->native = conntrail_native_error();
  f->refused = conntrail_emu_add_service(fixture_emulation(), "", NULL) == NULL;
  f->refusal[0] = conntrail_emu_refusal()[0];
}

/* The last number and the last refusal are each thread's own. */
void case_thread_errors_are_its_own(void) {
  static char mine[512];
  failing other = {0};
  fixture_open(NULL);
  expect_true(conntrail_emu_add_service(fixture_emulation(), "a-name-of-thirty-two-bytes-at-all",
                                        NULL) == NULL);
  (void)strncpy(mine, conntrail_emu_refusal(), sizeof mine - 1);
  expect_status(t_set_records(CONNTRAIL_INVALID_SOCKET, "records", 7), CONNTRAIL_NOT_SOCKET);
  fixture_thread_start(fail_otherwise, &other);
  fixture_thread_join();
  expect_number(conntrail_native_error(), 10038);
  expect_text(conntrail_emu_refusal(), mine);
  expect_status(other.status, CONNTRAIL_FAULT);
  expect_number(other.native, 10014);
  expect_true(other.refused && other.refusal[0] != '\0');
}
