/* SPDX-License-Identifier: MIT */
/* The other ways in which products let their own connections pass, and a lost record (R8, R9). */
#include "cases.h"
#include "chain.h"

static const unsigned in_order[] = {0, 1};

static net_result connect_as(uint32_t process, const char *user,
                             const struct sockaddr_storage *destination) {
  expect_status(conntrail_emu_act_as(process, user), CONNTRAIL_OK);
  conntrail_socket socket = scenario_socket(NET_TCP4);
  net_result result = t_connect(socket, destination);
  scenario_close(socket);
  expect_status(conntrail_emu_act_as(0, NULL), CONNTRAIL_OK);
  return result;
}

void case_exempt_process(void) {
  chain c;
  chain_open(&c, NET_TCP4, 1, in_order);
  expect_status(conntrail_emu_exempt_process(c.hops[0].pair.service, HOP_PROCESS), CONNTRAIL_OK);
  expect_result(connect_as(HOP_PROCESS, NULL, &c.destination), NET_OK);
  expect_number(scenario_count(CONNTRAIL_EMU_EXEMPTED), 1);
  expect_number(scenario_count(CONNTRAIL_EMU_DELIVERED), 1);
  expect_number(scenario_event(CONNTRAIL_EMU_EXEMPTED, 1).process, HOP_PROCESS);
  expect_result(connect_as(HOP_PROCESS + 2, NULL, &c.destination), NET_OK);
  expect_number(scenario_count(CONNTRAIL_EMU_EXEMPTED), 1);
  expect_number(scenario_count(CONNTRAIL_EMU_REDIRECTED), 1);
  chain_close(&c);
}

void case_exempt_own_process(void) {
  chain c;
  chain_open(&c, NET_TCP4, 1, in_order);
  expect_status(conntrail_emu_exempt_process(c.hops[0].pair.service, net_process()), CONNTRAIL_OK);
  expect_result(connect_as(0, NULL, &c.destination), NET_OK);
  expect_number(scenario_count(CONNTRAIL_EMU_REDIRECTED), 0);
  expect_number(scenario_count(CONNTRAIL_EMU_DELIVERED), 1);
  chain_close(&c);
}

void case_exempt_user(void) {
  chain c;
  chain_open(&c, NET_TCP4, 1, in_order);
  expect_status(conntrail_emu_exempt_user(c.hops[0].pair.service, "S-1-5-32-556"), CONNTRAIL_OK);
  expect_result(connect_as(40000007, "S-1-5-32-556", &c.destination), NET_OK);
  expect_number(scenario_count(CONNTRAIL_EMU_EXEMPTED), 1);
  expect_number(scenario_count(CONNTRAIL_EMU_DELIVERED), 1);
  expect_result(connect_as(40000007, "S-1-5-32-55", &c.destination), NET_OK);
  expect_result(connect_as(40000007, NULL, &c.destination), NET_OK);
  expect_number(scenario_count(CONNTRAIL_EMU_EXEMPTED), 1);
  expect_number(scenario_count(CONNTRAIL_EMU_REDIRECTED), 2);
  chain_close(&c);
}

/* A forgetful proxy whose own vendor exempts it gets through: that is how such products work. */
void case_exempt_proxy_delivers(void) {
  chain c;
  chain_open(&c, NET_TCP4, 1, in_order);
  c.hops[0].forgets = true;
  c.hops[0].process = HOP_PROCESS;
  expect_status(conntrail_emu_exempt_process(c.hops[0].pair.service, HOP_PROCESS), CONNTRAIL_OK);
  conntrail_socket client = chain_start(&c);
  expect_result(chain_forward(&c, 0), NET_OK);
  chain_expect_data(&c, client);
  expect_number(scenario_count(CONNTRAIL_EMU_LOOP), 0);
  scenario_close(client);
  chain_close(&c);
}

/* Each vendor exempts his own proxy: between the two the connection goes round for ever. */
void case_exempting_vendors_loop(void) {
  chain c;
  chain_open(&c, NET_TCP4, 2, in_order);
  for (unsigned hop = 0; hop < 2; ++hop) {
    c.hops[hop].forgets = true;
    c.hops[hop].process = HOP_PROCESS + 2 * hop;
    expect_status(conntrail_emu_exempt_process(c.hops[hop].pair.service, c.hops[hop].process),
                  CONNTRAIL_OK);
  }
  conntrail_socket client = chain_start(&c);
  expect_result(chain_forward(&c, 0), NET_OK);
  expect_number(scenario_count(CONNTRAIL_EMU_LOOP), 0);
  expect_result(chain_forward(&c, 1), NET_REFUSED);
  expect_number(scenario_count(CONNTRAIL_EMU_LOOP), 1);
  conntrail_emu_event event = scenario_event(CONNTRAIL_EMU_LOOP, 1);
  expect_number(event.from, scenario_number(c.hops[1].pair.accepted));
  expect_number(event.socket, scenario_number(c.hops[1].outbound));
  expect_number(scenario_count(CONNTRAIL_EMU_DELIVERED), 0);
  scenario_close(client);
  chain_close(&c);
}

/* Filters name processes and users as well. */
void case_filter_by_process_and_user(void) {
  fixture_open(NULL);
  struct sockaddr_storage destination = scenario_destination4();
  struct sockaddr_storage proxy;
  conntrail_socket listener = scenario_listener(NET_TCP4, &proxy);
  (void)fixture_redirect("acme", "tcp any process 40000077", &proxy);
  (void)fixture_redirect("borg", "tcp any user alice weight 5", &proxy);
  expect_result(connect_as(40000075, NULL, &destination), NET_UNREACHABLE);
  expect_result(connect_as(40000077, NULL, &destination), NET_OK);
  expect_text(conntrail_emu_service_name(scenario_event(CONNTRAIL_EMU_REDIRECTED, 1).service),
              "acme");
  expect_result(connect_as(40000075, "alic", &destination), NET_UNREACHABLE);
  expect_result(connect_as(40000077, "alice", &destination), NET_OK);
  expect_text(conntrail_emu_service_name(scenario_event(CONNTRAIL_EMU_REDIRECTED, 2).service),
              "borg");
  scenario_close(listener);
}

void case_record_lost_to_backlog(void) {
  static uint8_t records[BLOB_ROOM];
  struct sockaddr_storage found;
  size_t size = UNTOUCHED_SIZE;
  fixture_open(NULL);
  struct sockaddr_storage destination = scenario_destination4();
  scenario_pair pair = scenario_service("acme", FIXTURE_USUAL_RULE, NET_TCP4);
  conntrail_emu_fault fault = scenario_fault(CONNTRAIL_EMU_ACCEPT, 0);
  fault.nth = 2;
  scenario_add_fault(&fault);
  for (int turn = 1; turn <= 3; ++turn) {
    bool lost = turn == 2;
    scenario_connect(&pair, NET_TCP4, &destination);
    expect_status(t_query_records(pair.accepted, records, sizeof records, &size),
                  lost ? CONNTRAIL_NOT_REDIRECTED : CONNTRAIL_OK);
    expect_status(t_original_destination(pair.accepted, &found),
                  lost ? CONNTRAIL_NOT_REDIRECTED : CONNTRAIL_OK);
    scenario_close(pair.client);
    scenario_close(pair.accepted);
  }
  expect_number(scenario_count(CONNTRAIL_EMU_RECORD_LOST), 1);
  expect_number(scenario_count(CONNTRAIL_EMU_ACCEPTED), 2);
  scenario_close(pair.listener);
}
