/* SPDX-License-Identifier: MIT */
/* Messages: how records and context arrive (M1, M4 to M6, M12). */
#include <string.h>

#include "cases.h"
#include "datagrams.h"

void case_message_first_has_records(void) {
  test_message l;
  exchange e = exchange_open();
  datagram_send(e.client, "one", &e.destination);
  datagram_send(e.client, "two", &e.destination);
  message_expect_first(e.proxy, &l, "one", &e.destination);
  expect_number(l.message.context_size, 256);
  expect_number(l.message.control_size, 0);
  message_expect_later(e.proxy, &l, "two");
  expect_number(scenario_count(CONNTRAIL_EMU_ACCEPTED), 1);
  expect_number(scenario_count(CONNTRAIL_EMU_RECORDS_RECEIVED), 1);
  expect_number(scenario_event(CONNTRAIL_EMU_RECORDS_RECEIVED, 1).protocol, 17);
  expect_number(scenario_event(CONNTRAIL_EMU_RECORDS_RECEIVED, 1).hops, 1);
  exchange_close(&e);
  expect_number(scenario_count(CONNTRAIL_EMU_MISUSE), 0);
}

void case_message_v6(void) {
  test_message l;
  exchange e = exchange_open();
  scenario_usual(CONNTRAIL_EMU_BEHAVIOUR_REPLY_SOURCE);
  struct sockaddr_storage destination = datagram_destination6();
  conntrail_socket proxy = datagram_proxy(e.service, "udp 2606:2800::/32", NET_UDP6);
  conntrail_socket client = datagram_client(NET_UDP6);
  datagram_send(client, "six", &destination);
  message_expect_first(proxy, &l, "six", &destination);
  datagram_send(proxy, "back", &l.message.peer);
  datagram_expect_from(client, "back", &destination);
  scenario_close(client);
  scenario_close(proxy);
  exchange_close(&e);
}

void case_message_mapped_client(void) {
  test_message l;
  exchange e = exchange_open();
  scenario_usual(CONNTRAIL_EMU_BEHAVIOUR_REPLY_SOURCE);
  scenario_usual(CONNTRAIL_EMU_BEHAVIOUR_MAPPED_ADDRESSES);
  struct sockaddr_storage mapped = net_mapped(&e.destination);
  conntrail_socket client = datagram_client(NET_UDP_DUAL);
  datagram_send(client, "mapped", &mapped);
  message_expect_first(e.proxy, &l, "mapped", &e.destination);
  datagram_send(e.proxy, "back", &l.message.peer);
  datagram_expect_from(client, "back", &mapped);
  scenario_close(client);
  exchange_close(&e);
}

/* One socket for both families: datagrams of either bring their records. */
void case_message_dual_stack_proxy(void) {
  test_message l;
  struct sockaddr_storage bound;
  struct sockaddr_storage any = net_v6((const uint16_t[8]){0}, 0);
  exchange e = exchange_open();
  scenario_usual(CONNTRAIL_EMU_BEHAVIOUR_REPLY_SOURCE);
  scenario_usual(CONNTRAIL_EMU_BEHAVIOUR_MAPPED_ADDRESSES);
  struct sockaddr_storage to6 = datagram_destination6();
  struct sockaddr_storage to4 = net_v4(198, 51, 100, 7, 53);
  conntrail_socket proxy = datagram_socket(NET_UDP_DUAL);
  expect_result(net_bind(proxy, &any), NET_OK);
  expect_result(net_local(proxy, &bound), NET_OK);
  expect_status(t_enable_messages(proxy), CONNTRAIL_OK);
  struct sockaddr_storage at4 = net_loopback(NET_UDP4, net_port(&bound));
  struct sockaddr_storage at6 = net_loopback(NET_UDP6, net_port(&bound));
  expect_status(conntrail_emu_redirect(e.service, "udp 198.51.100.0/24", (struct sockaddr *)&at4),
                CONNTRAIL_OK);
  expect_status(conntrail_emu_redirect(e.service, "udp 2606:2800::/32", (struct sockaddr *)&at6),
                CONNTRAIL_OK);
  conntrail_socket client6 = datagram_client(NET_UDP6);
  datagram_send(e.client, "four", &to4);
  message_expect_first(proxy, &l, "four", &to4);
  expect_number(l.message.control_size, 0);
  datagram_send(proxy, "back", &l.message.peer);
  datagram_expect_from(e.client, "back", &to4);
  datagram_send(client6, "six", &to6);
  message_expect_first(proxy, &l, "six", &to6);
  expect_number(scenario_count(CONNTRAIL_EMU_MISUSE), 0);
  scenario_close(client6);
  scenario_close(proxy);
  exchange_close(&e);
}

void case_message_not_enabled(void) {
  test_message l;
  struct sockaddr_storage address;
  fixture_open(NULL);
  struct sockaddr_storage destination = datagram_destination4(34);
  conntrail_emu_service *acme = conntrail_emu_add_service(fixture_emulation(), "acme", NULL);
  conntrail_socket proxy = datagram_bound(NET_UDP4, &address);
  expect_status(conntrail_emu_redirect(acme, DATAGRAM_RULE, (struct sockaddr *)&address),
                CONNTRAIL_OK);
  conntrail_socket client = datagram_client(NET_UDP4);
  datagram_send(client, "one", &destination);
  message_expect_later(proxy, &l, "one");
  expect_number(scenario_misuse(CONNTRAIL_EMU_MISUSE_MESSAGES_NOT_ENABLED), 1);
  /* Too late for this flow. */
  expect_status(t_enable_messages(proxy), CONNTRAIL_OK);
  datagram_send(client, "two", &destination);
  message_expect_later(proxy, &l, "two");
  expect_number(scenario_count(CONNTRAIL_EMU_MISUSE), 1);
  scenario_close(client);
  scenario_close(proxy);
}

void case_message_enabled_twice(void) {
  test_message l;
  exchange e = exchange_open();
  expect_status(t_enable_messages(e.proxy), CONNTRAIL_OK);
  exchange_begin(&e, &l);
  exchange_close(&e);
}

void case_message_enable_refused(void) {
  fixture_open(NULL);
  conntrail_socket stream = scenario_socket(NET_TCP4);
  expect_status(t_enable_messages(stream), CONNTRAIL_INVALID);
  scenario_close(stream);
  for (net_untracked kind = NET_CLOSED; kind < NET_UNTRACKED_COUNT; ++kind) {
    conntrail_socket untracked = net_untracked_open(kind);
    expect_status(t_enable_messages(untracked), CONNTRAIL_NOT_SOCKET);
    net_untracked_close(kind, untracked);
  }
}

/* A service that attaches nothing: records alone. */
void case_message_without_context(void) {
  test_message l;
  exchange e = exchange_open();
  expect_status(conntrail_emu_set_context_layout(e.service, CONNTRAIL_EMU_CONTEXT_NONE),
                CONNTRAIL_OK);
  datagram_send(e.client, "one", &e.destination);
  expect_status(message_receive(e.proxy, &l), CONNTRAIL_OK);
  expect_true(l.message.records_size > 0);
  expect_number(l.message.context_size, 0);
  expect_filled(l.context, UNTOUCHED, sizeof l.context);
  exchange_close(&e);
}

static unsigned char large_records[CONNTRAIL_LARGEST_BLOB];
static unsigned char large_context[CONNTRAIL_LARGEST_BLOB];

void case_message_large_records(void) {
  static unsigned char attached[30000];
  test_message l;
  exchange e = exchange_open();
  memset(attached, 7, sizeof attached);
  expect_status(conntrail_emu_set_record_padding(e.service, 40000), CONNTRAIL_OK);
  expect_status(conntrail_emu_set_context(e.service, attached, sizeof attached), CONNTRAIL_OK);
  datagram_send(e.client, "one", &e.destination);
  message_clear(&l);
  l.message.records = large_records;
  l.message.records_capacity = sizeof large_records;
  l.message.context = large_context;
  l.message.context_capacity = sizeof large_context;
  expect_status(t_recvmsg(e.proxy, &l.message), CONNTRAIL_OK);
  expect_true(l.message.records_size > 40000);
  expect_number(l.message.context_size, sizeof attached);
  expect_bytes(large_context, attached, sizeof attached);
  conntrail_socket server = datagram_server("93.184.216.34:53");
  conntrail_socket outbound = datagram_socket(NET_UDP4);
  l.message.peer = e.destination;
  l.piece.size = l.message.payload_size;
  l.message.control_size = 0;
  expect_status(t_sendmsg(outbound, &l.message), CONNTRAIL_OK);
  (void)datagram_expect(server, "one");
  scenario_close(outbound);
  scenario_close(server);
  exchange_close(&e);
}

void case_message_data_truncated(void) {
  test_message l;
  exchange e = exchange_open();
  datagram_send(e.client, "123456789", &e.destination);
  datagram_send(e.client, "next", &e.destination);
  message_clear(&l);
  l.piece.size = 4;
  expect_status(t_recvmsg(e.proxy, &l.message), CONNTRAIL_DATA_TRUNCATED);
  expect_number(conntrail_native_error(), 10040);
  expect_number(l.message.lost, CONNTRAIL_LOST_DATA);
  expect_number(l.message.payload_size, 4);
  expect_bytes(l.text, "1234", 4);
  expect_filled(l.text + 4, UNTOUCHED, 8);
  expect_true(l.message.records_size > 0);
  expect_number(l.message.context_size, 256);
  message_expect_later(e.proxy, &l, "next");
  exchange_close(&e);
}

/* The flow ends, and begins again with "two", which waits: the size of its records, as of the first
 * one's. */
static size_t begin_twice(const exchange *e, test_message *l) {
  exchange_begin(e, l);
  size_t records = l->message.records_size;
  conntrail_emu_advance(fixture_emulation(), 60000);
  datagram_send(e->client, "two", &e->destination);
  message_clear(l);
  return records;
}

/* A place that is one byte too small: the size is returned, and nothing is written there. */
void case_message_records_do_not_fit(void) {
  test_message l;
  exchange e = exchange_open();
  size_t records = begin_twice(&e, &l);
  l.message.records_capacity = records - 1;
  expect_status(t_recvmsg(e.proxy, &l.message), CONNTRAIL_CONTROL_TRUNCATED);
  expect_number(l.message.lost, CONNTRAIL_LOST_RECORDS);
  expect_number(l.message.records_size, records);
  expect_filled(l.records, UNTOUCHED, sizeof l.records);
  expect_number(l.message.context_size, 256);
  expect_number(l.message.payload_size, 3);
  datagram_send(e.client, "next", &e.destination);
  message_expect_later(e.proxy, &l, "next");
  exchange_close(&e);
}

void case_message_context_does_not_fit(void) {
  test_message l;
  exchange e = exchange_open();
  datagram_send(e.client, "one", &e.destination);
  message_clear(&l);
  l.message.context_capacity = 255;
  expect_status(t_recvmsg(e.proxy, &l.message), CONNTRAIL_CONTROL_TRUNCATED);
  expect_number(l.message.lost, CONNTRAIL_LOST_CONTEXT);
  expect_number(l.message.context_size, 256);
  expect_filled(l.context, UNTOUCHED, sizeof l.context);
  expect_true(l.message.records_size > 0);
  exchange_close(&e);
}

void case_message_exact_places(void) {
  test_message l;
  exchange e = exchange_open();
  size_t records = begin_twice(&e, &l);
  l.piece.size = 3;
  l.message.records_capacity = records;
  l.message.context_capacity = 256;
  expect_status(t_recvmsg(e.proxy, &l.message), CONNTRAIL_OK);
  expect_number(l.message.records_size, records);
  exchange_close(&e);
}

void case_message_everything_lost(void) {
  test_message l;
  exchange e = exchange_open();
  datagram_send(e.client, "one", &e.destination);
  message_clear(&l);
  l.piece.size = 1;
  l.message.records_capacity = 1;
  l.message.context_capacity = 1;
  expect_status(t_recvmsg(e.proxy, &l.message), CONNTRAIL_DATA_TRUNCATED);
  expect_number(l.message.lost,
                CONNTRAIL_LOST_DATA | CONNTRAIL_LOST_RECORDS | CONNTRAIL_LOST_CONTEXT);
  exchange_close(&e);
}

/* More than the library makes room for by itself: the system cuts it, and reports so. */
void case_message_control_cut(void) {
  test_message l;
  exchange e = exchange_open();
  expect_status(conntrail_emu_set_record_padding(e.service, 20000), CONNTRAIL_OK);
  datagram_send(e.client, "one", &e.destination);
  expect_status(message_receive(e.proxy, &l), CONNTRAIL_CONTROL_TRUNCATED);
  expect_true((l.message.lost & CONNTRAIL_LOST_CONTROL) != 0);
  expect_true((l.message.lost & CONNTRAIL_LOST_DATA) == 0);
  expect_number(l.message.records_size, 0);
  expect_filled(l.records, UNTOUCHED, sizeof l.records);
  expect_number(l.message.payload_size, 3);
  expect_number(scenario_misuse(CONNTRAIL_EMU_MISUSE_CONTROL_TOO_SMALL), 1);
  exchange_close(&e);
}

void case_message_empty_datagram(void) {
  test_message l;
  exchange e = exchange_open();
  datagram_send(e.client, "", &e.destination);
  message_expect_first(e.proxy, &l, "", &e.destination);
  datagram_send(e.client, "", &e.destination);
  message_clear(&l);
  l.message.payload = NULL;
  l.message.payload_count = 0;
  expect_status(t_recvmsg(e.proxy, &l.message), CONNTRAIL_OK);
  expect_number(l.message.payload_size, 0);
  exchange_close(&e);
}

void case_message_scattered(void) {
  test_message l;
  char second[8];
  conntrail_buffer pieces[4] = {{l.text, 2}, {NULL, 0}, {second, 3}, {l.text + 16, 100}};
  exchange e = exchange_open();
  scenario_usual(CONNTRAIL_EMU_BEHAVIOUR_REPLY_SOURCE);
  datagram_send(e.client, "abcdefgh", &e.destination);
  message_clear(&l);
  l.message.payload = pieces;
  l.message.payload_count = 4;
  expect_status(t_recvmsg(e.proxy, &l.message), CONNTRAIL_OK);
  expect_number(l.message.payload_size, 8);
  expect_bytes(l.text, "ab", 2);
  expect_bytes(second, "cde", 3);
  expect_bytes(l.text + 16, "fgh", 3);
  /* And gathered: what the proxy sends back. */
  l.message.payload_count = 4;
  pieces[3].size = 3;
  l.message.records_size = 0;
  l.message.control_size = 0;
  expect_status(t_sendmsg(e.proxy, &l.message), CONNTRAIL_OK);
  datagram_expect_from(e.client, "abcdefgh", &e.destination);
  exchange_close(&e);
}

void case_message_beside_other_control(void) {
  test_message l;
  struct sockaddr_storage address;
  struct sockaddr_storage loopback = net_loopback(NET_UDP4, 0);
  exchange e = exchange_open();
  expect_result(net_enable_packet_info(e.proxy), NET_OK);
  exchange_begin(&e, &l);
  expect_true(net_packet_address(l.control, l.message.control_size, &address));
  expect_address(&address, &loopback);
  datagram_send(e.client, "two", &e.destination);
  message_clear(&l);
  l.message.control_capacity = 8;
  expect_status(t_recvmsg(e.proxy, &l.message), CONNTRAIL_CONTROL_TRUNCATED);
  expect_number(l.message.lost, CONNTRAIL_LOST_CONTROL);
  expect_number(l.message.control_size, 0);
  expect_filled(l.control, UNTOUCHED, sizeof l.control);
  exchange_close(&e);
}

/* M6: nothing of it is sent. */
void case_message_malformed_control(void) {
  static const size_t lengths[] = {0, 1, 64, SIZE_MAX};
  test_message l;
  exchange e = exchange_open();
  for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; ++i) {
    message_clear(&l);
    memset(l.control, 0, sizeof l.control);
    memcpy(l.control, &lengths[i], sizeof lengths[i]);
    l.message.peer = e.destination;
    l.piece.size = 1;
    l.message.control_size = 32;
    expect_status(t_sendmsg(e.client, &l.message), CONNTRAIL_INVALID_MESSAGE);
  }
  expect_number(conntrail_emu_datagram_flows(fixture_emulation()), 0);
  datagram_send(e.client, "sound", &e.destination);
  message_expect_first(e.proxy, &l, "sound", &e.destination);
  exchange_close(&e);
}
