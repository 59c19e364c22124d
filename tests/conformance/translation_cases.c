/* SPDX-License-Identifier: MIT */
/* A real Linux that redirects TCP by netfilter (K1 to K10, K16). */
#include <stdio.h>
#include <string.h>

#include "cases.h"
#include "conntrail/conntrail.h"
#include "scenario.h"

enum { BACKLOG = 8, NOT_SUPPORTED = 10045, NOT_FOUND = 1168 };

static const char usual_rule6[] = "tcp 2606:2800::/32 port 80";

static struct sockaddr_storage far4(void) {
  return net_v4(10, 0, 9, 9, 80);
}

static struct sockaddr_storage far6(void) {
  return net_v6((const uint16_t[8]){0xfd00, 9, 0, 0, 0, 0, 0, 9}, 80);
}

static conntrail_status find(const scenario_pair *pair, struct sockaddr_storage *found) {
  memset(found, UNTOUCHED, sizeof *found);
  return conntrail_original_destination_by(pair->accepted, pair->listener, NULL, NULL, found);
}

static void expect_found(const scenario_pair *pair, const struct sockaddr_storage *expected) {
  struct sockaddr_storage found;
  memset(&found, UNTOUCHED, sizeof found);
  expect_status(conntrail_original_destination(pair->accepted, &found), CONNTRAIL_OK);
  expect_address(&found, expected);
  expect_status(find(pair, &found), CONNTRAIL_OK);
  expect_address(&found, expected);
}

static void expect_not_found(const scenario_pair *pair, conntrail_status status) {
  struct sockaddr_storage found;
  memset(&found, UNTOUCHED, sizeof found);
  expect_status(conntrail_original_destination(pair->accepted, &found), status);
  expect_filled(&found, UNTOUCHED, sizeof found);
  expect_status(find(pair, &found), status);
  expect_filled(&found, UNTOUCHED, sizeof found);
}

void case_translation_no_records(void) {
  unsigned char records[64];
  size_t size = 77;
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  expect_status(conntrail_query_records(pair.accepted, records, sizeof records, &size),
                CONNTRAIL_NOT_REDIRECTED);
  expect_number(conntrail_native_error(), NOT_SUPPORTED);
  expect_status(conntrail_query_context(pair.accepted, records, sizeof records, &size),
                CONNTRAIL_NOT_REDIRECTED);
  expect_number(size, 77);
  conntrail_socket outbound = scenario_socket(NET_TCP4);
  expect_status(conntrail_transfer_records(pair.accepted, outbound),
                CONNTRAIL_OK_NOTHING_TO_TRANSFER);
  memset(records, 0, sizeof records);
  expect_status(conntrail_set_records(outbound, records, sizeof records), CONNTRAIL_NOT_SUPPORTED);
  expect_number(conntrail_native_error(), NOT_SUPPORTED);
  expect_status(conntrail_set_records(CONNTRAIL_INVALID_SOCKET, records, sizeof records),
                CONNTRAIL_NOT_SOCKET);
  /* It is as it was: it connects. */
  expect_result(net_connect(outbound, &pair.proxy), NET_OK);
  scenario_close(outbound);
  scenario_close_pair(&pair);
}

void case_translation_redirect(void) {
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  expect_found(&pair, &pair.destination);
  scenario_close(pair.client);
  pair.client = CONNTRAIL_INVALID_SOCKET;
  expect_found(&pair, &pair.destination);
  scenario_close_pair(&pair);
}

void case_translation_redirect_v6(void) {
  struct sockaddr_storage destination = scenario_destination6();
  fixture_open(NULL);
  scenario_pair pair = scenario_service("acme", usual_rule6, NET_TCP6);
  scenario_connect(&pair, NET_TCP6, &destination);
  expect_found(&pair, &destination);
  scenario_close_pair(&pair);
}

/* An IPv4 client of a dual-stack listener: the answer is an IPv4 address. */
void case_translation_redirect_mapped(void) {
  struct sockaddr_storage any = net_v6((const uint16_t[8]){0}, 0);
  struct sockaddr_storage destination = scenario_destination4();
  scenario_pair pair;
  fixture_open(NULL);
  memset(&pair, 0, sizeof pair);
  pair.listener = scenario_socket(NET_DUAL);
  expect_result(net_bind(pair.listener, &any), NET_OK);
  expect_result(net_listen(pair.listener, BACKLOG), NET_OK);
  expect_result(net_local(pair.listener, &pair.proxy), NET_OK);
  (void)fixture_redirect("acme", FIXTURE_USUAL_RULE, &pair.proxy);
  scenario_connect(&pair, NET_TCP4, &destination);
  expect_found(&pair, &destination);
  scenario_close_pair(&pair);
}

void case_translation_tracked_and_direct(void) {
  fixture_open(NULL);
  scenario_pair pair = scenario_direct_pair();
  expect_not_found(&pair, CONNTRAIL_NOT_REDIRECTED);
  expect_number(conntrail_native_error(), NOT_FOUND);
  scenario_close_pair(&pair);
}

/* No rule tracks connections in this network. */
void case_translation_not_tracked(void) {
  scenario_pair pair = scenario_direct_pair();
  expect_not_found(&pair, CONNTRAIL_DESTINATION_UNKNOWN);
  scenario_close_pair(&pair);
}

void case_translation_forgotten(void) {
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  fixture_forget_flows();
  expect_not_found(&pair, CONNTRAIL_DESTINATION_UNKNOWN);
  scenario_close_pair(&pair);
}

/* ---- TPROXY ---------------------------------------------------------------------------------- */

static scenario_pair transparent_pair(net_kind kind, const struct sockaddr_storage *any,
                                      const struct sockaddr_storage *destination) {
  scenario_pair pair;
  memset(&pair, 0, sizeof pair);
  pair.listener = scenario_socket(kind);
  expect_status(conntrail_prepare_listener(pair.listener, CONNTRAIL_LISTEN_TRANSPARENT),
                CONNTRAIL_OK);
  expect_result(net_bind(pair.listener, any), NET_OK);
  expect_result(net_listen(pair.listener, BACKLOG), NET_OK);
  expect_result(net_local(pair.listener, &pair.proxy), NET_OK);
  fixture_tproxy(&pair.proxy);
  fixture_other_host_begin();
  pair.client = scenario_socket(kind);
  fixture_other_host_end();
  expect_result(net_connect(pair.client, destination), NET_OK);
  pair.accepted = scenario_accept(pair.listener);
  return pair;
}

void case_translation_tproxy(void) {
  const struct sockaddr_storage any = net_v4(0, 0, 0, 0, 0);
  const struct sockaddr_storage destination = far4();
  scenario_pair pair = transparent_pair(NET_TCP4, &any, &destination);
  expect_found(&pair, &destination);
  scenario_close_pair(&pair);
}

void case_translation_tproxy_v6(void) {
  const struct sockaddr_storage any = net_v6((const uint16_t[8]){0}, 0);
  const struct sockaddr_storage destination = far6();
  scenario_pair pair = transparent_pair(NET_TCP6, &any, &destination);
  expect_found(&pair, &destination);
  scenario_close_pair(&pair);
}

/* ---- Where a proxy would come back to itself --------------------------------------------------
 */

/* The client asked for 127.0.0.2, at the proxy's port; a rule sends it to 127.0.0.1. */
void case_translation_own_address(void) {
  char rule[64];
  fixture_open(NULL);
  scenario_pair pair;
  memset(&pair, 0, sizeof pair);
  pair.listener = scenario_listener(NET_TCP4, &pair.proxy);
  struct sockaddr_storage destination = net_v4(127, 0, 0, 2, net_port(&pair.proxy));
  (void)snprintf(rule, sizeof rule, "tcp 127.0.0.2/32 port %u", net_port(&pair.proxy));
  (void)fixture_redirect("acme", rule, &pair.proxy);
  scenario_connect(&pair, NET_TCP4, &destination);
  expect_not_found(&pair, CONNTRAIL_DESTINATION_IS_PROXY);
  scenario_close_pair(&pair);
}

void case_translation_without_privilege(void) {
  conntrail_socket listener = scenario_socket(NET_TCP4);
  expect_status(conntrail_prepare_listener(listener, 0), CONNTRAIL_OK);
  expect_status(conntrail_prepare_listener(listener, 2), CONNTRAIL_INVALID);
  expect_status(conntrail_prepare_listener(CONNTRAIL_INVALID_SOCKET, CONNTRAIL_LISTEN_TRANSPARENT),
                CONNTRAIL_NOT_SOCKET);
  fixture_drop_rights();
  expect_status(conntrail_prepare_listener(listener, CONNTRAIL_LISTEN_TRANSPARENT),
                CONNTRAIL_ACCESS);
  scenario_close(listener);
}
