/* SPDX-License-Identifier: MIT */
/* UDP flows where more than one thing meets: both families, copies, threads, other emulations. */
#include <string.h>

#include "cases.h"
#include "datagrams.h"

static size_t flows(void) {
  return conntrail_emu_datagram_flows(fixture_emulation());
}

/* Further destinations of one IPv6 client have addresses of their own, too (M9). */
void case_flow_interleaved_v6(void) {
  static const uint16_t words[8] = {0x2606, 0x2800, 0x220, 1, 0, 0, 0, 2};
  test_message first;
  test_message second;
  test_message l;
  exchange e = exchange_open();
  scenario_usual(CONNTRAIL_EMU_BEHAVIOUR_REPLY_SOURCE);
  struct sockaddr_storage one = datagram_destination6();
  struct sockaddr_storage two = net_v6(words, 53);
  conntrail_socket proxy = datagram_proxy(e.service, "udp 2606:2800::/32", NET_UDP6);
  conntrail_socket client = datagram_client(NET_UDP6);
  datagram_send(client, "one", &one);
  message_expect_first(proxy, &first, "one", &one);
  datagram_send(client, "two", &two);
  message_expect_first(proxy, &second, "two", &two);
  expect_true(!net_address_equal(&first.message.peer, &second.message.peer));
  datagram_send(proxy, "from two", &second.message.peer);
  datagram_send(proxy, "from one", &first.message.peer);
  datagram_expect_from(client, "from two", &two);
  datagram_expect_from(client, "from one", &one);
  datagram_send(client, "again", &two);
  message_expect_later(proxy, &l, "again");
  expect_address(&l.message.peer, &second.message.peer);
  scenario_close(client);
  scenario_close(proxy);
  exchange_close(&e);
}

/* One client socket of both families: each destination has its own flow, and answers as itself. */
void case_flow_both_families(void) {
  test_message l;
  test_message m;
  exchange e = exchange_open();
  scenario_usual(CONNTRAIL_EMU_BEHAVIOUR_REPLY_SOURCE);
  scenario_usual(CONNTRAIL_EMU_BEHAVIOUR_MAPPED_ADDRESSES);
  struct sockaddr_storage to6 = datagram_destination6();
  struct sockaddr_storage four = datagram_destination4(34);
  struct sockaddr_storage five = datagram_destination4(35);
  struct sockaddr_storage mapped = net_mapped(&four);
  struct sockaddr_storage other = net_mapped(&five);
  conntrail_socket proxy6 = datagram_proxy(e.service, "udp 2606:2800::/32", NET_UDP6);
  conntrail_socket client = datagram_client(NET_UDP_DUAL);
  struct sockaddr_storage any = net_v6((const uint16_t[8]){0}, 0);
  expect_result(net_bind(client, &any), NET_OK);
  datagram_send(client, "six", &to6);
  message_expect_first(proxy6, &l, "six", &to6);
  datagram_send(proxy6, "from six", &l.message.peer);
  datagram_expect_from(client, "from six", &to6);
  datagram_send(client, "four", &mapped);
  message_expect_first(e.proxy, &l, "four", &four);
  datagram_send(client, "five", &other);
  message_expect_first(e.proxy, &m, "five", &five);
  datagram_send(e.proxy, "from five", &m.message.peer);
  datagram_expect_from(client, "from five", &other);
  datagram_send(e.proxy, "from four", &l.message.peer);
  datagram_expect_from(client, "from four", &mapped);
  expect_number(flows(), 3);
  scenario_close(client);
  scenario_close(proxy6);
  exchange_close(&e);
}

/* Who is not the proxy is not taken for the destination. */
void case_flow_untracked_is_himself(void) {
  test_message l;
  struct sockaddr_storage address;
  exchange e = exchange_open();
  scenario_usual(CONNTRAIL_EMU_BEHAVIOUR_REPLY_SOURCE);
  conntrail_socket untracked = datagram_bound(NET_UDP4, &address);
  exchange_begin(&e, &l);
  datagram_send(untracked, "hello", &l.message.peer);
  datagram_expect_from(e.client, "hello", &address);
  datagram_send(e.proxy, "back", &l.message.peer);
  datagram_expect_from(e.client, "back", &e.destination);
  scenario_close(untracked);
  exchange_close(&e);
}

/* The client's socket is closed when its last descriptor is (M2). */
void case_flow_of_copied_client(void) {
  test_message l;
  exchange e = exchange_open();
  scenario_usual(CONNTRAIL_EMU_BEHAVIOUR_REPLY_SOURCE);
  conntrail_socket copy = CONNTRAIL_INVALID_SOCKET;
  exchange_begin(&e, &l);
  expect_result(net_duplicate(e.client, &copy), NET_OK);
  scenario_close(e.client);
  expect_number(flows(), 1);
  datagram_send(copy, "two", &e.destination);
  message_expect_later(e.proxy, &l, "two");
  datagram_send(e.proxy, "back", &l.message.peer);
  datagram_expect_from(copy, "back", &e.destination);
  scenario_close(copy);
  expect_number(flows(), 0);
  scenario_close(e.proxy);
}

static void client_at(exchange *e, struct sockaddr_storage *address) {
  e->client = datagram_client(NET_UDP4);
  expect_result(net_share_port(e->client), NET_OK);
  expect_result(net_bind(e->client, address), NET_OK);
  expect_result(net_local(e->client, address), NET_OK);
}

/* What waits at the proxy when its client closes is of no flow, or of the one that has its address
 * when it is received. */
void case_flow_of_reused_address(void) {
  test_message l;
  exchange e = exchange_open();
  struct sockaddr_storage address = net_loopback(NET_UDP4, 0);
  struct sockaddr_storage other = datagram_destination4(35);
  scenario_close(e.client);
  for (int turn = 0; turn < 2; ++turn) {
    client_at(&e, &address);
    datagram_send(e.client, "left behind", &e.destination);
    scenario_close(e.client);
    expect_number(flows(), 0);
    if (turn == 0) {
      message_expect_later(e.proxy, &l, "left behind");
    }
  }
  client_at(&e, &address);
  datagram_send(e.client, "new", &other);
  message_expect_first(e.proxy, &l, "left behind", &other);
  message_expect_later(e.proxy, &l, "new");
  expect_number(scenario_count(CONNTRAIL_EMU_ACCEPTED), 1);
  exchange_close(&e);
}

/* What did not fit a look is there in full afterwards. */
void case_flow_looked_at_in_part(void) {
  test_message l;
  exchange e = exchange_open();
  datagram_send(e.client, "123456789", &e.destination);
  message_clear(&l);
  l.message.flags = CONNTRAIL_MESSAGE_PEEK;
  l.piece.size = 4;
  l.message.records_capacity = 1;
  l.message.context_capacity = 1;
  expect_status(t_recvmsg(e.proxy, &l.message), CONNTRAIL_DATA_TRUNCATED);
  expect_number(l.message.lost,
                CONNTRAIL_LOST_DATA | CONNTRAIL_LOST_RECORDS | CONNTRAIL_LOST_CONTEXT);
  size_t records = l.message.records_size;
  message_expect_first(e.proxy, &l, "123456789", &e.destination);
  expect_number(l.message.records_size, records);
  exchange_close(&e);
}

/* A proxy's socket that is connected to another peer has no flow to report (M11). */
void case_flow_queried_of_another(void) {
  static uint8_t blob[BLOB_ROOM];
  test_message l;
  struct sockaddr_storage address;
  size_t size = UNTOUCHED_SIZE;
  exchange e = exchange_open();
  conntrail_socket other = datagram_bound(NET_UDP4, &address);
  exchange_begin(&e, &l);
  expect_result(t_connect(e.proxy, &address), NET_OK);
  expect_status(t_query_records(e.proxy, blob, sizeof blob, &size), CONNTRAIL_NOT_REDIRECTED);
  expect_status(t_query_context(e.proxy, blob, sizeof blob, &size), CONNTRAIL_NOT_REDIRECTED);
  expect_number(size, UNTOUCHED_SIZE);
  scenario_close(other);
  exchange_close(&e);
}

/* Of two flows that came to it, a connected socket returns the one of its peer (M11). */
void case_flow_queried_by_peer(void) {
  test_message l;
  test_message m;
  struct sockaddr_storage destination;
  exchange e = exchange_open();
  struct sockaddr_storage other = datagram_destination4(35);
  datagram_send(e.client, "one", &e.destination);
  datagram_send(e.client, "two", &other);
  message_expect_first(e.proxy, &l, "one", &e.destination);
  message_expect_first(e.proxy, &m, "two", &other);
  expect_result(t_connect(e.proxy, &m.message.peer), NET_OK);
  expect_status(t_original_destination(e.proxy, &destination), CONNTRAIL_OK);
  expect_address(&destination, &other);
  expect_result(t_connect(e.proxy, &l.message.peer), NET_OK);
  expect_status(t_original_destination(e.proxy, &destination), CONNTRAIL_OK);
  expect_address(&destination, &e.destination);
  exchange_close(&e);
}

/* A connected socket's datagrams need no enabling (M11). */
void case_flow_connected_without_enabling(void) {
  static uint8_t blob[BLOB_ROOM];
  struct sockaddr_storage address;
  size_t size = UNTOUCHED_SIZE;
  fixture_open(NULL);
  struct sockaddr_storage destination = datagram_destination4(34);
  conntrail_emu_service *acme = conntrail_emu_add_service(fixture_emulation(), "acme", NULL);
  conntrail_socket proxy = datagram_bound(NET_UDP4, &address);
  conntrail_socket client = datagram_client(NET_UDP4);
  struct sockaddr_storage own = net_loopback(NET_UDP4, 0);
  expect_status(conntrail_emu_redirect(acme, DATAGRAM_RULE, (struct sockaddr *)&address),
                CONNTRAIL_OK);
  expect_result(net_bind(client, &own), NET_OK);
  expect_result(net_local(client, &own), NET_OK);
  expect_result(t_connect(proxy, &own), NET_OK);
  datagram_send(client, "one", &destination);
  (void)datagram_expect(proxy, "one");
  expect_status(t_query_records(proxy, blob, sizeof blob, &size), CONNTRAIL_OK);
  expect_true(size > 0);
  expect_number(scenario_count(CONNTRAIL_EMU_MISUSE), 0);
  scenario_close(client);
  scenario_close(proxy);
}

typedef struct sender {
  conntrail_emu *emu;
  conntrail_socket socket;
  struct sockaddr_storage destination;
  net_result result;
} sender;

static void send_from_thread(void *argument) {
  sender *s = argument;
  conntrail_emu_enter(s->emu);
  s->socket = net_socket(NET_UDP4);
  s->result = net_send_to(s->socket, "two", 3, &s->destination, NET_PLAIN);
}

/* Who received nothing of the flow does not continue it: another thread has its own (M10). */
void case_flow_of_another_thread(void) {
  test_message l;
  exchange e = exchange_open();
  sender s = {.emu = fixture_emulation(), .destination = e.destination};
  exchange_begin(&e, &l);
  fixture_thread_start(send_from_thread, &s);
  fixture_thread_join();
  expect_result(s.result, NET_OK);
  expect_number(scenario_count(CONNTRAIL_EMU_LOOP), 0);
  message_expect_first(e.proxy, &l, "two", &e.destination);
  scenario_close(s.socket);
  exchange_close(&e);
}

/* Records that a message gave serve a TCP connection as well (M3). */
void case_sending_records_to_tcp(void) {
  test_message l;
  exchange e = exchange_open();
  scenario_pair pair = scenario_service("beta", "tcp 93.184.216.0/24 port 53", NET_TCP4);
  exchange_begin(&e, &l);
  conntrail_socket outbound = scenario_socket(NET_TCP4);
  expect_status(t_set_records(outbound, l.records, l.message.records_size), CONNTRAIL_OK);
  expect_number(scenario_state(outbound, e.service), CONNTRAIL_EMU_REDIRECTED_BY_SELF);
  expect_number(scenario_state(outbound, pair.service), CONNTRAIL_EMU_REDIRECTED_BY_OTHER);
  expect_result(t_connect(outbound, &e.destination), NET_OK);
  conntrail_emu_event event = scenario_event(CONNTRAIL_EMU_REDIRECTED, 2);
  expect_true(event.service == pair.service);
  expect_number(event.protocol, 6);
  expect_number(event.state, CONNTRAIL_EMU_REDIRECTED_BY_OTHER);
  scenario_close(outbound);
  scenario_close(pair.listener);
  exchange_close(&e);
}

/* Records are of one emulation: another one does not take them, and sends nothing (M3, E3). */
void case_sending_records_of_another(void) {
  test_message l;
  exchange e = exchange_open();
  exchange_begin(&e, &l);
  exchange_close(&e);
  fixture_close();
  exchange next = exchange_open();
  conntrail_socket server = datagram_server("198.51.100.7:53");
  conntrail_socket outbound = datagram_socket(NET_UDP4);
  struct sockaddr_storage elsewhere = net_v4(198, 51, 100, 7, 53);
  expect_status(message_send_on(&l, outbound, &elsewhere), CONNTRAIL_INVALID);
  expect_number(flows(), 0);
  l.message.records_size = 0;
  memcpy(l.text, "two", 3);
  expect_status(message_send_on(&l, outbound, &elsewhere), CONNTRAIL_OK);
  (void)datagram_expect(server, "two");
  scenario_close(outbound);
  scenario_close(server);
  exchange_close(&next);
}
