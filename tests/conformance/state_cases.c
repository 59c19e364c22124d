/* SPDX-License-Identifier: MIT */
/* The redirect state, and what services do in each (R1 to R5, R10). */
#include <string.h>

#include "cases.h"
#include "scenario.h"

static uint8_t records[BLOB_ROOM];

/* Two services, the second after the first: its records say both. */
typedef struct hops {
  scenario_pair first;
  scenario_pair second;
  conntrail_socket between;
} hops;

static hops two_hops(const char *first_rule, const char *second_rule) {
  struct sockaddr_storage destination = scenario_destination4();
  hops h;
  h.first = scenario_service("acme", first_rule, NET_TCP4);
  h.second = scenario_service("borg", second_rule, NET_TCP4);
  scenario_connect(&h.first, NET_TCP4, &destination);
  h.between = scenario_socket(NET_TCP4);
  expect_status(t_transfer_records(h.first.accepted, h.between), CONNTRAIL_OK);
  expect_result(t_connect(h.between, &destination), NET_OK);
  h.second.accepted = scenario_accept(h.second.listener);
  return h;
}

static void close_hops(hops *h) {
  scenario_close(h->between);
  scenario_close_pair(&h->first);
  scenario_close_pair(&h->second);
}

static const char usual_first[] = "tcp 93.184.216.34 port 80 weight 2";
static const char usual_second[] = "tcp 93.184.216.34 port 80 weight 1";

void case_state_of_each_service(void) {
  fixture_open(NULL);
  hops h = two_hops(usual_first, usual_second);
  conntrail_emu_service *idle = conntrail_emu_add_service(fixture_emulation(), "idle", NULL);
  conntrail_socket fresh = scenario_socket(NET_TCP4);
  conntrail_socket last = scenario_socket(NET_TCP4);
  expect_number(scenario_state(fresh, h.first.service), CONNTRAIL_EMU_NOT_REDIRECTED);
  expect_number(scenario_state(h.between, h.first.service), CONNTRAIL_EMU_REDIRECTED_BY_SELF);
  expect_number(scenario_state(h.between, h.second.service), CONNTRAIL_EMU_REDIRECTED_BY_OTHER);
  expect_status(t_transfer_records(h.second.accepted, last), CONNTRAIL_OK);
  expect_number(scenario_state(last, h.first.service), CONNTRAIL_EMU_PREVIOUSLY_REDIRECTED_BY_SELF);
  expect_number(scenario_state(last, h.second.service), CONNTRAIL_EMU_REDIRECTED_BY_SELF);
  expect_number(scenario_state(last, idle), CONNTRAIL_EMU_REDIRECTED_BY_OTHER);
  scenario_close(last);
  scenario_close(fresh);
  close_hops(&h);
}

/* The records grow with each hop. */
void case_state_records_grow(void) {
  fixture_open(NULL);
  hops h = two_hops(usual_first, usual_second);
  size_t one = scenario_records(h.first.accepted, records);
  size_t two = scenario_records(h.second.accepted, records);
  expect_true(two > one);
  expect_number(scenario_event(CONNTRAIL_EMU_REDIRECTED, 1).hops, 1);
  expect_number(scenario_event(CONNTRAIL_EMU_REDIRECTED, 2).hops, 2);
  expect_number(scenario_event(CONNTRAIL_EMU_REDIRECTED, 1).state, CONNTRAIL_EMU_NOT_REDIRECTED);
  expect_number(scenario_event(CONNTRAIL_EMU_REDIRECTED, 2).state,
                CONNTRAIL_EMU_REDIRECTED_BY_OTHER);
  close_hops(&h);
}

/* Another process with the same records is the same to a service. */
void case_state_is_not_the_process(void) {
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  size_t size = scenario_records(pair.accepted, records);
  expect_status(conntrail_emu_act_as(40000099, "somebody"), CONNTRAIL_OK);
  conntrail_socket other = scenario_socket(NET_TCP4);
  expect_status(t_set_records(other, records, size), CONNTRAIL_OK);
  expect_number(scenario_state(other, pair.service), CONNTRAIL_EMU_REDIRECTED_BY_SELF);
  expect_status(conntrail_emu_act_as(0, NULL), CONNTRAIL_OK);
  conntrail_socket own = scenario_socket(NET_TCP4);
  expect_number(scenario_state(own, pair.service), CONNTRAIL_EMU_NOT_REDIRECTED);
  scenario_close(own);
  scenario_close(other);
  scenario_close_pair(&pair);
}

static conntrail_socket open_route(void) {
  struct sockaddr_storage address;
  conntrail_socket server = scenario_listener(NET_TCP4, &address);
  expect_status(conntrail_emu_route(fixture_emulation(), "93.184.216.34:80",
                                    (const struct sockaddr *)&address),
                CONNTRAIL_OK);
  return server;
}

/* Connects with the records of accepted, and gives what connect answered. */
static net_result connect_with(conntrail_socket accepted) {
  struct sockaddr_storage destination = scenario_destination4();
  conntrail_socket outbound = scenario_socket(NET_TCP4);
  expect_status(t_transfer_records(accepted, outbound), CONNTRAIL_OK);
  net_result result = t_connect(outbound, &destination);
  scenario_close(outbound);
  return result;
}

void case_state_self_is_permitted(void) {
  fixture_open(NULL);
  conntrail_socket server = open_route();
  scenario_pair pair = scenario_redirected_pair();
  expect_result(connect_with(pair.accepted), NET_OK);
  expect_number(scenario_count(CONNTRAIL_EMU_REDIRECTED), 1);
  expect_number(scenario_count(CONNTRAIL_EMU_PERMITTED), 1);
  expect_number(scenario_event(CONNTRAIL_EMU_PERMITTED, 1).state, CONNTRAIL_EMU_REDIRECTED_BY_SELF);
  expect_number(scenario_count(CONNTRAIL_EMU_DELIVERED), 1);
  scenario_close(server);
  scenario_close_pair(&pair);
}

void case_state_previously_is_permitted(void) {
  fixture_open(NULL);
  conntrail_socket server = open_route();
  hops h = two_hops(usual_first, usual_second);
  expect_result(connect_with(h.second.accepted), NET_OK);
  expect_number(scenario_count(CONNTRAIL_EMU_REDIRECTED), 2);
  expect_number(scenario_count(CONNTRAIL_EMU_DELIVERED), 1);
  expect_number(scenario_count(CONNTRAIL_EMU_BLOCKED), 0);
  scenario_close(server);
  close_hops(&h);
}

void case_state_previously_may_block(void) {
  fixture_open(NULL);
  conntrail_socket server = open_route();
  hops h = two_hops("tcp 93.184.216.34 port 80 weight 2 again block", usual_second);
  expect_result(connect_with(h.second.accepted), NET_DENIED);
  expect_number(scenario_count(CONNTRAIL_EMU_BLOCKED), 1);
  conntrail_emu_event event = scenario_event(CONNTRAIL_EMU_BLOCKED, 1);
  expect_text(conntrail_emu_service_name(event.service), "acme");
  expect_number(event.state, CONNTRAIL_EMU_PREVIOUSLY_REDIRECTED_BY_SELF);
  expect_number(scenario_count(CONNTRAIL_EMU_DELIVERED), 0);
  scenario_close(server);
  close_hops(&h);
}

static void by_other(const char *second_rule, net_result result, conntrail_emu_event_kind kind) {
  fixture_open(NULL);
  conntrail_socket server = open_route();
  scenario_pair first = scenario_service("acme", usual_first, NET_TCP4);
  scenario_pair second = scenario_service("borg", second_rule, NET_TCP4);
  struct sockaddr_storage destination = scenario_destination4();
  scenario_connect(&first, NET_TCP4, &destination);
  uint64_t before = scenario_count(kind);
  expect_result(connect_with(first.accepted), result);
  expect_number(scenario_count(CONNTRAIL_EMU_REDIRECTED), 1);
  expect_true(scenario_count(kind) > before);
  scenario_close(server);
  scenario_close_pair(&first);
  scenario_close_pair(&second);
}

void case_state_by_other_may_permit(void) {
  by_other("tcp 93.184.216.34 port 80 weight 1 by-other permit", NET_OK, CONNTRAIL_EMU_DELIVERED);
}

void case_state_by_other_may_block(void) {
  by_other("tcp 93.184.216.34 port 80 weight 1 by-other block", NET_DENIED, CONNTRAIL_EMU_BLOCKED);
}

/* Both would: the heavier filter takes it, whichever was added first. */
void case_one_redirect_per_attempt(void) {
  fixture_open(NULL);
  struct sockaddr_storage destination = scenario_destination4();
  scenario_pair light = scenario_service("light", usual_second, NET_TCP4);
  scenario_pair heavy = scenario_service("heavy", usual_first, NET_TCP4);
  expect_result(net_make_nonblocking(light.listener), NET_OK);
  scenario_connect(&heavy, NET_TCP4, &destination);
  expect_number(scenario_count(CONNTRAIL_EMU_REDIRECTED), 1);
  conntrail_emu_event event = scenario_event(CONNTRAIL_EMU_REDIRECTED, 1);
  expect_text(conntrail_emu_service_name(event.service), "heavy");
  expect_address(&event.target, &heavy.proxy);
  expect_address(&event.destination, &destination);
  event = scenario_event(CONNTRAIL_EMU_PERMITTED, 1);
  expect_text(conntrail_emu_service_name(event.service), "light");
  expect_result(net_accept(light.listener, &light.accepted, NULL), NET_WOULD_BLOCK);
  scenario_close_pair(&heavy);
  scenario_close_pair(&light);
}

void case_remote_proxy_has_no_records(void) {
  size_t size = UNTOUCHED_SIZE;
  fixture_open(NULL);
  struct sockaddr_storage destination = scenario_destination4();
  struct sockaddr_storage proxy;
  conntrail_socket listener = scenario_listener(NET_TCP4, &proxy);
  conntrail_emu_service *acme = conntrail_emu_add_service(fixture_emulation(), "acme", NULL);
  expect_status(
      conntrail_emu_redirect_remote(acme, FIXTURE_USUAL_RULE, (const struct sockaddr *)&proxy),
      CONNTRAIL_OK);
  conntrail_socket client = scenario_client(NET_TCP4, &destination);
  conntrail_socket accepted = scenario_accept(listener);
  expect_number(scenario_count(CONNTRAIL_EMU_REDIRECTED), 1);
  expect_status(t_query_records(accepted, records, sizeof records, &size),
                CONNTRAIL_NOT_REDIRECTED);
  expect_status(t_query_context(accepted, records, sizeof records, &size),
                CONNTRAIL_NOT_REDIRECTED);
  scenario_close(accepted);
  scenario_close(client);
  scenario_close(listener);
}

static void expect_target(conntrail_socket listener, const struct sockaddr_storage *local,
                          const struct sockaddr_storage *target) {
  struct sockaddr_storage destination = scenario_destination4();
  struct sockaddr_storage reached;
  fixture_client_begin();
  conntrail_socket client = scenario_socket(NET_TCP4);
  if (local != NULL) {
    expect_result(net_bind(client, local), NET_OK);
  }
  expect_result(t_connect(client, &destination), NET_OK);
  fixture_client_end();
  conntrail_socket accepted = scenario_accept(listener);
  expect_result(net_local(accepted, &reached), NET_OK);
  expect_address(&reached, target);
  expect_true(scenario_records(accepted, records) > 0);
  scenario_close(accepted);
  scenario_close(client);
}

void case_target_follows_local_address(void) {
  fixture_open(NULL);
  struct sockaddr_storage any = net_v4(0, 0, 0, 0, 0);
  struct sockaddr_storage address;
  conntrail_socket listener = scenario_socket(NET_TCP4);
  expect_result(net_bind(listener, &any), NET_OK);
  expect_result(net_listen(listener, 8), NET_OK);
  expect_result(net_local(listener, &address), NET_OK);
  (void)fixture_redirect("acme", FIXTURE_USUAL_RULE, &address);
  struct sockaddr_storage loopback = net_v4(127, 0, 0, 1, net_port(&address));
  struct sockaddr_storage second = net_v4(127, 0, 0, 2, net_port(&address));
  struct sockaddr_storage local = net_v4(127, 0, 0, 2, 0);
  expect_target(listener, NULL, &loopback);
  expect_target(listener, &any, &loopback);
  expect_target(listener, &local, &second);
  scenario_close(listener);
}

/* The client does not notice: it is connected to where it asked for. */
void case_client_sees_its_destination(void) {
  struct sockaddr_storage peer;
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  expect_result(net_peer(pair.client, &peer), NET_OK);
  expect_address(&peer, &pair.destination);
  expect_result(net_peer(pair.accepted, &peer), NET_OK);
  struct sockaddr_storage local;
  expect_result(net_local(pair.client, &local), NET_OK);
  expect_address(&peer, &local);
  expect_result(t_connect(pair.client, &pair.destination), NET_IS_CONNECTED);
  expect_result(net_peer(pair.client, &peer), NET_OK);
  expect_address(&peer, &pair.destination);
  scenario_close_pair(&pair);
}

void case_client_does_not_block(void) {
  struct sockaddr_storage peer;
  struct sockaddr_storage destination = scenario_destination4();
  fixture_open(NULL);
  scenario_pair pair = scenario_service("acme", FIXTURE_USUAL_RULE, NET_TCP4);
  fixture_client_begin();
  pair.client = scenario_socket(NET_TCP4);
  expect_result(net_make_nonblocking(pair.client), NET_OK);
  expect_result(t_connect(pair.client, &destination), NET_UNDERWAY);
  fixture_client_end();
  expect_result(net_finish_connect(pair.client), NET_OK);
  pair.accepted = scenario_accept(pair.listener);
  expect_true(scenario_records(pair.accepted, records) > 0);
  expect_result(net_peer(pair.client, &peer), NET_OK);
  expect_address(&peer, &destination);
  scenario_close_pair(&pair);
}
