/* SPDX-License-Identifier: MIT */
/* Setting records (S1 to S7). */
#include <string.h>

#include "cases.h"
#include "scenario.h"

static uint8_t records[BLOB_ROOM];
static uint8_t altered[BLOB_ROOM];

/* A redirected pair, its records, and a fresh socket for them. */
typedef struct setting {
  scenario_pair pair;
  size_t size;
  conntrail_socket outbound;
} setting;

static setting setting_open(const conntrail_emu_options *options, net_kind kind) {
  fixture_open(options);
  setting s = {.pair = scenario_redirected_pair()};
  s.size = scenario_records(s.pair.accepted, records);
  s.outbound = scenario_socket(kind);
  return s;
}

static void setting_close(setting *s) {
  scenario_close(s->outbound);
  scenario_close_pair(&s->pair);
}

/* The socket takes the records, and carries them. */
static void set(const setting *s) {
  expect_status(t_set_records(s->outbound, records, s->size), CONNTRAIL_OK);
  expect_number(scenario_state(s->outbound, s->pair.service), CONNTRAIL_EMU_REDIRECTED_BY_SELF);
}

/* The socket carries nothing: its connection is redirected like any other's. */
static void expect_unchanged(scenario_pair *pair, conntrail_socket socket) {
  expect_number(scenario_state(socket, pair->service), CONNTRAIL_EMU_NOT_REDIRECTED);
}

/* A connect with what the socket carries: delivered to the route, past the service. */
static void expect_delivered(conntrail_socket socket) {
  struct sockaddr_storage address;
  struct sockaddr_storage destination = scenario_destination4();
  conntrail_socket server = scenario_listener(NET_TCP4, &address);
  expect_status(conntrail_emu_route(fixture_emulation(), "93.184.216.34:80",
                                    (const struct sockaddr *)&address),
                CONNTRAIL_OK);
  expect_result(t_connect(socket, &destination), NET_OK);
  conntrail_socket accepted = scenario_accept(server);
  scenario_close(accepted);
  scenario_close(server);
}

void case_set_on_fresh_socket(void) {
  setting s = setting_open(NULL, NET_TCP4);
  set(&s);
  expect_delivered(s.outbound);
  expect_number(scenario_count(CONNTRAIL_EMU_REDIRECTED), 1);
  expect_number(scenario_count(CONNTRAIL_EMU_DELIVERED), 1);
  expect_number(scenario_count(CONNTRAIL_EMU_MISUSE), 0);
  setting_close(&s);
}

void case_set_on_v6_socket(void) {
  setting s = setting_open(NULL, NET_TCP6);
  set(&s);
  setting_close(&s);
}

void case_set_after_connect(void) {
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  size_t size = scenario_records(pair.accepted, records);
  expect_status(t_set_records(pair.accepted, records, size), CONNTRAIL_INVALID);
  expect_status(t_set_records(pair.client, records, size), CONNTRAIL_INVALID);
  expect_unchanged(&pair, pair.client);
  expect_number(scenario_count(CONNTRAIL_EMU_RECORDS_SET), 0);
  scenario_close_pair(&pair);
}

void case_set_after_bind(void) {
  struct sockaddr_storage address = net_loopback(NET_TCP4, 0);
  setting s = setting_open(NULL, NET_TCP4);
  expect_result(net_bind(s.outbound, &address), NET_OK);
  set(&s);
  expect_delivered(s.outbound);
  setting_close(&s);
}

void case_set_last_holds(void) {
  static uint8_t others[BLOB_ROOM];
  fixture_open(NULL);
  struct sockaddr_storage elsewhere = net_v4(198, 51, 100, 7, 443);
  scenario_pair acme = scenario_redirected_pair();
  scenario_pair borg = scenario_service("borg", "tcp 198.51.100.0/24 port 443", NET_TCP4);
  scenario_connect(&borg, NET_TCP4, &elsewhere);
  size_t size = scenario_records(acme.accepted, records);
  size_t other_size = scenario_records(borg.accepted, others);
  conntrail_socket outbound = scenario_socket(NET_TCP4);
  expect_status(t_set_records(outbound, others, other_size), CONNTRAIL_OK);
  expect_number(scenario_state(outbound, acme.service), CONNTRAIL_EMU_REDIRECTED_BY_OTHER);
  expect_status(t_set_records(outbound, records, size), CONNTRAIL_OK);
  expect_number(scenario_state(outbound, acme.service), CONNTRAIL_EMU_REDIRECTED_BY_SELF);
  expect_number(scenario_state(outbound, borg.service), CONNTRAIL_EMU_REDIRECTED_BY_OTHER);
  scenario_close(outbound);
  scenario_close_pair(&acme);
  scenario_close_pair(&borg);
}

/* A refused set between two good ones changes nothing. */
void case_set_refused_keeps_the_last(void) {
  setting s = setting_open(NULL, NET_TCP4);
  expect_status(t_set_records(s.outbound, records, s.size), CONNTRAIL_OK);
  expect_status(t_set_records(s.outbound, records, s.size - 1), CONNTRAIL_INVALID);
  expect_number(scenario_state(s.outbound, s.pair.service), CONNTRAIL_EMU_REDIRECTED_BY_SELF);
  expect_delivered(s.outbound);
  setting_close(&s);
}

void case_set_on_several_sockets(void) {
  enum { SOCKETS = 4 };
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  size_t size = scenario_records(pair.accepted, records);
  conntrail_socket outbound[SOCKETS];
  for (size_t index = 0; index < SOCKETS; ++index) {
    outbound[index] = scenario_socket(NET_TCP4);
    expect_status(t_set_records(outbound[index], records, size), CONNTRAIL_OK);
  }
  for (size_t index = 0; index < SOCKETS; ++index) {
    expect_delivered(outbound[index]);
    scenario_close(outbound[index]);
  }
  expect_number(scenario_count(CONNTRAIL_EMU_REDIRECTED), 1);
  expect_number(scenario_count(CONNTRAIL_EMU_DELIVERED), SOCKETS);
  scenario_close_pair(&pair);
}

/* The records stay good while they are kept, also where the accepted socket is gone. */
void case_set_after_accepted_closed(void) {
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  size_t size = scenario_records(pair.accepted, records);
  scenario_close_pair(&pair);
  conntrail_socket outbound = scenario_socket(NET_TCP4);
  expect_status(t_set_records(outbound, records, size), CONNTRAIL_OK);
  expect_delivered(outbound);
  scenario_close(outbound);
}

void case_set_altered(void) {
  setting s = setting_open(NULL, NET_TCP4);
  for (size_t at = 0; at < s.size; ++at) {
    memcpy(altered, records, s.size);
    altered[at] ^= (uint8_t)(1u << at % 8);
    expect_status(t_set_records(s.outbound, altered, s.size), CONNTRAIL_INVALID);
  }
  expect_unchanged(&s.pair, s.outbound);
  expect_number(scenario_count(CONNTRAIL_EMU_RECORDS_SET), 0);
  setting_close(&s);
}

void case_set_truncated_or_extended(void) {
  setting s = setting_open(NULL, NET_TCP4);
  for (size_t shorter = 1; shorter < s.size; ++shorter) {
    expect_status(t_set_records(s.outbound, records, shorter), CONNTRAIL_INVALID);
  }
  memset(altered, 0, sizeof altered);
  memcpy(altered, records, s.size);
  expect_status(t_set_records(s.outbound, altered, s.size + 1), CONNTRAIL_INVALID);
  memcpy(altered + s.size, records, s.size);
  expect_status(t_set_records(s.outbound, altered, 2 * s.size), CONNTRAIL_INVALID);
  expect_status(t_set_records(s.outbound, altered, CONNTRAIL_LARGEST_BLOB), CONNTRAIL_INVALID);
  expect_unchanged(&s.pair, s.outbound);
  setting_close(&s);
}

void case_set_empty(void) {
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  conntrail_socket outbound = scenario_socket(NET_TCP4);
  expect_status(t_set_records(outbound, "", 0), CONNTRAIL_INVALID);
  expect_number(conntrail_native_error(), 10022);
  expect_status(t_set_records(outbound, NULL, 0), CONNTRAIL_INVALID);
  expect_unchanged(&pair, outbound);
  scenario_close(outbound);
  scenario_close_pair(&pair);
}

/* Another service's context, and records of an emulation that is gone. */
void case_set_foreign(void) {
  size_t context_size = UNTOUCHED_SIZE;
  fixture_open(NULL);
  scenario_pair gone = scenario_redirected_pair();
  size_t size = scenario_records(gone.accepted, records);
  scenario_close_pair(&gone);
  fixture_close();
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  conntrail_socket outbound = scenario_socket(NET_TCP4);
  expect_status(t_set_records(outbound, records, size), CONNTRAIL_INVALID);
  expect_status(t_query_context(pair.accepted, altered, sizeof altered, &context_size),
                CONNTRAIL_OK);
  expect_status(t_set_records(outbound, altered, context_size), CONNTRAIL_INVALID);
  expect_unchanged(&pair, outbound);
  scenario_close(outbound);
  scenario_close_pair(&pair);
}

void case_set_too_large(void) {
  static uint8_t large[CONNTRAIL_LARGEST_BLOB + 1];
  fixture_open(NULL);
  conntrail_socket outbound = scenario_socket(NET_TCP4);
  expect_status(t_set_records(outbound, large, sizeof large), CONNTRAIL_LIMIT);
  expect_status(t_set_records(outbound, large, SIZE_MAX), CONNTRAIL_LIMIT);
  scenario_close(outbound);
}

/* Records as large as the library takes pass, hop and all. */
void case_set_largest(void) {
  fixture_open(NULL);
  struct sockaddr_storage destination = scenario_destination4();
  scenario_pair pair = scenario_redirected_pair();
  size_t usual = scenario_records(pair.accepted, records);
  scenario_close(pair.client);
  scenario_close(pair.accepted);
  expect_status(conntrail_emu_set_record_padding(pair.service, CONNTRAIL_LARGEST_BLOB - usual),
                CONNTRAIL_OK);
  scenario_connect(&pair, NET_TCP4, &destination);
  size_t size = scenario_records(pair.accepted, records);
  expect_number(size, CONNTRAIL_LARGEST_BLOB);
  conntrail_socket outbound = scenario_socket(NET_TCP4);
  expect_status(t_set_records(outbound, records, size), CONNTRAIL_OK);
  expect_delivered(outbound);
  scenario_close(outbound);
  scenario_close_pair(&pair);
}

static void expect_refused_on(conntrail_socket socket, size_t size, conntrail_status status,
                              uint32_t native) {
  expect_status(t_set_records(socket, records, size), status);
  expect_number(conntrail_native_error(), native);
}

void case_set_on_wrong_socket(void) {
  setting s = setting_open(NULL, NET_UDP4);
  expect_refused_on(s.outbound, s.size, CONNTRAIL_INVALID, 10022);
  expect_refused_on(s.pair.listener, s.size, CONNTRAIL_INVALID, 10022);
  for (int kind = 0; kind < NET_UNTRACKED_COUNT; ++kind) {
    conntrail_socket untracked = net_untracked_open((net_untracked)kind);
    expect_refused_on(untracked, s.size, CONNTRAIL_NOT_SOCKET, 10038);
    net_untracked_close((net_untracked)kind, untracked);
  }
  setting_close(&s);
}

void case_set_on_odd_socket(void) {
  setting s = setting_open(NULL, NET_ODD);
  expect_refused_on(s.outbound, s.size, CONNTRAIL_INVALID, 10022);
  setting_close(&s);
}

void case_set_without_privilege(void) {
  conntrail_emu_options options = CONNTRAIL_EMU_OPTIONS_INIT;
  options.unprivileged = true;
  setting s = setting_open(&options, NET_TCP4);
  expect_refused_on(s.outbound, s.size, CONNTRAIL_ACCESS, 10013);
  expect_unchanged(&s.pair, s.outbound);
  conntrail_emu_set_privileged(fixture_emulation(), true);
  set(&s);
  conntrail_emu_set_privileged(fixture_emulation(), false);
  expect_refused_on(s.outbound, s.size, CONNTRAIL_ACCESS, 10013);
  expect_number(scenario_state(s.outbound, s.pair.service), CONNTRAIL_EMU_REDIRECTED_BY_SELF);
  setting_close(&s);
}

void case_set_null(void) {
  fixture_open(NULL);
  conntrail_socket outbound = scenario_socket(NET_TCP4);
  expect_status(t_set_records(outbound, NULL, 1), CONNTRAIL_FAULT);
  expect_number(conntrail_native_error(), 10014);
  expect_status(t_set_records(outbound, NULL, SIZE_MAX), CONNTRAIL_FAULT);
  expect_number(scenario_count(CONNTRAIL_EMU_RECORDS_SET), 0);
  scenario_close(outbound);
}
