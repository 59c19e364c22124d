/* SPDX-License-Identifier: MIT */

/* A system without redirect records, which redirects in its own way: clauses K. */

#include <stdlib.h>
#include <string.h>

#include "conntrail/async.h"
#include "message_table.h"
#include "scripted_translation.h"

static const conntrail__socket_facts udp4 = {true, false, true, false, false, false};
static const conntrail__socket_facts fresh = {true, true, false, false, false, false};
static const conntrail__socket_facts odd = {false, true, false, true, false, false};

static struct sockaddr_storage address(uint32_t host, uint16_t port) {
  struct sockaddr_storage storage;
  struct sockaddr_in in;
  memset(&storage, 0, sizeof storage);
  memset(&in, 0, sizeof in);
  in.sin_family = AF_INET;
  in.sin_port = htons(port);
  in.sin_addr.s_addr = htonl(host);
  memcpy(&storage, &in, sizeof in);
  return storage;
}

static void no_records(uint32_t code, const void *buffer, uint32_t capacity) {
  scripted_query(code, buffer, capacity, CONNTRAIL__NO_RECORDS, 0);
}

/* ---- Control codes (K1 to K3) ---------------------------------------------------------------- */

static const struct {
  uint32_t native;
  const conntrail__socket_facts *facts;
  conntrail_status status;
  uint32_t last_error;
} judged[] = {{0, &scripted_connected, CONNTRAIL_NOT_REDIRECTED, 10045},
              {0, &fresh, CONNTRAIL_NOT_CONNECTED, 10057},
              {0, &odd, CONNTRAIL_INVALID, 10022},
              {10038, &odd, CONNTRAIL_NOT_SOCKET, 10038}};

START_TEST(a_query_judges_the_socket) {
  unsigned char buffer[16];
  size_t size = 77;
  setup();
  no_records(CONNTRAIL__QUERY_CONTEXT, buffer, sizeof buffer);
  scripted_describe(judged[_i].native, *judged[_i].facts);
  ck_assert_int_eq(conntrail_query_context(SCRIPTED_SOCKET, buffer, sizeof buffer, &size),
                   judged[_i].status);
  ck_assert_uint_eq(size, 77);
  expect_end(judged[_i].last_error);
}
END_TEST

START_TEST(a_transfer_has_nothing_to_do) {
  setup();
  no_records(CONNTRAIL__QUERY_RECORDS, SCRIPTED_OWN_BUFFER, 1024);
  scripted_describe(0, scripted_connected);
  ck_assert_int_eq(conntrail_transfer_records(SCRIPTED_SOCKET, SCRIPTED_OUTBOUND),
                   CONNTRAIL_OK_NOTHING_TO_TRANSFER);
  expect_end(SCRIPTED_UNTOUCHED);
  no_records(CONNTRAIL__QUERY_RECORDS, SCRIPTED_OWN_BUFFER, 1024);
  scripted_describe(0, fresh);
  ck_assert_int_eq(conntrail_transfer_records(SCRIPTED_SOCKET, SCRIPTED_OUTBOUND),
                   CONNTRAIL_NOT_CONNECTED);
  expect_end(10057);
}
END_TEST

START_TEST(records_cannot_be_set) {
  unsigned char bytes[4];
  setup();
  for (size_t i = 0; i < sizeof bytes; i++) {
    bytes[i] = scripted_byte(CONNTRAIL__QUERY_RECORDS, i);
  }
  scripted_set(SCRIPTED_SOCKET, sizeof bytes, CONNTRAIL__NO_RECORDS, 0);
  ck_assert_int_eq(conntrail_set_records(SCRIPTED_SOCKET, bytes, sizeof bytes),
                   CONNTRAIL_NOT_SUPPORTED);
  expect_end(10045);
}
END_TEST

/* ---- The destination of a connection (K5 to K10) --------------------------------------------- */

static const struct {
  uint32_t native;
  conntrail_status status;
  uint32_t last_error;
} destinations[] = {
    {0, CONNTRAIL_OK, SCRIPTED_UNTOUCHED},
    {1168, CONNTRAIL_NOT_REDIRECTED, 1168},
    {CONNTRAIL__DESTINATION_UNKNOWN, CONNTRAIL_DESTINATION_UNKNOWN, 0},
    {CONNTRAIL__DESTINATION_IS_PROXY, CONNTRAIL_DESTINATION_IS_PROXY, 0},
    {CONNTRAIL__DESTINATION_ACCESS, CONNTRAIL_DESTINATION_ACCESS, 10013},
    {CONNTRAIL__MULTIPATH, CONNTRAIL_MULTIPATH, 0},
    {10038, CONNTRAIL_NOT_SOCKET, 10038},
};

static void expect_destination(int i, conntrail_status status,
                               const struct sockaddr_storage *found) {
  const struct sockaddr_storage expected = address(0x0a090909, 80);
  struct sockaddr_storage untouched;
  memset(&untouched, UNTOUCHED, sizeof untouched);
  ck_assert_int_eq(status, destinations[i].status);
  ck_assert_mem_eq(found, status == CONNTRAIL_OK ? &expected : &untouched, sizeof *found);
  expect_end(destinations[i].last_error);
}

/* One context query, and no question about the socket: the system's own look-up judges it. */
START_TEST(the_system_knows_the_destination) {
  const struct sockaddr_storage original = address(0x0a090909, 80);
  struct sockaddr_storage found;
  setup();
  memset(&found, UNTOUCHED, sizeof found);
  no_records(CONNTRAIL__QUERY_CONTEXT, SCRIPTED_OWN_BUFFER, 1024);
  scripted_translated(CONNTRAIL_INVALID_SOCKET, destinations[_i].native, &original);
  expect_destination(_i, conntrail_original_destination(SCRIPTED_SOCKET, &found), &found);
}
END_TEST

START_TEST(the_listener_is_passed_on) {
  const struct sockaddr_storage original = address(0x0a090909, 80);
  struct sockaddr_storage found;
  setup();
  memset(&found, UNTOUCHED, sizeof found);
  no_records(CONNTRAIL__QUERY_CONTEXT, SCRIPTED_OWN_BUFFER, 1024);
  scripted_translated(SCRIPTED_LISTENER, 0, &original);
  expect_destination(
      0, conntrail_original_destination_by(SCRIPTED_SOCKET, SCRIPTED_LISTENER, NULL, NULL, &found),
      &found);
}
END_TEST

/* ---- Datagrams (K11 to K15) ------------------------------------------------------------------ */

START_TEST(enabling_asks_for_the_local_address) {
  setup();
  scripted_describe(0, udp4);
  scripted_enable(0, 60, CONNTRAIL__NO_RECORDS);
  scripted_enable_local(0);
  ck_assert_int_eq(conntrail_enable_messages(SCRIPTED_SOCKET), CONNTRAIL_OK);
  expect_end(SCRIPTED_UNTOUCHED);
}
END_TEST

static void receive_with_local(unsigned flags, const struct sockaddr_storage *local) {
  const conntrail__control_item item = {.level = SCRIPTED_LOCAL_LEVEL,
                                        .type = SCRIPTED_LOCAL_TYPE,
                                        .data = (const unsigned char *)local,
                                        .size = sizeof(struct sockaddr_in)};
  ck_assert(conntrail__control_append(CONNTRAIL__CONTROL_NATIVE, data.bytes, sizeof data.bytes,
                                      &data.used, &item));
  const scripted_message test_message = {.bytes = 3,
                                         .peer = &peer4,
                                         .peer_size = sizeof(struct sockaddr_in),
                                         .control = data.bytes,
                                         .control_size = data.used};
  scripted_receive(&test_message);
  message.flags = flags;
  ck_assert_int_eq(conntrail_recvmsg(SCRIPTED_SOCKET, &message), CONNTRAIL_OK);
}

START_TEST(the_local_address_is_told_apart) {
  const struct sockaddr_storage local = address(0x7f000001, 9000);
  setup();
  receive_with_local(0, &local);
  ck_assert_mem_eq(&message.local, &local, sizeof local);
  ck_assert_uint_eq(message.control_size, 0);
  expect_end(SCRIPTED_UNTOUCHED);
  setup();
  receive_with_local(CONNTRAIL_MESSAGE_KEEP_LOCAL, &local);
  ck_assert_mem_eq(&message.local, &local, sizeof local);
  ck_assert_uint_eq(message.control_size, data.used);
  expect_end(SCRIPTED_UNTOUCHED);
}
END_TEST

START_TEST(a_message_without_a_local_address_says_so) {
  const struct sockaddr_storage none = {.ss_family = AF_UNSPEC};
  const scripted_message test_message = {
      .bytes = 3, .peer = &peer4, .peer_size = sizeof(struct sockaddr_in)};
  setup();
  memset(&message.local, UNTOUCHED, sizeof message.local);
  scripted_receive(&test_message);
  ck_assert_int_eq(conntrail_recvmsg(SCRIPTED_SOCKET, &message), CONNTRAIL_OK);
  ck_assert_mem_eq(&message.local, &none, sizeof none);
  expect_end(SCRIPTED_UNTOUCHED);
}
END_TEST

static conntrail_flow flow;

static void begin_flow(void) {
  setup();
  message.peer = peer4;
  message.local = address(0x7f000001, 9000);
  message.context_size = 0;
  message.records_size = 0;
  flow = (conntrail_flow)CONNTRAIL_FLOW_INIT;
}

static conntrail_status find_flow(void) {
  return conntrail_datagram_destination(SCRIPTED_SOCKET, &message, NULL, NULL, &flow);
}

START_TEST(the_system_knows_a_datagrams_destination) {
  const struct sockaddr_storage original = address(0x0a090909, 53);
  const struct sockaddr_storage none = {.ss_family = AF_UNSPEC};
  begin_flow();
  scripted_has_records(CONNTRAIL__NO_RECORDS);
  scripted_datagram_destination(destinations[_i].native, &original);
  ck_assert_int_eq(find_flow(), destinations[_i].status);
  ck_assert_mem_eq(&scripted_last_addresses()->peer, &peer4, sizeof peer4);
  ck_assert_mem_eq(&scripted_last_addresses()->local, &message.local, sizeof message.local);
  if (destinations[_i].status == CONNTRAIL_OK) {
    ck_assert_mem_eq(&flow.destination, &original, sizeof original);
    ck_assert_mem_eq(&flow.peer, &peer4, sizeof peer4);
    ck_assert_mem_eq(&flow.local, &message.local, sizeof message.local);
  } else {
    ck_assert_mem_eq(&flow.peer, &none, sizeof none);
  }
  expect_end(destinations[_i].last_error);
}
END_TEST

START_TEST(a_context_tells_a_datagrams_destination) {
  const struct sockaddr_storage expected = address(0x5db8d822, 80);
  begin_flow();
  memset(context, 0, 128);
  memcpy(context, "\x02\x00\x00\x50\x5d\xb8\xd8\x22", 8);
  message.context_size = 128;
  ck_assert_int_eq(find_flow(), CONNTRAIL_OK);
  ck_assert_mem_eq(&flow.destination, &expected, sizeof expected);
  expect_end(SCRIPTED_UNTOUCHED);
  begin_flow();
  message.context_size = 27;
  scripted_layout_did_not_fit(27);
  ck_assert_int_eq(find_flow(), CONNTRAIL_UNKNOWN_LAYOUT);
  expect_end(0);
}
END_TEST

static const struct {
  unsigned lost;
  size_t context_size;
  size_t records_size;
  bool asks;
  conntrail_status status;
  uint32_t last_error;
} without_context[] = {
    {0, 0, 48, true, CONNTRAIL_NO_CONTEXT, 1168},
    {0, 0, 0, true, CONNTRAIL_NOT_REDIRECTED, 1168},
    {CONNTRAIL_LOST_CONTEXT, 300, 48, false, CONNTRAIL_CONTROL_TRUNCATED, 10040},
    {CONNTRAIL_LOST_CONTROL, 0, 0, true, CONNTRAIL_CONTROL_TRUNCATED, 10040},
};

START_TEST(a_datagram_without_a_context_says_why) {
  begin_flow();
  message.lost = without_context[_i].lost;
  message.context_size = without_context[_i].context_size;
  message.records_size = without_context[_i].records_size;
  if (without_context[_i].asks) {
    scripted_has_records(0);
  }
  ck_assert_int_eq(find_flow(), without_context[_i].status);
  expect_end(without_context[_i].last_error);
}
END_TEST

START_TEST(wrong_arguments_of_a_flow) {
  begin_flow();
  ck_assert_int_eq(conntrail_datagram_destination(SCRIPTED_SOCKET, NULL, NULL, NULL, &flow),
                   CONNTRAIL_FAULT);
  ck_assert_int_eq(conntrail_datagram_destination(SCRIPTED_SOCKET, &message, NULL, NULL, NULL),
                   CONNTRAIL_FAULT);
  ck_assert_int_eq(conntrail_reply(SCRIPTED_SOCKET, NULL, pieces, 2), CONNTRAIL_FAULT);
  ck_assert_int_eq(conntrail_reply(SCRIPTED_SOCKET, &flow, pieces, 2), CONNTRAIL_INVALID);
  flow.peer = peer4;
  ck_assert_int_eq(conntrail_reply(SCRIPTED_SOCKET, &flow, NULL, 1), CONNTRAIL_FAULT);
  ck_assert_int_eq(conntrail_reply(SCRIPTED_SOCKET, &flow, pieces, 17), CONNTRAIL_LIMIT);
  pieces[1].bytes = NULL;
  ck_assert_int_eq(conntrail_reply(SCRIPTED_SOCKET, &flow, pieces, 2), CONNTRAIL_FAULT);
  flow.struct_size = 1;
  ck_assert_int_eq(find_flow(), CONNTRAIL_INVALID);
  ck_assert_int_eq(conntrail_reply(SCRIPTED_SOCKET, &flow, pieces, 1), CONNTRAIL_INVALID);
  expect_end(10022);
}
END_TEST

/* The first reply may open a socket; the end of the flow closes it, once. */
START_TEST(a_reply_goes_by_the_seam) {
  begin_flow();
  flow.peer = peer4;
  flow.local = address(0x0a090909, 53);
  flow.destination = flow.local;
  scripted_reply(0, true);
  scripted_reply(10013, false);
  scripted_close(SCRIPTED_TRANSPARENT);
  ck_assert_int_eq(conntrail_reply(SCRIPTED_SOCKET, &flow, pieces, 2), CONNTRAIL_OK);
  ck_assert_mem_eq(&scripted_last_addresses()->destination, &flow.destination,
                   sizeof flow.destination);
  ck_assert_uint_eq(scripted_last_addresses()->payload_count, 2);
  ck_assert_int_eq(conntrail_reply(SCRIPTED_SOCKET, &flow, pieces, 2), CONNTRAIL_ACCESS);
  conntrail_flow_end(&flow);
  conntrail_flow_end(&flow);
  conntrail_flow_end(NULL);
  expect_end(10013);
}
END_TEST

/* M7: where the system shows the destination by itself. */
START_TEST(a_reply_without_a_local_address_is_a_plain_send) {
  begin_flow();
  flow.peer = peer4;
  scripted_send(0);
  ck_assert_int_eq(conntrail_reply(SCRIPTED_SOCKET, &flow, pieces, 2), CONNTRAIL_OK);
  ck_assert_mem_eq(&scripted_last_send()->peer, &peer4, sizeof(struct sockaddr_in));
  ck_assert_uint_eq(scripted_last_send()->payload_count, 2);
  expect_end(SCRIPTED_UNTOUCHED);
}
END_TEST

START_TEST(a_listener_is_prepared) {
  setup();
  scripted_describe(0, fresh);
  scripted_prepare_listener(CONNTRAIL_LISTEN_TRANSPARENT, 0);
  scripted_describe(0, udp4);
  scripted_prepare_listener(0, 0);
  scripted_describe(0, fresh);
  scripted_prepare_listener(CONNTRAIL_LISTEN_TRANSPARENT, 10013);
  ck_assert_int_eq(conntrail_prepare_listener(SCRIPTED_SOCKET, CONNTRAIL_LISTEN_TRANSPARENT),
                   CONNTRAIL_OK);
  ck_assert_int_eq(conntrail_prepare_listener(SCRIPTED_SOCKET, 0), CONNTRAIL_OK);
  ck_assert_int_eq(conntrail_prepare_listener(SCRIPTED_SOCKET, 2), CONNTRAIL_INVALID);
  ck_assert_int_eq(conntrail_prepare_listener(SCRIPTED_SOCKET, CONNTRAIL_LISTEN_TRANSPARENT),
                   CONNTRAIL_ACCESS);
  expect_end(10013);
  scripted_describe(0, odd);
  ck_assert_int_eq(conntrail_prepare_listener(SCRIPTED_SOCKET, 0), CONNTRAIL_INVALID);
  scripted_describe(10038, odd);
  ck_assert_int_eq(conntrail_prepare_listener(SCRIPTED_SOCKET, 0), CONNTRAIL_NOT_SOCKET);
  expect_end(10038);
}
END_TEST

/* ---- Begun, and not waited for: as above ----------------------------------------------------- */

static void count(void *argument) {
  ++*(unsigned *)argument;
}

START_TEST(a_begun_query_judges_the_socket) {
  conntrail_operation *operation;
  unsigned completions = 0;
  setup();
  scripted_begin_query(CONNTRAIL__QUERY_CONTEXT, CONNTRAIL__NO_RECORDS, 0);
  scripted_describe(judged[_i].native, *judged[_i].facts);
  ck_assert_int_eq(conntrail_begin_query_context(SCRIPTED_SOCKET, count, &completions, &operation),
                   CONNTRAIL_OK);
  ck_assert_uint_eq(completions, 1);
  ck_assert_int_eq(conntrail_operation_result(operation, NULL, NULL), judged[_i].status);
  conntrail_operation_free(operation);
  expect_end(judged[_i].last_error);
}
END_TEST

START_TEST(a_begun_search_asks_the_system) {
  const struct sockaddr_storage expected = address(0x0a090909, 80);
  conntrail_operation *operation;
  unsigned completions = 0;
  const void *found = NULL;
  setup();
  scripted_begin_query(CONNTRAIL__QUERY_CONTEXT, CONNTRAIL__NO_RECORDS, 0);
  scripted_translated(SCRIPTED_LISTENER, destinations[_i].native, &expected);
  ck_assert_int_eq(conntrail_begin_original_destination(SCRIPTED_SOCKET, SCRIPTED_LISTENER, count,
                                                        &completions, &operation),
                   CONNTRAIL_OK);
  ck_assert_uint_eq(completions, 1);
  ck_assert_int_eq(conntrail_operation_result(operation, &found, NULL), destinations[_i].status);
  if (destinations[_i].status == CONNTRAIL_OK) {
    ck_assert_mem_eq(found, &expected, sizeof expected);
  } else {
    ck_assert_ptr_null(found);
  }
  conntrail_operation_free(operation);
  expect_end(destinations[_i].last_error);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("translation");
  SCRIPTED_ADD_LOOP(tests, a_query_judges_the_socket, judged);
  tcase_add_test(tests, a_transfer_has_nothing_to_do);
  tcase_add_test(tests, records_cannot_be_set);
  SCRIPTED_ADD_LOOP(tests, the_system_knows_the_destination, destinations);
  tcase_add_test(tests, the_listener_is_passed_on);
  tcase_add_test(tests, enabling_asks_for_the_local_address);
  tcase_add_test(tests, the_local_address_is_told_apart);
  tcase_add_test(tests, a_message_without_a_local_address_says_so);
  SCRIPTED_ADD_LOOP(tests, the_system_knows_a_datagrams_destination, destinations);
  tcase_add_test(tests, a_context_tells_a_datagrams_destination);
  SCRIPTED_ADD_LOOP(tests, a_datagram_without_a_context_says_why, without_context);
  tcase_add_test(tests, wrong_arguments_of_a_flow);
  tcase_add_test(tests, a_reply_goes_by_the_seam);
  tcase_add_test(tests, a_reply_without_a_local_address_is_a_plain_send);
  tcase_add_test(tests, a_listener_is_prepared);
  SCRIPTED_ADD_LOOP(tests, a_begun_query_judges_the_socket, judged);
  SCRIPTED_ADD_LOOP(tests, a_begun_search_asks_the_system, destinations);
  return scripted_run("translation", tests);
}
