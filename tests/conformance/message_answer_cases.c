/* SPDX-License-Identifier: MIT */
/* Messages: what a call is refused for, and what the system says (Q7, Q16, M12). */
#include <string.h>

#include "cases.h"
#include "datagrams.h"

/* The caller's arguments win over the descriptor (Q16). */
void case_message_arguments(void) {
  test_message l;
  fixture_open(NULL);
  message_clear(&l);
  expect_status(t_recvmsg(CONNTRAIL_INVALID_SOCKET, &l.message), CONNTRAIL_NOT_SOCKET);
  l.message.struct_size = 1;
  expect_status(t_recvmsg(CONNTRAIL_INVALID_SOCKET, &l.message), CONNTRAIL_INVALID);
  expect_status(t_sendmsg(CONNTRAIL_INVALID_SOCKET, &l.message), CONNTRAIL_INVALID);
  message_clear(&l);
  l.message.payload_count = CONNTRAIL_MOST_BUFFERS + 1;
  expect_status(t_recvmsg(CONNTRAIL_INVALID_SOCKET, &l.message), CONNTRAIL_LIMIT);
  message_clear(&l);
  l.message.records = NULL;
  expect_status(t_recvmsg(CONNTRAIL_INVALID_SOCKET, &l.message), CONNTRAIL_FAULT);
  expect_number(conntrail_native_error(), 10014);
  l.message.records_size = 1;
  expect_status(t_sendmsg(CONNTRAIL_INVALID_SOCKET, &l.message), CONNTRAIL_FAULT);
  message_clear(&l);
  l.message.flags = 8;
  expect_status(t_recvmsg(CONNTRAIL_INVALID_SOCKET, &l.message), CONNTRAIL_INVALID);
  expect_status(t_sendmsg(CONNTRAIL_INVALID_SOCKET, &l.message), CONNTRAIL_INVALID);
  expect_filled(l.text, UNTOUCHED, sizeof l.text);
}

static void clear_for_send(test_message *l, const struct sockaddr_storage *to) {
  message_clear(l);
  l->piece.size = 1;
  l->message.peer = *to;
}

void case_message_wrong_sockets(void) {
  test_message l;
  struct sockaddr_storage somewhere = net_loopback(NET_UDP4, 9);
  struct sockaddr_storage nowhere;
  fixture_open(NULL);
  memset(&nowhere, 0, sizeof nowhere);
  conntrail_socket stream = scenario_socket(NET_TCP4);
  expect_status(message_receive(stream, &l), CONNTRAIL_INVALID);
  clear_for_send(&l, &somewhere);
  expect_status(t_sendmsg(stream, &l.message), CONNTRAIL_INVALID);
  scenario_close(stream);
  conntrail_socket fresh = datagram_socket(NET_UDP4);
  expect_status(message_receive(fresh, &l), CONNTRAIL_INVALID);
  expect_number(conntrail_native_error(), 10022);
  clear_for_send(&l, &nowhere);
  expect_status(t_sendmsg(fresh, &l.message), CONNTRAIL_NOT_CONNECTED);
  scenario_close(fresh);
  for (net_untracked kind = NET_CLOSED; kind < NET_UNTRACKED_COUNT; ++kind) {
    conntrail_socket untracked = net_untracked_open(kind);
    expect_status(message_receive(untracked, &l), CONNTRAIL_NOT_SOCKET);
    clear_for_send(&l, &somewhere);
    expect_status(t_sendmsg(untracked, &l.message), CONNTRAIL_NOT_SOCKET);
    l.message.records_size = sizeof l.records; /* no records of anybody's */
    expect_status(t_sendmsg(untracked, &l.message), CONNTRAIL_NOT_SOCKET);
    net_untracked_close(kind, untracked);
  }
}

void case_message_would_block(void) {
  test_message l;
  exchange e = exchange_open();
  expect_result(net_make_nonblocking(e.proxy), NET_OK);
  expect_status(message_receive(e.proxy, &l), CONNTRAIL_WOULD_BLOCK);
  expect_filled(l.text, UNTOUCHED, sizeof l.text);
  exchange_begin(&e, &l);
  expect_status(message_receive(e.proxy, &l), CONNTRAIL_WOULD_BLOCK);
  exchange_close(&e);
}

static void exchange_plainly(void) {
  test_message l;
  struct sockaddr_storage address;
  conntrail_socket server = datagram_bound(NET_UDP4, &address);
  conntrail_socket client = datagram_socket(NET_UDP4);
  expect_status(t_enable_messages(server), CONNTRAIL_NOT_SUPPORTED);
  expect_number(conntrail_native_error(), 10042);
  clear_for_send(&l, &address);
  l.text[0] = 'x';
  expect_status(t_sendmsg(client, &l.message), CONNTRAIL_OK);
  message_expect_later(server, &l, "x");
  scenario_close(client);
  scenario_close(server);
}

void case_message_windows_7(void) {
  conntrail_emu_options options = CONNTRAIL_EMU_OPTIONS_INIT;
  options.windows_7 = true;
  fixture_open(&options);
  exchange_plainly();
}

void case_message_without_emulation(void) {
  fixture_open(NULL);
  fixture_close();
  exchange_plainly();
}

/* A fault of each call: the datagram stays, or nothing is sent. */
void case_message_faults(void) {
  test_message l;
  exchange e = exchange_open();
  conntrail_emu_fault fault = scenario_fault(CONNTRAIL_EMU_ENABLE_MESSAGES, 10050);
  scenario_add_fault(&fault);
  expect_status(t_enable_messages(e.proxy), CONNTRAIL_NET_DOWN);
  conntrail_emu_clear_faults(fixture_emulation());
  fault = scenario_fault(CONNTRAIL_EMU_SEND_MESSAGE, 10055);
  scenario_add_fault(&fault);
  clear_for_send(&l, &e.destination);
  expect_status(t_sendmsg(e.client, &l.message), CONNTRAIL_NO_MEMORY);
  expect_number(conntrail_emu_datagram_flows(fixture_emulation()), 0);
  conntrail_emu_clear_faults(fixture_emulation());
  datagram_send(e.client, "one", &e.destination);
  fault = scenario_fault(CONNTRAIL_EMU_RECEIVE_MESSAGE, 10004);
  fault.nth = 1;
  scenario_add_fault(&fault);
  expect_status(message_receive(e.proxy, &l), CONNTRAIL_INTERRUPTED);
  message_expect_first(e.proxy, &l, "one", &e.destination);
  expect_number(scenario_count(CONNTRAIL_EMU_FAULT), 3);
  exchange_close(&e);
}

/* Each number arrives as it is, whatever the system's own errors can say. */
void case_message_numbers(void) {
  static const struct {
    uint32_t native;
    conntrail_status status;
  } numbers[] = {{10093, CONNTRAIL_NOT_INITIALISED}, {995, CONNTRAIL_ABORTED},
                 {10045, CONNTRAIL_NOT_SUPPORTED},   {10042, CONNTRAIL_NO_PROTOCOL_OPTION},
                 {123456, CONNTRAIL_UNKNOWN},        {10050, CONNTRAIL_NET_DOWN}};
  test_message l;
  exchange e = exchange_open();
  datagram_send(e.client, "one", &e.destination);
  for (size_t index = 0; index < sizeof numbers / sizeof numbers[0]; ++index) {
    conntrail_emu_fault fault =
        scenario_fault(CONNTRAIL_EMU_RECEIVE_MESSAGE, numbers[index].native);
    scenario_add_fault(&fault);
    fault.operation = CONNTRAIL_EMU_SEND_MESSAGE;
    scenario_add_fault(&fault);
    expect_status(message_receive(e.proxy, &l), numbers[index].status);
    expect_number(conntrail_native_error(), numbers[index].native);
    clear_for_send(&l, &e.destination);
    expect_status(t_sendmsg(e.client, &l.message), numbers[index].status);
    expect_number(conntrail_native_error(), numbers[index].native);
    conntrail_emu_clear_faults(fixture_emulation());
  }
  message_expect_first(e.proxy, &l, "one", &e.destination);
  exchange_close(&e);
}

/* R9: the flow's first datagram comes without. */
void case_message_record_lost(void) {
  test_message l;
  exchange e = exchange_open();
  conntrail_emu_fault fault = scenario_fault(CONNTRAIL_EMU_ACCEPT, 0);
  scenario_add_fault(&fault);
  datagram_send(e.client, "one", &e.destination);
  message_expect_later(e.proxy, &l, "one");
  expect_number(scenario_count(CONNTRAIL_EMU_RECORD_LOST), 1);
  expect_number(scenario_count(CONNTRAIL_EMU_ACCEPTED), 0);
  exchange_close(&e);
}

/* Misuse by name: received by a call that has no place for records. */
void case_message_plain_receive(void) {
  for (net_way way = NET_PLAIN; way < NET_WAYS; ++way) {
    char bytes[16];
    size_t size = 0;
    struct sockaddr_storage from;
    exchange e = exchange_open();
    datagram_send(e.client, "one", &e.destination);
    expect_result(t_receive_from(e.proxy, bytes, sizeof bytes, &size, &from, way), NET_OK);
    expect_number(scenario_misuse(CONNTRAIL_EMU_MISUSE_RECORDS_NOT_RECEIVED), 1);
    expect_number(scenario_count(CONNTRAIL_EMU_RECORDS_RECEIVED), 0);
    exchange_close(&e);
    fixture_close();
  }
}

/* A datagram that is larger than the system sends. */
void case_message_too_large(void) {
  static char large[70000];
  test_message l;
  exchange e = exchange_open();
  clear_for_send(&l, &e.destination);
  l.piece = (conntrail_buffer){large, sizeof large};
  expect_status(t_sendmsg(e.client, &l.message), CONNTRAIL_TOO_LARGE);
  expect_number(conntrail_native_error(), 10040);
  exchange_close(&e);
}
