/* SPDX-License-Identifier: MIT */
/* Which connections a filter fits (R2, R11). */
#include "cases.h"
#include "scenario.h"

static const uint16_t host6[8] = {0x2606, 0x2800, 0x220, 1, 0, 0, 0, 1};

typedef struct fit {
  const char *rule;
  unsigned last; /* the last part of 93.184.216.x; 0: IPv6 */
  unsigned port;
  bool fits;
} fit;

static const fit fits[] = {
    {"tcp any", 34, 80, true},
    {"tcp any", 34, 65535, true},
    {"tcp 93.184.216.34", 34, 80, true},
    {"tcp 93.184.216.34", 35, 80, false},
    {"93.184.216.34", 34, 80, true},
    {"tcp 93.184.216.34/32", 35, 80, false},
    {"tcp 93.184.216.34/31", 35, 80, true},
    {"tcp 93.184.216.34/31", 33, 80, false},
    {"tcp 93.184.216.128/25", 127, 80, false},
    {"tcp 93.184.216.128/25", 129, 80, true},
    {"tcp 0.0.0.0/0", 34, 80, true},
    {"tcp 93.184.216.0/24 port 80", 34, 80, true},
    {"tcp 93.184.216.0/24 port 80", 34, 81, false},
    {"tcp 93.184.216.0/24 port 80-90", 34, 79, false},
    {"tcp 93.184.216.0/24 port 80-90", 34, 80, true},
    {"tcp 93.184.216.0/24 port 80-90", 34, 90, true},
    {"tcp 93.184.216.0/24 port 80-90", 34, 91, false},
    {"port 80 tcp 93.184.216.0/24", 34, 80, true},
    {"tcp 2606:2800:220:1::/64", 34, 80, false},
    {"tcp 2606:2800:220::/47", 34, 80, false},
    {"tcp 0.0.0.0/0", 0, 80, false},
    {"tcp 2606:2800:220:1::1", 0, 80, true},
    {"tcp 2606:2800:220:1::2", 0, 80, false},
    {"tcp 2606:2800:220:0::/63", 0, 80, true},
    {"tcp 2606:2800:220:2::/63", 0, 80, false},
    {"tcp ::/0 port 80", 0, 80, true},
    {"tcp any port 80", 0, 80, true},
};

static struct sockaddr_storage destination_of(const fit *f) {
  return f->last != 0 ? net_v4(93, 184, 216, f->last, f->port) : net_v6(host6, f->port);
}

static const struct sockaddr *proxy_for(const fit *f, const struct sockaddr_storage *proxy4,
                                        const struct sockaddr_storage *proxy6) {
  bool is_v6 = f->rule[4] == '2' || f->rule[4] == ':' || f->last == 0;
  bool names_v4 = f->rule[4] == '0' || f->rule[4] == '9';
  return (const struct sockaddr *)(is_v6 && !names_v4 ? proxy6 : proxy4);
}

/* A connection that no service takes has no route: it is refused. */
void case_filter_fits(void) {
  struct sockaddr_storage proxy4;
  struct sockaddr_storage proxy6;
  conntrail_socket listener4 = scenario_listener(NET_TCP4, &proxy4);
  conntrail_socket listener6 = scenario_listener(NET_TCP6, &proxy6);
  for (size_t index = 0; index < sizeof fits / sizeof fits[0]; ++index) {
    const fit *f = &fits[index];
    fixture_open(NULL);
    conntrail_emu_service *acme = conntrail_emu_add_service(fixture_emulation(), "acme", NULL);
    conntrail_status added = conntrail_emu_redirect(acme, f->rule, proxy_for(f, &proxy4, &proxy6));
    expect_that(EXPECT_PLACE(conntrail_emu_redirect), added == CONNTRAIL_OK,
                conntrail_emu_refusal(), f->rule);
    struct sockaddr_storage destination = destination_of(f);
    conntrail_socket client = scenario_socket(f->last != 0 ? NET_TCP4 : NET_TCP6);
    net_result result = t_connect(client, &destination);
    expect_that(EXPECT_PLACE(t_connect), result == (f->fits ? NET_OK : NET_UNREACHABLE),
                net_result_name(result), f->rule);
    expect_number(scenario_count(CONNTRAIL_EMU_REDIRECTED), f->fits ? 1 : 0);
    scenario_close(client);
    fixture_close();
  }
  scenario_close(listener4);
  scenario_close(listener6);
}

void case_filter_blocks(void) {
  fixture_open(NULL);
  struct sockaddr_storage destination = scenario_destination4();
  conntrail_emu_service *acme = conntrail_emu_add_service(fixture_emulation(), "acme", NULL);
  expect_status(conntrail_emu_block(acme, "tcp 93.184.0.0/16"), CONNTRAIL_OK);
  conntrail_socket socket = scenario_socket(NET_TCP4);
  expect_result(t_connect(socket, &destination), NET_DENIED);
  expect_number(scenario_count(CONNTRAIL_EMU_BLOCKED), 1);
  scenario_close(socket);
}

/* Weight decides between services, and between the filters of one. */
void case_filter_weight(void) {
  fixture_open(NULL);
  struct sockaddr_storage destination = scenario_destination4();
  scenario_pair pair = scenario_service("acme", "tcp any weight 5", NET_TCP4);
  expect_status(conntrail_emu_block(pair.service, "tcp 93.184.216.34 weight 4"), CONNTRAIL_OK);
  scenario_connect(&pair, NET_TCP4, &destination);
  expect_number(scenario_count(CONNTRAIL_EMU_BLOCKED), 0);
  expect_status(conntrail_emu_block(pair.service, "tcp 93.184.216.34 weight 6"), CONNTRAIL_OK);
  conntrail_socket client = scenario_socket(NET_TCP4);
  expect_result(t_connect(client, &destination), NET_DENIED);
  expect_number(scenario_count(CONNTRAIL_EMU_BLOCKED), 1);
  scenario_close(client);
  scenario_close_pair(&pair);
}
