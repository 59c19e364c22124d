/* SPDX-License-Identifier: MIT */
/* Calls of emu.h that are refused: what, where, what to do, and nothing changed (E9). */
#include <string.h>

#include "cases.h"
#include "scenario.h"

static void expect_refusal(conntrail_status status, const char *part) {
  expect_status(status, CONNTRAIL_INVALID);
  expect_part(conntrail_emu_refusal(), part);
}

/* Each rule, and the words of it that the refusal must quote. */
static const struct {
  const char *rule;
  const char *quoted;
} bad_rules[] = {
    {"tcp 93.184.216.0/24 port 80 colour red", "colour"},
    {"tcp 93.184.216.0/33", "33"},
    {"tcp 93.184.300.0/24", "93.184.300.0"},
    {"tcp 2606:::1/64", "2606:::1"},
    {"tcp 93.184.216.0/24 port", "port"},
    {"tcp 93.184.216.0/24 port 65536", "65536"},
    {"tcp 93.184.216.0/24 port 90-80", "90-80"},
    {"tcp 93.184.216.0/24 port 80 port 81", "port"},
    {"tcp 93.184.216.0/24 by-other perhaps", "perhaps"},
    {"tcp 93.184.216.0/24 again redirect", "redirect"},
    {"tcp 93.184.216.0/24 weight heavy", "heavy"},
    {"udp 93.184.216.0/24 tcp", "tcp"},
};

void case_refused_rules(void) {
  fixture_open(NULL);
  struct sockaddr_storage destination = scenario_destination4();
  struct sockaddr_storage proxy = net_loopback(NET_TCP4, 4);
  conntrail_emu_service *acme = conntrail_emu_add_service(fixture_emulation(), "acme", NULL);
  for (size_t index = 0; index < sizeof bad_rules / sizeof bad_rules[0]; ++index) {
    expect_refusal(conntrail_emu_redirect(acme, bad_rules[index].rule, (struct sockaddr *)&proxy),
                   bad_rules[index].quoted);
    expect_refusal(conntrail_emu_block(acme, bad_rules[index].rule), bad_rules[index].quoted);
  }
  conntrail_socket socket = scenario_socket(NET_TCP4);
  expect_result(t_connect(socket, &destination), NET_UNREACHABLE);
  scenario_close(socket);
}

void case_refused_targets(void) {
  fixture_open(NULL);
  struct sockaddr_storage no_port = net_loopback(NET_TCP4, 0);
  struct sockaddr_storage other_family = net_loopback(NET_TCP6, 4);
  struct sockaddr_storage nothing;
  memset(&nothing, 0, sizeof nothing);
  conntrail_emu_service *acme = conntrail_emu_add_service(fixture_emulation(), "acme", NULL);
  const struct sockaddr_storage *targets[] = {&no_port, &other_family, &nothing};
  for (size_t index = 0; index < sizeof targets / sizeof targets[0]; ++index) {
    expect_refusal(conntrail_emu_redirect(acme, "tcp 93.184.216.0/24",
                                          (const struct sockaddr *)targets[index]),
                   "");
    expect_true(conntrail_emu_refusal()[0] != '\0');
  }
}

void case_refused_services(void) {
  static const conntrail_emu_guid guid = {1, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};
  static const conntrail_emu_guid other = {1, 2, 3, {4, 5, 6, 7, 8, 9, 10, 12}};
  fixture_open(NULL);
  conntrail_emu *emu = fixture_emulation();
  expect_true(conntrail_emu_add_service(emu, "acme", &guid) != NULL);
  expect_true(conntrail_emu_add_service(emu, "acme", &other) == NULL);
  expect_part(conntrail_emu_refusal(), "acme");
  expect_true(conntrail_emu_add_service(emu, "borg", &guid) == NULL);
  expect_true(conntrail_emu_refusal()[0] != '\0');
  expect_true(conntrail_emu_add_service(emu, "", NULL) == NULL);
  expect_true(conntrail_emu_add_service(emu, "a-name-of-thirty-two-bytes-at-all", NULL) == NULL);
  expect_true(conntrail_emu_add_service(emu, "borg", &other) != NULL);
  expect_true(conntrail_emu_add_service(emu, "a-name-of-thirty-one-bytes-is-r", NULL) != NULL);
}

void case_refused_routes(void) {
  static const char *const names[] = {
      "93.184.216.34",    "93.184.216.34:0", "93.184.216.34:65536", "93.184.216.340:80",
      "host.invalid:80",  "[2606::1]",       "2606::1:80",          "",
      "93.184.216.34:80 "};
  fixture_open(NULL);
  struct sockaddr_storage destination = scenario_destination4();
  struct sockaddr_storage address = net_loopback(NET_TCP4, 4);
  struct sockaddr_storage address6 = net_loopback(NET_TCP6, 4);
  for (size_t index = 0; index < sizeof names / sizeof names[0]; ++index) {
    expect_refusal(
        conntrail_emu_route(fixture_emulation(), names[index], (struct sockaddr *)&address),
        names[index]);
  }
  expect_status(
      conntrail_emu_route(fixture_emulation(), "93.184.216.34:80", (struct sockaddr *)&address6),
      CONNTRAIL_INVALID);
  conntrail_socket socket = scenario_socket(NET_TCP4);
  expect_result(t_connect(socket, &destination), NET_UNREACHABLE);
  scenario_close(socket);
}

void case_refused_sizes(void) {
  static uint8_t large[CONNTRAIL_EMU_LARGEST_CONTEXT + 1];
  fixture_open(NULL);
  scenario_pair pair = scenario_service("acme", FIXTURE_USUAL_RULE, NET_TCP4);
  struct sockaddr_storage destination = scenario_destination4();
  expect_status(conntrail_emu_set_context(pair.service, large, sizeof large), CONNTRAIL_LIMIT);
  expect_status(conntrail_emu_set_context(pair.service, NULL, 1), CONNTRAIL_FAULT);
  expect_status(conntrail_emu_set_record_padding(pair.service, CONNTRAIL_EMU_LARGEST_PADDING + 1),
                CONNTRAIL_LIMIT);
  expect_status(conntrail_emu_set_context_layout(pair.service, (conntrail_emu_context)9),
                CONNTRAIL_INVALID);
  expect_status(conntrail_emu_set_profile(fixture_emulation(), (conntrail_emu_profile)9),
                CONNTRAIL_INVALID);
  scenario_connect(&pair, NET_TCP4, &destination);
  struct sockaddr_storage found;
  expect_status(t_original_destination(pair.accepted, &found), CONNTRAIL_OK);
  expect_address(&found, &destination);
  scenario_close_pair(&pair);
}

void case_refused_identities(void) {
  static const char user[] = "a-user-of-64-bytes-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
  fixture_open(NULL);
  conntrail_emu_service *acme = conntrail_emu_add_service(fixture_emulation(), "acme", NULL);
  expect_number(strlen(user), 64);
  expect_status(conntrail_emu_act_as(1, user), CONNTRAIL_LIMIT);
  expect_status(conntrail_emu_act_as(1, user + 1), CONNTRAIL_OK);
  expect_status(conntrail_emu_act_as(0, NULL), CONNTRAIL_OK);
  expect_true(conntrail_emu_exempt_user(acme, user) != CONNTRAIL_OK);
  expect_true(conntrail_emu_refusal()[0] != '\0');
  expect_true(conntrail_emu_exempt_user(acme, "") != CONNTRAIL_OK);
}

void case_refused_options(void) {
  conntrail_emu_options options = CONNTRAIL_EMU_OPTIONS_INIT;
  options.struct_size = 3;
  expect_true(conntrail_emu_create(&options) == NULL);
  expect_part(conntrail_emu_refusal(), "struct_size");
  options.struct_size = sizeof options;
  options.profile = (conntrail_emu_profile)9;
  expect_true(conntrail_emu_create(&options) == NULL);
  expect_part(conntrail_emu_refusal(), "profile");
}

/* The profile may change while connections stand; the API's answer does not. */
void case_profile_changes(void) {
  static uint8_t blob[BLOB_ROOM];
  size_t size = UNTOUCHED_SIZE;
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  size_t whole = scenario_records(pair.accepted, blob);
  for (int turn = 0; turn < ENOUGH_TURNS; ++turn) {
    expect_status(conntrail_emu_set_profile(fixture_emulation(), (conntrail_emu_profile)(turn % 3)),
                  CONNTRAIL_OK);
    expect_status(t_query_records(pair.accepted, blob, 2, &size), CONNTRAIL_BUFFER_TOO_SMALL);
    expect_number(size, whole);
  }
  scenario_close_pair(&pair);
}
