/* SPDX-License-Identifier: MIT */
/* Two threads: what belongs to each, and proxies that run beside their client (E3, R6, R7). */
#include <string.h>

#include "cases.h"
#include "chain.h"
#include "datagrams.h"

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

static void close_all(conntrail_socket *sockets, size_t count) {
  for (size_t index = 0; index < count; ++index) {
    scenario_close(sockets[index]);
  }
}

/* ---- Threads that migrate -------------------------------------------------------------------- */

/* What a thread continues that another one accepted, and asked about. */
typedef struct continued {
  struct sockaddr_storage destination;
  uint8_t records[BLOB_ROOM];
  size_t size;
  conntrail_socket outbound;
  conntrail_status set;
  net_result result;
} continued;

static void continue_it(void *argument) {
  continued *it = argument;
  it->outbound = net_socket(NET_TCP4);
  it->set = conntrail_set_records(it->outbound, it->records, it->size);
  it->result = net_connect(it->outbound, &it->destination);
}

static void continue_in_thread(continued *it) {
  fixture_thread_start(continue_it, it);
  fixture_thread_join();
  expect_status(it->set, CONNTRAIL_OK);
  expect_result(it->result, NET_OK);
}

static conntrail_socket accept_and_ask(const chain *c, continued *it) {
  conntrail_socket accepted = scenario_accept(c->hops[0].pair.listener);
  it->size = scenario_records(accepted, it->records);
  it->destination = c->destination;
  return accepted;
}

typedef struct plain {
  struct sockaddr_storage destination;
  conntrail_socket socket;
  net_result result;
} plain;

static void connect_plainly(void *argument) {
  plain *it = argument;
  it->socket = net_socket(NET_TCP4);
  it->result = net_connect(it->socket, &it->destination);
}

static plain connect_in_thread(const chain *c) {
  plain it = {.destination = c->destination};
  fixture_thread_start(connect_plainly, &it);
  fixture_thread_join();
  return it;
}

/* This thread accepts and asks, and another one connects without the records: round and round. */
void case_thread_loop_ends_in_limit(void) {
  enum { ENTRIES = 10 };
  static continued asked;
  chain c;
  conntrail_socket all[2 * ENTRIES + 1];
  size_t used = 0;
  chain_open(&c, NET_TCP4, 1, in_order);
  for (int entry = 0; entry < ENTRIES; ++entry) {
    plain round = connect_in_thread(&c);
    expect_result(round.result, NET_OK);
    all[used++] = round.socket;
    all[used++] = accept_and_ask(&c, &asked);
  }
  plain last = connect_in_thread(&c);
  all[used++] = last.socket;
  expect_result(last.result, NET_REFUSED);
  expect_number(scenario_count(CONNTRAIL_EMU_LOOP), 1);
  close_all(all, used);
  chain_close(&c);
}

/* The first connection shows that this process asks and connects in different threads. */
void case_thread_is_a_hint(void) {
  static continued first;
  static continued second;
  chain c;
  chain_open(&c, NET_TCP4, 1, in_order);
  conntrail_socket all[8] = {chain_start(&c)};
  all[1] = accept_and_ask(&c, &first);
  continue_in_thread(&first);
  all[2] = chain_start(&c);
  all[3] = accept_and_ask(&c, &second);
  /* This thread asked last, and what it connects has nothing to do with it. */
  all[4] = scenario_socket(NET_TCP4);
  expect_result(t_connect(all[4], &c.destination), NET_OK);
  expect_number(scenario_count(CONNTRAIL_EMU_LOOP), 0);
  all[5] = scenario_accept(c.hops[0].pair.listener);
  continue_in_thread(&second);
  all[6] = first.outbound;
  all[7] = second.outbound;
  expect_number(scenario_count(CONNTRAIL_EMU_DELIVERED), 2);
  close_all(all, sizeof all / sizeof all[0]);
  expect_number(scenario_misuse(CONNTRAIL_EMU_MISUSE_NOT_TRANSFERRED), 0);
  chain_close(&c);
}

/* Without records, and by the thread that asks: named when ten came in and none was delivered. */
void case_thread_hint_ends_in_limit(void) {
  enum { ENTRIES = 10 };
  static continued first;
  chain c;
  conntrail_socket all[2 * ENTRIES + 4];
  size_t used = 0;
  chain_open(&c, NET_TCP4, 1, in_order);
  all[used++] = chain_start(&c);
  all[used++] = accept_and_ask(&c, &first);
  continue_in_thread(&first);
  all[used++] = first.outbound;
  for (int entry = 0; entry < ENTRIES; ++entry) {
    all[used] = scenario_socket(NET_TCP4);
    expect_result(t_connect(all[used++], &c.destination), NET_OK);
    all[used++] = scenario_accept(c.hops[0].pair.listener);
  }
  all[used] = scenario_socket(NET_TCP4);
  expect_result(t_connect(all[used++], &c.destination), NET_REFUSED);
  expect_number(scenario_count(CONNTRAIL_EMU_LOOP), 1);
  expect_number(scenario_event(CONNTRAIL_EMU_LOOP, 1).from, 0);
  close_all(all, used);
  chain_close(&c);
}

typedef struct sent_on {
  test_message *message;
  struct sockaddr_storage destination;
  conntrail_socket outbound;
  conntrail_status status;
} sent_on;

static void send_it_on(void *argument) {
  sent_on *it = argument;
  it->outbound = net_socket(NET_UDP4);
  it->message->message.peer = it->destination;
  it->status = conntrail_sendmsg(it->outbound, &it->message->message);
}

/* A datagram that another thread sends on, with its records. */
static conntrail_socket send_on_in_thread(exchange *e, conntrail_socket client, const char *text) {
  static test_message l;
  datagram_send_as_client(client, text, &e->destination);
  message_expect_first(e->proxy, &l, text, &e->destination);
  sent_on it = {.message = &l, .destination = e->destination};
  fixture_thread_start(send_it_on, &it);
  fixture_thread_join();
  expect_status(it.status, CONNTRAIL_OK);
  return it.outbound;
}

/* The same of UDP: what this thread sends has nothing to do with what it received. Without records,
 * round and round, it is a loop after ten times. */
void case_thread_hint_datagram(void) {
  enum { ENTRIES = 10 };
  test_message l;
  exchange e = exchange_open();
  conntrail_socket server = datagram_server("93.184.216.34:53");
  conntrail_socket second = datagram_client(NET_UDP4);
  conntrail_socket first_outbound = send_on_in_thread(&e, e.client, "one");
  datagram_send_as_client(second, "two", &e.destination);
  message_expect_first(e.proxy, &l, "two", &e.destination);
  conntrail_socket unrelated = datagram_socket(NET_UDP4);
  expect_result(t_send_to(unrelated, "three", 5, &e.destination, NET_PLAIN), NET_OK);
  message_expect_first(e.proxy, &l, "three", &e.destination);
  for (int entry = 1; entry < ENTRIES; ++entry) {
    expect_result(t_send_to(unrelated, "more", 4, &e.destination, NET_PLAIN), NET_OK);
    message_expect_later(e.proxy, &l, "more");
  }
  expect_number(scenario_count(CONNTRAIL_EMU_LOOP), 0);
  expect_result(t_send_to(unrelated, "more", 4, &e.destination, NET_PLAIN), NET_UNREACHABLE);
  expect_number(scenario_count(CONNTRAIL_EMU_LOOP), 1);
  scenario_close(unrelated);
  scenario_close(first_outbound);
  scenario_close(second);
  scenario_close(server);
  exchange_close(&e);
}
